//! The runs of a scenario: the base, its sweep points, its variants.

use super::{
    document::Document,
    limits,
    text::{ScenarioText, VariantText},
};
use crate::{
    error::{Error, Finding, Result},
    simulation::Role,
};
use toml::{Spanned, de::DeValue};

/// One run as written: its document after all rewrites, and the text read from it.
pub struct RunText<'a> {
    pub variant: String,
    pub sweep: String,
    pub why: String,
    pub replicates: Option<u64>,
    /// Why it is there.
    pub role: Role,
    /// Paths the variant and the sweep point set: what is stated there is solved anew.
    pub set: Vec<String>,
    pub document: Document<'a>,
    pub text: ScenarioText,
}

impl RunText<'_> {
    /// Whether the run itself states what stands at `path`.
    pub fn sets(&self, path: &str) -> bool {
        self.set.iter().any(|set| path == set || path.starts_with(&format!("{set}.")))
    }
}

/// The parts of a scenario file that say what is run beside the base.
pub struct Parts<'a> {
    sweep: Vec<(String, Vec<Spanned<DeValue<'a>>>)>,
    variants: Vec<Variant<'a>>,
}

struct Variant<'a> {
    text: VariantText,
    set: Vec<(String, Spanned<DeValue<'a>>)>,
}

/// Sweep points at most, all paths together.
const MOST_POINTS: usize = 1000;

/// Takes `sweep` and `variant` out of a document.
pub fn take_parts<'a>(document: &mut Document<'a>) -> Result<Parts<'a>> {
    let mut findings = Vec::new();
    let mut sweep = Vec::new();
    if let Some(value) = document.take("sweep") {
        match value.into_inner() {
            DeValue::Table(table) => {
                for (path, values) in table {
                    let span = values.span();
                    match values.into_inner() {
                        DeValue::Array(items) if !items.is_empty() => {
                            sweep.push((path.into_inner().into_owned(), items.into_iter().collect()));
                        }
                        _ => findings.push(
                            Finding::new(
                                "a sweep needs a list of values: \"trial.patients\" = [200, 300, 400]",
                            )
                            .at(&document.source, span),
                        ),
                    }
                }
            }
            _ => findings.push(Finding::new("write [sweep] with one line per path")),
        }
    }
    if sweep.iter().map(|(_, v): &(_, Vec<_>)| v.len()).product::<usize>() > MOST_POINTS {
        findings.push(Finding::new(format!("the sweep has more than {MOST_POINTS} points")));
    }
    let mut variants: Vec<Variant> = Vec::new();
    if let Some(value) = document.take("variant") {
        let span = value.span();
        let DeValue::Array(items) = value.into_inner() else {
            return Err(Finding::new("write each variant as [[variant]]").at(&document.source, span).into());
        };
        for mut item in items {
            let span = item.span();
            let set = match item.get_mut() {
                DeValue::Table(table) => table.remove("set"),
                _ => None,
            };
            let mut changes = Vec::new();
            if let Some(set) = set {
                flatten(set, &mut changes, document, &mut findings);
            }
            let text: VariantText = document.read_value(item)?;
            if text.replicates.is_some_and(|n| n > limits::MOST_REPLICATES) {
                let message = format!("at most {} replicates are possible", limits::MOST_REPLICATES);
                findings.push(Finding::new(message).at(&document.source, span.clone()));
            }
            if variants.iter().any(|v| v.text.name == text.name) {
                let message = format!("two variants are called “{}”", text.name);
                findings.push(Finding::new(message).at(&document.source, span));
            }
            variants.push(Variant { text, set: changes });
        }
    }
    if findings.is_empty() { Ok(Parts { sweep, variants }) } else { Err(Error::Input(findings)) }
}

/// A path and what it is set to.
pub type Set<'a> = (String, Spanned<DeValue<'a>>);

/// Takes `[[set]]` out of a document: what the file sets of itself, in order, as `--set` would.
pub fn take_set<'a>(document: &mut Document<'a>) -> Result<Vec<Set<'a>>> {
    let Some(value) = document.take("set") else { return Ok(Vec::new()) };
    let span = value.span();
    let (mut changes, mut findings) = (Vec::new(), Vec::new());
    match value.into_inner() {
        DeValue::Array(items) => {
            items.into_iter().for_each(|item| flatten(item, &mut changes, document, &mut findings));
        }
        _ => findings.push(Finding::new("write what the file sets as [[set]]").at(&document.source, span)),
    }
    if findings.is_empty() { Ok(changes) } else { Err(Error::Input(findings)) }
}

/// `set."a.b" = x` and `set.a.b = x` both set the path `a.b`; a quoted path may point into a table.
fn flatten<'a>(
    set: Spanned<DeValue<'a>>,
    changes: &mut Vec<(String, Spanned<DeValue<'a>>)>,
    document: &Document<'a>,
    findings: &mut Vec<Finding>,
) {
    let span = set.span();
    match set.into_inner() {
        DeValue::Table(table) => {
            for (path, value) in table {
                let path = path.into_inner().into_owned();
                if path.contains('.') { changes.push((path, value)) } else { leaves(path, value, changes) }
            }
        }
        _ => findings.push(
            Finding::new("write what the variant sets as set.\"trial.patients\" = 300")
                .at(&document.source, span),
        ),
    }
}

