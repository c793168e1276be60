//! A TOML document with positions, and the rewrites that happen before types see it.
//!
//! Citations, variants, sweeps and `--set` are resolved on the tree, so that domain types stay plain
//! and an error still knows its line.

use super::limits::MOST_BYTES;
use crate::error::{Error, Finding, Result, Source};
use serde::de::DeserializeOwned;
use std::{borrow::Cow, io::Read, ops::Range, path::Path, sync::Arc};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The place of the first value that was given on the command line, beyond any file; the next is one further.
const COMMAND_LINE: usize = 1 << 40;

/// Tables in which one key says the kind: setting another key replaces the table instead of adding to it.
const KIND_TABLES: [&str; 4] =
    ["trial.design", "trial.allocation.clusters", "population.homogeneous.event.*", "arm.*.effect.*"];

/// A number and where it is from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced {
    /// Dotted path of the number in the document.
    pub path: String,
    /// The number as written.
    pub value: f64,
    /// Its ledger id, or why it is assumed.
    pub from: Provenance,
    pub span: Range<usize>,
}

/// Where a number is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// The id of a figure of the evidence ledger.
    Cited(String),
    /// A reason, in words; empty if none was given.
    Assumed(String),
}

/// A TOML document whose values keep their positions.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    pub source: Arc<Source>,
    root: DeTable<'a>,
    span: Range<usize>,
    /// Paths set on the command line, in order.
    set: Vec<String>,
}

/// Reads a file the user named.
pub fn read(path: &Path) -> Result<Arc<Source>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|why| Error::path("read", path, &why))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|why| Error::path("read", path, &why))?;
    if bytes.len() as u64 > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(Error::input(format!(
            "{} is larger than {most} MB; a scenario is a short text",
            path.display()
        )));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::input(format!("{} is not a text file; a scenario is TOML in UTF-8", path.display()))
    })?;
    Ok(Arc::new(Source { name: path.display().to_string(), text }))
}

impl<'a> Document<'a> {
    /// Parses the text of `source`.
    pub fn parse(source: &'a Arc<Source>) -> Result<Self> {
        match DeTable::parse(&source.text) {
            Ok(table) => {
                let span = table.span();
                Ok(Document { source: source.clone(), root: table.into_inner(), span, set: Vec::new() })
            }
            Err(error) => {
                let message = format!("this is not TOML: {}", error.message().trim().replace('\n', "; "));
                let span = error.span().unwrap_or(0..0);
                Err(Finding::new(message).at(source, span).into())
            }
        }
    }

    /// A document made of one value of `file`, with its positions.
    pub fn of_value(file: &Document<'a>, value: Spanned<DeValue<'a>>) -> Self {
        let span = value.span();
        let root = match value.into_inner() {
            DeValue::Table(table) => table,
            _ => DeTable::new(),
        };
        Document { source: file.source.clone(), root, span, set: Vec::new() }
    }

