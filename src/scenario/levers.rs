//! What of a scenario can be moved: its numbers, lengths of time, choices and entry rules, as the file has them.
//!
//! The list is made from the document and the types that read it: what stands there, what it means, which
//! choices there are, where a number is from. Paths are those of variants, sweeps and `--set`.

use super::{
    document::{Document, Provenance},
    interventions, is_conduct,
    kept::Kept,
    place::Place,
    runs,
    schema::schema,
};
use crate::{
    error::{Result, Source},
    units::Days,
};
use serde_json::Value;
use std::{collections::HashMap, ops::Range, sync::Arc};
use toml::{Spanned, de::DeValue};

/// Something of a scenario that can be moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Lever {
    /// Its dotted path.
    pub path: String,
    pub stands: Stands,
    /// Where a number that says something of patients, arms or recruitment is from; none for what the design
    /// chooses, and for what the file leaves at its usual value.
    pub from: Option<Provenance>,
    /// Its line in the file; none where the file says nothing and `stands` is the usual value.
    pub line: Option<usize>,
    /// What it means, by the types that read the file.
    pub about: String,
}

/// What stands there.
#[derive(Clone, Debug, PartialEq)]
pub enum Stands {
    Number {
        value: f64,
        whole: bool,
    },
    /// Numbers in a list.
    Numbers(Vec<f64>),
    /// A length of time, as written.
    Length(String),
    Flag(bool),
    /// A word and the words there could be.
    Choice {
        now: String,
        of: Vec<String>,
    },
    /// Rules that all have to hold.
    Rules(Vec<String>),
    /// Parts that can be left out together, by what they are: the changes of treatment of an arm.
    Parts(usize),
}

/// Parts of a scenario that say how it is told, run or compared, and nothing of the trial.
const ASIDE: [&str; 10] = [
    "title",
    "question",
    "limits",
    "replicates",
    "seed",
    "comparison",
    "variant",
    "sweep",
    "expect",
    "published",
];
/// Lists of an arm that can be left out.
const PARTS: [&str; 2] = ["bail_out", "instead"];

/// Everything that can be moved, in the order of the file; what the types have a usual number for follows
/// the part it belongs to.
pub fn levers<'p>(source: &Arc<Source>, place: impl Into<Place<'p>>, kept: &Kept) -> Result<Vec<Lever>> {
    let place = place.into();
    let taken = kept.taken.of(&(), || interventions::read_all(&Document::parse(source)?, place))?;
    let mut document = Document::parse(source)?;
    interventions::put_in(&mut document, &taken)?;
    let set = runs::take_set(&mut document)?;
    let mut document = super::with_set(&document, set)?;
    for part in ASIDE {
        document.take(part);
    }
    let sourced = document.take_citations()?;
    let schema = schema();
    let from = sourced.into_iter().map(|s| (s.path, s.from)).collect();
    let mut walk = Walk { source, schema: &schema, from, found: Vec::new() };
    for key in document.keys_at("") {
        if let Some(value) = document.value_at(&key) {
            walk.value(&key, value);
        }
    }
    Ok(walk.found)
}