/// A section written out: every value in it is set, the rest of the section stays.
fn leaves<'a>(path: String, value: Spanned<DeValue<'a>>, changes: &mut Vec<(String, Spanned<DeValue<'a>>)>) {
    match value.as_ref() {
        DeValue::Table(table) if !table.contains_key("value") => {
            for (key, inner) in table.clone() {
                leaves(format!("{path}.{}", key.into_inner()), inner, changes);
            }
        }
        _ => changes.push((path, value)),
    }
}

impl<'a> Parts<'a> {
    /// The runs in order: the base, the base at each sweep point, each variant (swept if it says so).
    pub fn runs(&self, base: &Document<'a>) -> Result<Vec<RunText<'a>>> {
        let points = self.points();
        let mut list = vec![run(base, None, &[])?];
        let first = self.variants.iter().position(|v| v.text.takes_away);
        for point in &points {
            list.push(run(base, None, point)?);
        }
        for (place, variant) in self.variants.iter().enumerate() {
            let mut own = run(base, Some(variant), &[])?;
            own.role = match (variant.text.takes_away, Some(place) == first) {
                (true, true) => Role::TakenAway(1),
                (true, false) => Role::TakenAwayAlone,
                (false, _) => Role::Stated,
            };
            list.push(own);
            if variant.text.sweep {
                for point in &points {
                    list.push(run(base, Some(variant), point)?);
                }
            }
        }
        for parts in 2..=self.variants.iter().filter(|v| v.text.takes_away).count() {
            let together = self.together(parts);
            list.push(RunText { role: Role::TakenAway(parts), ..run(base, Some(&together), &[])? });
        }
        Ok(list)
    }

    /// The first so many variants that take a part away, as one.
    fn together(&self, parts: usize) -> Variant<'a> {
        let taken: Vec<&Variant> = self.variants.iter().filter(|v| v.text.takes_away).take(parts).collect();
        let names: Vec<&str> = taken.iter().map(|v| v.text.name.as_str()).collect();
        let text = VariantText {
            name: names.join(" + "),
            why: "Parts taken away together, to show where the power went.".into(),
            sweep: false,
            ..taken[0].text.clone()
        };
        Variant { text, set: taken.iter().flat_map(|v| v.set.iter().cloned()).collect() }
    }

    /// Names of the variants.
    pub fn names(&self) -> Vec<&str> {
        self.variants.iter().map(|v| v.text.name.as_str()).collect()
    }

    /// Every combination of the swept values, the last path fastest.
    fn points(&self) -> Vec<Vec<(&str, &Spanned<DeValue<'a>>)>> {
        let mut points: Vec<Vec<(&str, &Spanned<DeValue<'a>>)>> = Vec::new();
        for (path, values) in &self.sweep {
            let before = if points.is_empty() { vec![Vec::new()] } else { points };
            points = before
                .iter()
                .flat_map(|point| {
                    values.iter().map(move |value| {
                        let mut longer = point.clone();
                        longer.push((path.as_str(), value));
                        longer
                    })
                })
                .collect();
        }
        points
    }
}

fn run<'a>(
    base: &Document<'a>,
    variant: Option<&Variant<'a>>,
    point: &[(&str, &Spanned<DeValue<'a>>)],
) -> Result<RunText<'a>> {
    let mut document = base.clone();
    let changes = variant.iter().flat_map(|v| v.set.iter().map(|(path, value)| (path.as_str(), value)));
    let mut set = Vec::new();
    for (path, value) in changes.chain(point.iter().copied()) {
        let span = value.span();
        set.push(path.to_owned());
        document
            .set(path, value.clone())
            .map_err(|why| Error::from(Finding::new(why).at(&base.source, span)))?;
    }
    document.take_citations()?;
    let mut text: ScenarioText = document.read_as().map_err(|error| match (&error, variant) {
        (Error::Input(findings), Some(v)) => Error::Input(
            findings.iter().map(|f| f.clone().help(format!("in the variant “{}”", v.text.name))).collect(),
        ),
        _ => error,
    })?;
    let too_large = limits::check(&document, &text);
    if !too_large.is_empty() {
        return Err(Error::Input(too_large));
    }
    if let Some(null) = variant.and_then(|v| v.text.null) {
        text.null = null;
    }
    let sweep: Vec<String> = point.iter().map(|(path, value)| format!("{path}={}", shown(value))).collect();
    Ok(RunText {
        variant: variant.map_or(String::new(), |v| v.text.name.clone()),
        why: variant.map_or(String::new(), |v| v.text.why.clone()),
        replicates: variant.and_then(|v| v.text.replicates),
        role: Role::Stated,
        sweep: sweep.join("; "),
        set,
        document,
        text,
    })
}

/// A value as short text, for the name of a sweep point: `{ hazard_ratio = 0.8 }` shows as `0.8`.
fn shown(value: &Spanned<DeValue<'_>>) -> String {
    match value.as_ref() {
        DeValue::Integer(i) => i.as_str().to_owned(),
        DeValue::Float(f) => f.as_str().to_owned(),
        DeValue::String(s) => s.to_string(),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Datetime(d) => d.to_string(),
        DeValue::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        DeValue::Table(table) => {
            let parts: Vec<String> = table
                .iter()
                .map(|(key, v)| match (key.as_ref().as_ref(), v.as_ref()) {
                    ("value", _) => shown(v),
                    (key, _) => format!("{key} {}", shown(v)),
                })
                .collect();
            parts.join(", ")
        }
    }
}