    /// Takes a top-level key out of the document.
    pub fn take(&mut self, key: &str) -> Option<Spanned<DeValue<'a>>> {
        self.root.remove(key)
    }

    /// A finding at the deepest existing part of a dotted path.
    pub fn finding(&self, path: &str, message: impl Into<String>) -> Finding {
        let span = self.span_of(path);
        match self.set_at(&span) {
            Some(_) => Finding::new(message).set_by(path),
            None => Finding::new(message).at(&self.source, span),
        }
    }

    /// The path of the value from the command line that stands at `span`, if one does.
    fn set_at(&self, span: &Range<usize>) -> Option<&str> {
        self.set.get(span.start.checked_sub(COMMAND_LINE)?).map(String::as_str)
    }

    /// Bytes of the deepest existing part of a dotted path.
    pub fn span_of(&self, path: &str) -> Range<usize> {
        let mut span = self.span.clone();
        let mut table = &self.root;
        let mut rest: &[String] = &split(path);
        while let Some((key, tail)) = rest.split_first() {
            let Some(mut value) = table.get(key.as_str()) else { return span };
            span = value.span();
            rest = tail;
            while let (Some(array), Some((index, tail))) = (value.as_ref().as_array(), rest.split_first()) {
                let Some(item) = index.parse::<usize>().ok().and_then(|i| array.get(i)) else { return span };
                value = item;
                span = value.span();
                rest = tail;
            }
            match value.as_ref().as_table() {
                Some(next) => table = next,
                None => return span,
            }
        }
        span
    }

    /// The keys of the table at a dotted path, the whole document's at none, in order; none if there is no table.
    pub fn keys_at(&self, path: &str) -> Vec<String> {
        let table = match self.value_at(path).map(|v| v.as_ref()) {
            _ if path.is_empty() => &self.root,
            Some(DeValue::Table(table)) => table,
            _ => return Vec::new(),
        };
        table.keys().map(|key| key.as_ref().to_string()).collect()
    }

    /// The text at a dotted path, if there is one and it is text.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        match self.value_at(path)?.as_ref() {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value at a dotted path.
    pub fn value_at(&self, path: &str) -> Option<&Spanned<DeValue<'a>>> {
        let mut table = &self.root;
        let keys = split(path);
        let mut rest: &[String] = &keys;
        loop {
            let (key, tail) = rest.split_first()?;
            let mut value = table.get(key.as_str())?;
            rest = tail;
            while let (Some(array), Some((index, tail))) = (value.as_ref().as_array(), rest.split_first()) {
                value = array.get(index.parse::<usize>().ok()?)?;
                rest = tail;
            }
            match value.as_ref() {
                _ if rest.is_empty() => return Some(value),
                DeValue::Table(next) => table = next,
                _ => return None,
            }
        }
    }

    /// Sets a dotted path, creating tables on the way; the same paths as variants and sweeps use.
    pub fn set(&mut self, path: &str, value: Spanned<DeValue<'a>>) -> std::result::Result<(), String> {
        let keys = split(path);
        if keys.iter().any(String::is_empty) {
            return Err(format!("“{path}” is not a path; write keys joined by dots, like trial.patients"));
        }
        set_in(&mut self.root, &keys, &mut Vec::new(), value)
    }

    /// Reads `value` as TOML and sets a path to it; for `--set path=value`.
    pub fn set_text(&mut self, path: &str, text: &'a str) -> Result<()> {
        let at = COMMAND_LINE + self.set.len();
        let value =
            DeValue::parse(text).unwrap_or_else(|_| Spanned::new(0..0, DeValue::String(Cow::Borrowed(text))));
        self.set.push(path.to_owned());
        self.set(path, placed(value, &(at..at))).map_err(|why| Error::input(format!("--set: {why}")))
    }

    /// Replaces every `{ value = …, cite = … }` and `{ value = …, assumed = … }` by its value and lists them.
    pub fn take_citations(&mut self) -> Result<Vec<Sourced>> {
        let mut found = Vec::new();
        let mut wrong = Vec::new();
        strip_table(&mut self.root, "", &mut found, &mut wrong);
        if wrong.is_empty() {
            return Ok(found);
        }
        Err(Error::Input(
            wrong.into_iter().map(|(span, message)| Finding::new(message).at(&self.source, span)).collect(),
        ))
    }

    /// Every number of the document with its path, in order: what an assumptions table lists.
    pub fn numbers(&self) -> Vec<(String, f64, Range<usize>)> {
        let mut found = Vec::new();
        numbers_of(&self.root, "", &mut found);
        found
    }

    /// Hands the document to serde; the error carries the line.
    pub fn read_as<T: DeserializeOwned>(&self) -> Result<T> {
        let table = Spanned::new(self.span.clone(), self.root.clone());
        T::deserialize(toml::Deserializer::from(table)).map_err(|error| self.explain(&error))
    }

    /// Hands one value to serde, for parts taken out by [`Document::take`].
    pub fn read_value<T: DeserializeOwned>(&self, value: Spanned<DeValue<'a>>) -> Result<T> {
        T::deserialize(toml::de::ValueDeserializer::from(value)).map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &toml::de::Error) -> Error {
        let message = plain_words(error.message());
        match error.span() {
            Some(span) if span.start < COMMAND_LINE && span != (0..0) => {
                Finding::new(message).at(&self.source, span).into()
            }
            Some(span) if self.set_at(&span).is_some() => {
                Finding::new(message).set_by(self.set_at(&span).unwrap_or_default()).into()
            }
            // The whole file has no place of its own.
            _ if message.ends_with("is missing here") => {
                let message = message.replace("here", "at the top of the file, above the first [section]");
                Finding::new(message).at(&self.source, 0..0).into()
            }
            _ => Error::input(format!("{message} (in a value set on the command line)")),
        }
    }
}