/// The text of a scenario that sets some paths of itself, as `--set` would, and says how often and from which
/// seed it is simulated: run, it gives what the command line gives.
pub fn with_changes(
    source: &Arc<Source>,
    set: &[(String, String)],
    replicates: u64,
    seed: u64,
) -> Result<String> {
    let document = Document::parse(source)?;
    let mut text = source.text.clone();
    let own = ["replicates", "seed"].map(|key| document.value_at(key).map(Spanned::span));
    let line = |at: usize| text[..at].rfind('\n').map_or(0, |n| n + 1);
    let mut edits = Vec::new();
    match (&own[0], &own[1]) {
        (Some(at), _) => edits.push((at.clone(), replicates.to_string())),
        // The seed has to be there.
        (None, at) => {
            let at = at.clone().map_or(0, |at| line(at.start));
            edits.push((at..at, format!("replicates = {replicates}\n")));
        }
    }
    edits.extend(own[1].clone().map(|at| (at, seed.to_string())));
    edits.sort_by_key(|(at, _)| std::cmp::Reverse(at.start));
    for (at, new) in edits {
        text.replace_range(at, &new);
    }
    if set.is_empty() {
        return Ok(text);
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text += "\n# What was moved on the page of shocktrial serve. Keep this file beside the one it was made from.\n[[set]]\n";
    for (path, value) in set {
        let value = if DeValue::parse(value).is_ok() { value.clone() } else { quoted(value) };
        text += &format!("{} = {value}\n", quoted(path));
    }
    Ok(text)
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            c if c.is_control() => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

struct Walk<'a> {
    source: &'a Source,
    schema: &'a Value,
    from: HashMap<String, Provenance>,
    found: Vec<Lever>,
}

impl Walk<'_> {
    fn value(&mut self, path: &str, value: &Spanned<DeValue>) {
        let span = value.span();
        match value.as_ref() {
            DeValue::Integer(_) | DeValue::Float(_) => {
                if let Some(number) = number(value.as_ref()) {
                    let whole = self.says(path, "type", "integer");
                    self.add(path, Stands::Number { value: number, whole }, span);
                }
            }
            DeValue::Boolean(flag) => self.add(path, Stands::Flag(*flag), span),
            DeValue::String(text) => {
                let of = self.words(path);
                if Days::parse(text).is_ok() {
                    self.add(path, Stands::Length(text.to_string()), span);
                } else if of.len() > 1 && of.iter().any(|word| word == text) {
                    self.add(path, Stands::Choice { now: text.to_string(), of }, span);
                }
            }
            DeValue::Array(items) => {
                let numbers: Option<Vec<f64>> = items.iter().map(|item| number(item.as_ref())).collect();
                let last = path.rsplit('.').next().unwrap_or(path);
                if path == "population.eligible" {
                    let rules = items.iter().filter_map(|i| i.as_ref().as_str().map(str::to_owned)).collect();
                    self.add(path, Stands::Rules(rules), span);
                } else if let Some(numbers) = numbers.filter(|n| !n.is_empty()) {
                    self.add(path, Stands::Numbers(numbers), span);
                } else {
                    if PARTS.contains(&last) && !items.is_empty() {
                        self.add(path, Stands::Parts(items.len()), span);
                    }
                    for (place, item) in items.iter().enumerate() {
                        self.value(&format!("{path}.{place}"), item);
                    }
                }
            }
            DeValue::Table(table) => {
                for (key, inner) in table.iter() {
                    let key = key.as_ref();
                    let key = if key.contains(['.', '"']) { format!("\"{key}\"") } else { key.to_string() };
                    self.value(&format!("{path}.{key}"), inner);
                }
                self.usual(path, &|key| table.contains_key(key));
            }
            DeValue::Datetime(_) => {}
        }
    }

    fn add(&mut self, path: &str, stands: Stands, span: Range<usize>) {
        let before = self.source.text.get(..span.start).unwrap_or("");
        let stated = matches!(stands, Stands::Number { .. } | Stands::Numbers(_)) && !is_conduct(path);
        let from = self.from.remove(path);
        let from = from.or_else(|| stated.then(|| Provenance::Assumed(String::new())));
        let (line, about) = (Some(before.matches('\n').count() + 1), self.about(path));
        self.found.push(Lever { path: path.to_owned(), stands, from, line, about });
    }

    /// Numbers that the types have a usual value for and the table at `path` leaves out.
    fn usual(&mut self, path: &str, stated: &dyn Fn(&str) -> bool) {
        let Some(node) = self.at(path) else { return };
        let Some(properties) = node.get("properties").and_then(Value::as_object) else { return };
        let left_out = properties.iter().filter(|(key, _)| !stated(key));
        let usual = left_out.filter_map(|(key, about)| Some((key, about.get("default")?.as_f64()?)));
        let lever = |(key, value): (&String, f64)| {
            let path = format!("{path}.{key}");
            let stands = Stands::Number { value, whole: self.says(&path, "type", "integer") };
            let about = self.about(&path);
            Lever { path, stands, from: None, line: None, about }
        };
        let found: Vec<Lever> = usual.map(lever).collect();
        self.found.extend(found);
    }

    /// The part of the schema that speaks of a path.
    fn at(&self, path: &str) -> Option<&Value> {
        let mut node = self.schema;
        for key in super::document::split(path) {
            node = self.branches(node).into_iter().find_map(|branch| step(branch, &key))?;
        }
        // Of a choice of tables the path does not say which; of one table beside null it is that one.
        self.branches(node).into_iter().find(|b| b.get("properties").is_some()).or(Some(node))
    }

    /// A node and everything it may stand for.
    fn branches<'n>(&'n self, node: &'n Value) -> Vec<&'n Value> {
        let mut list = vec![node];
        let named = node.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
        if let Some(target) = named.and_then(|pointer| self.schema.pointer(pointer)) {
            list.extend(self.branches(target));
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            for inner in node.get(key).and_then(Value::as_array).into_iter().flatten() {
                list.extend(self.branches(inner));
            }
        }
        list
    }

    /// Everything the schema says at a path.
    fn spoken(&self, path: &str) -> Vec<&Value> {
        let mut node = self.schema;
        for key in super::document::split(path) {
            match self.branches(node).into_iter().find_map(|branch| step(branch, &key)) {
                Some(next) => node = next,
                None => return Vec::new(),
            }
        }
        self.branches(node)
    }

    fn says(&self, path: &str, key: &str, what: &str) -> bool {
        let is = |value: &Value| match value {
            Value::Array(list) => list.iter().any(|v| v == what),
            one => one == what,
        };
        self.spoken(path).into_iter().filter_map(|node| node.get(key)).any(is)
    }

    fn about(&self, path: &str) -> String {
        let said = self.spoken(path);
        let text = said.iter().find_map(|node| node.get("description").and_then(Value::as_str));
        text.unwrap_or_default().to_owned()
    }

    /// The words that could stand at a path.
    fn words(&self, path: &str) -> Vec<String> {
        let mut words = Vec::new();
        for node in self.spoken(path) {
            let listed = node.get("enum").and_then(Value::as_array).into_iter().flatten();
            words.extend(listed.chain(node.get("const")).filter_map(Value::as_str).map(str::to_owned));
        }
        words
    }
}

/// One key down the schema.
fn step<'n>(node: &'n Value, key: &str) -> Option<&'n Value> {
    if key.parse::<usize>().is_ok()
        && let Some(items) = node.get("items")
    {
        return Some(items);
    }
    let property = node.get("properties").and_then(|p| p.get(key));
    property.or_else(|| node.get("additionalProperties").filter(|more| more.is_object()))
}

fn number(value: &DeValue) -> Option<f64> {
    match value {
        DeValue::Integer(i) => i.as_str().replace('_', "").parse().ok(),
        DeValue::Float(f) => f.as_str().replace('_', "").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn of(path: &str) -> Vec<Lever> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let source = crate::scenario::document::read(&path).unwrap();
        levers(&source, path.parent().unwrap(), &Kept::default()).unwrap()
    }

    fn at<'a>(list: &'a [Lever], path: &str) -> &'a Lever {
        list.iter().find(|l| l.path == path).unwrap_or_else(|| panic!("no lever {path}"))
    }

    #[test]
    fn a_scenario_offers_what_it_states() {
        let list = of("scenarios/published/ecls_shock.toml");
        let patients = at(&list, "trial.patients");
        assert_eq!(patients.stands, Stands::Number { value: 420.0, whole: true });
        let risk = at(&list, "population.anchor.0.risk");
        assert_eq!(risk.stands, Stands::Number { value: 0.49, whole: false });
        assert_eq!(risk.from, Some(Provenance::Cited("rev-ecls-mort-ctl".into())));
        let effect = at(&list, "arm.ecls.effect.death_from_shock.such_that.risk_ratio");
        assert!(matches!(&effect.from, Some(Provenance::Assumed(why)) if why.contains("35 v 49 %")));
        assert!(matches!(&at(&list, "population.eligible").stands, Stands::Rules(r) if r.len() == 8));
        assert_eq!(at(&list, "arm.control.bail_out").stands, Stands::Parts(2));
        assert_eq!(at(&list, "trial.follow_up").stands, Stands::Length("30 days".into()));
        let share = at(&list, "arm.ecls.share_of_benefit");
        assert_eq!((share.line, &share.stands), (None, &Stands::Number { value: 1.0, whole: false }));
        assert!(share.about.starts_with("Share of the arm's benefit"));
        assert_eq!(at(&list, "trial.design.fixed.alpha.two_sided").from, None);
        assert!(list.iter().all(|l| !l.path.starts_with("variant") && !l.path.starts_with("published")));
        let line = |text: &str| {
            let file = include_str!("../../scenarios/published/ecls_shock.toml");
            file.lines().position(|l| l.starts_with(text)).map(|n| n + 1)
        };
        assert_eq!(patients.line, line("patients   = 420"));
    }

    #[test]
    fn a_word_comes_with_the_words_it_could_be() {
        let list = of("scenarios/designs/group_sequential.toml");
        let boundary = at(&list, "trial.design.group_sequential.boundary");
        let of = vec!["obrien_fleming".to_owned(), "pocock".to_owned()];
        assert_eq!(boundary.stands, Stands::Choice { now: "obrien_fleming".into(), of });
        let looks = at(&list, "trial.design.group_sequential.looks");
        assert_eq!(looks.stands, Stands::Numbers(vec![0.5, 1.0]));
    }
}