/// Serde's wording, turned towards the person who wrote the file.
fn plain_words(message: &str) -> String {
    let message = message.trim().replace('\n', "; ");
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (found, known) = rest.split_once("`, ").unwrap_or((rest, ""));
        let names: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        return format!("there is no key “{found}” here{}", suggestion(found, &names));
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        let (found, known) = rest.split_once("`, ").unwrap_or((rest, ""));
        let names: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        return format!("“{found}” is not one of the choices here{}", suggestion(found, &names));
    }
    if let Some(rest) = message.strip_prefix("missing field `") {
        return format!("the key “{}” is missing here", rest.trim_end_matches('`'));
    }
    if let Some((found, wanted)) = message.strip_prefix("invalid ").and_then(|m| m.split_once(", expected "))
    {
        let found = found.trim_start_matches("type: ").trim_start_matches("value: ").replace('`', "");
        let found = ["integer ", "floating point ", "string "]
            .iter()
            .find_map(|kind| found.strip_prefix(kind))
            .unwrap_or(&found);
        if found.parse::<f64>().is_ok_and(|x| x > f64::from(u32::MAX)) {
            return format!("{found} is larger than anything can be here");
        }
        return format!("this is {found}; write {}", kind_in_words(wanted));
    }
    message.replace('`', "")
}

/// What serde wants, in words a writer of TOML knows.
fn kind_in_words(wanted: &str) -> String {
    match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "f32" | "f64" => "a number",
        "a string" | "a borrowed string" => "text in quotes",
        "a sequence" => "a list in [ ]",
        "a boolean" => "true or false",
        _ if wanted.starts_with("struct ") || wanted == "a map" => "keys in { } or a section of its own",
        other => other,
    }
    .to_owned()
}

/// `; did you mean “x”?` if a name is close, else `; write one of …`.
pub fn suggestion(found: &str, names: &[&str]) -> String {
    let best = names.iter().map(|n| (strsim::jaro_winkler(found, n), *n)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((score, name)) if score > 0.8 => format!("; did you mean “{name}”?"),
        Some(_) if names.len() <= 24 => format!("; write one of {}", names.join(", ")),
        _ => String::new(),
    }
}

/// Splits a dotted path, obeying quotes around a key.
pub(super) fn split(path: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => keys.push(String::new()),
            _ => keys.last_mut().expect("one key at least").push(c),
        }
    }
    keys
}

fn set_in<'a>(
    table: &mut DeTable<'a>,
    keys: &[String],
    above: &mut Vec<String>,
    value: Spanned<DeValue<'a>>,
) -> std::result::Result<(), String> {
    let (key, rest) = keys.split_first().expect("a path has a key");
    if is_kind_table(above) && !table.contains_key(key.as_str()) {
        table.clear();
    }
    above.push(key.clone());
    if rest.is_empty() {
        match table.get_mut(key.as_str()) {
            Some(old) => *old = value,
            None => {
                table.insert(Spanned::new(value.span(), Cow::Owned(key.clone())), value);
            }
        }
        return Ok(());
    }
    if !table.contains_key(key.as_str()) {
        let empty = Spanned::new(value.span(), DeValue::Table(DeTable::new()));
        table.insert(Spanned::new(value.span(), Cow::Owned(key.clone())), empty);
    }
    let mut node = table.get_mut(key.as_str()).expect("just made").get_mut();
    let mut rest = rest;
    while let DeValue::Array(items) = node {
        let n = items.len();
        let (index, tail) = rest.split_first().expect("not empty");
        let item = index.parse::<usize>().ok().and_then(|i| items.get_mut(i)).ok_or_else(|| {
            format!("“{}” is a list of {n}; write its place, 0 to {}", above.join("."), n.max(1) - 1)
        })?;
        above.push(index.clone());
        if tail.is_empty() {
            *item = value;
            return Ok(());
        }
        rest = tail;
        node = item.get_mut();
    }
    match node {
        DeValue::Table(next) => set_in(next, rest, above, value),
        _ => Err(format!("“{}” is a single value and has no part “{}”", above.join("."), rest.join("."))),
    }
}

fn is_kind_table(path: &[String]) -> bool {
    KIND_TABLES.iter().any(|pattern| {
        let parts: Vec<&str> = pattern.split('.').collect();
        parts.len() == path.len() && parts.iter().zip(path).all(|(p, k)| *p == "*" || p == k)
    })
}

/// A value with all its positions moved to one place.
pub fn placed<'a>(mut value: Spanned<DeValue<'a>>, at: &Range<usize>) -> Spanned<DeValue<'a>> {
    move_positions(&mut value, at);
    value
}

fn move_positions(value: &mut Spanned<DeValue<'_>>, at: &Range<usize>) {
    match value.get_mut() {
        DeValue::Table(table) => table.iter_mut().for_each(|(_, v)| move_positions(v, at)),
        DeValue::Array(items) => items.iter_mut().for_each(|v| move_positions(v, at)),
        _ => {}
    }
    let inner = std::mem::replace(value.get_mut(), DeValue::Boolean(false));
    *value = Spanned::new(at.clone(), inner);
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(i) => i.as_str().replace('_', "").parse().ok(),
        DeValue::Float(f) => f.as_str().replace('_', "").parse().ok(),
        _ => None,
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

type Wrong = Vec<(Range<usize>, String)>;

fn strip_table(table: &mut DeTable<'_>, path: &str, found: &mut Vec<Sourced>, wrong: &mut Wrong) {
    for (key, value) in table.iter_mut() {
        strip(value, &join(path, key.as_ref()), found, wrong);
    }
}

fn strip(value: &mut Spanned<DeValue<'_>>, path: &str, found: &mut Vec<Sourced>, wrong: &mut Wrong) {
    let span = value.span();
    match value.get_mut() {
        DeValue::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                strip(item, &join(path, &i.to_string()), found, wrong);
            }
        }
        DeValue::Table(table)
            if table.contains_key("cite")
                || (table.contains_key("assumed") && table.contains_key("value")) =>
        {
            let text = |key: &str| table.get(key).and_then(|v| v.as_ref().as_str()).map(str::to_owned);
            let from = match (text("cite"), text("assumed")) {
                (Some(id), None) => Provenance::Cited(id),
                (None, Some(reason)) => Provenance::Assumed(reason),
                _ => {
                    return wrong
                        .push((span, "write either cite = \"ledger id\" or assumed = \"reason\"".into()));
                }
            };
            if let Some(odd) =
                table.keys().find(|k| !["value", "cite", "assumed"].contains(&k.as_ref().as_ref()))
            {
                let message = format!(
                    "“{}” does not belong beside cite; write {{ value = …, cite = … }}",
                    odd.as_ref()
                );
                return wrong.push((odd.span(), message));
            }
            let Some(inner) = table.remove("value") else {
                return wrong
                    .push((span, "a citation needs its number: { value = 0.49, cite = \"…\" }".into()));
            };
            match number(inner.as_ref()) {
                Some(v) => found.push(Sourced { path: path.to_owned(), value: v, from, span: inner.span() }),
                None => wrong.push((inner.span(), "only a number can be cited".into())),
            }
            *value = inner;
        }
        DeValue::Table(table) => strip_table(table, path, found, wrong),
        _ => {}
    }
}

fn numbers_of(table: &DeTable<'_>, path: &str, found: &mut Vec<(String, f64, Range<usize>)>) {
    fn walk(value: &Spanned<DeValue<'_>>, path: &str, found: &mut Vec<(String, f64, Range<usize>)>) {
        match value.as_ref() {
            DeValue::Table(table) => numbers_of(table, path, found),
            DeValue::Array(items) => {
                items.iter().enumerate().for_each(|(i, v)| walk(v, &join(path, &i.to_string()), found))
            }
            other => {
                if let Some(v) = number(other) {
                    found.push((path.to_owned(), v, value.span()));
                }
            }
        }
    }
    for (key, value) in table {
        walk(value, &join(path, key.as_ref()), found);
    }
}
