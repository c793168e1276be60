//! The reference of scenario files as a page, made from the schema: every key, what it takes, what it means.

use super::schema::schema;
use serde_json::{Map, Value};
use std::collections::VecDeque;

/// The page, in Markdown.
pub fn page() -> String {
    let schema = schema();
    let definitions = schema["definitions"].as_object().expect("a scenario has parts");
    let mut text = String::from(
        "# What a scenario may say\n\n\
         Every key of a scenario file, from the types that read it: `shocktrial schema --page` prints this page,\n\
         and a test holds it to what the program prints. *Required* keys have to be there; a key without a default\n\
         is left out where it does not apply. A number may always be written with its source,\n\
         `{ value = 0.49, cite = \"rev-ecls-mort-ctl\" }`, or with the reason for which it is assumed,\n\
         `{ value = 0.11, assumed = \"why\" }`. Where a table takes one key of several, the key is the kind:\n\
         `design = { fixed = { … } }`.\n\n\
         An editor that knows TOML completes and checks a file that begins with\n\
         `#:schema ./scenario.schema.json`; `shocktrial schema` prints that file.\n",
    );
    text += "\n## Scenario\n\n";
    text += &keys(&schema);
    for name in in_order(&schema, definitions) {
        let definition = &definitions[&name];
        text += &format!("\n## {}\n\n", title(&name));
        if let Some(description) = definition["description"].as_str() {
            text += &format!("{}\n\n", flowing(description));
        }
        text += &body(definition);
    }
    text
}

/// Definitions in the order a reader meets them: those a scenario names, then those they name.
fn in_order(schema: &Value, definitions: &Map<String, Value>) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    let mut next: VecDeque<&Value> = VecDeque::from([&schema["properties"]]);
    while let Some(value) = next.pop_front() {
        for name in named(value) {
            // Where a number is from stands at the top of the page.
            if name != "cited" && !list.contains(&name) {
                next.push_back(&definitions[&name]);
                list.push(name);
            }
        }
    }
    list
}

/// The definitions a value refers to, in the order of its keys.
fn named(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(key, value)| match (key.as_str(), value.as_str()) {
                ("$ref", Some(place)) => vec![last(place).to_owned()],
                _ => named(value),
            })
            .collect(),
        Value::Array(list) => list.iter().flat_map(named).collect(),
        _ => Vec::new(),
    }
}

fn last(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or(place)
}

/// A type's name as a heading: `GroupSequentialText` is `Group sequential`.
fn title(name: &str) -> String {
    // Two types of one name are told apart by a number.
    let plain = name.trim_end_matches(char::is_numeric);
    let number = &name[plain.len()..];
    let name = plain.trim_end_matches("Text").trim_end_matches("Document");
    let mut words = String::new();
    for (i, c) in name.chars().enumerate() {
        if i > 0 && c.is_uppercase() {
            words.push(' ');
        }
        words.extend(if i > 0 { c.to_lowercase().collect::<Vec<_>>() } else { vec![c] });
    }
    if number.is_empty() { words } else { format!("{words} {number}") }
}

fn anchor(name: &str) -> String {
    title(name).to_lowercase().replace(' ', "-")
}

/// Text of a comment in one line, its links to types without brackets.
fn flowing(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("[`", "`")
        .replace("`]", "`")
        .replace('|', "\\|")
}

/// What a definition allows: keys, kinds, or words.
fn body(definition: &Value) -> String {
    if definition["properties"].is_object() {
        return keys(definition);
    }
    let kinds = definition["oneOf"].as_array().or(definition["anyOf"].as_array());
    if let Some(kinds) = kinds {
        let mut text = String::from("| one of | what it is |\n|---|---|\n");
        for kind in kinds {
            let words = kind["enum"].as_array().map(|list| {
                list.iter()
                    .filter_map(Value::as_str)
                    .map(|w| format!("`\"{w}\"`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            });
            let constant = kind["const"].as_str().map(|w| format!("`\"{w}\"`"));
            let said = kind["description"].as_str().map(flowing);
            let (what, of) = match (kind["properties"].as_object(), words.or(constant)) {
                (Some(properties), _) => {
                    let key: Vec<String> = properties.keys().map(|key| format!("`{key}`")).collect();
                    let takes: Vec<String> = properties.values().map(takes).collect();
                    (format!("{} = …", key.join(", ")), takes.join(", "))
                }
                (None, Some(words)) => (words, String::new()),
                (None, None) => (takes(kind), String::new()),
            };
            let meaning =
                [said.unwrap_or_default(), of].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>();
            text += &format!("| {what} | {} |\n", meaning.join(" "));
        }
        return text;
    }
    format!("Written as {}.\n", takes(definition))
}

/// A table of keys.
fn keys(definition: &Value) -> String {
    let required: Vec<&str> =
        definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = String::from("| key | takes | default | meaning |\n|---|---|---|---|\n");
    for (key, value) in definition["properties"].as_object().into_iter().flatten() {
        let default = match &value["default"] {
            _ if required.contains(&key.as_str()) => "*required*".to_owned(),
            Value::Null => String::new(),
            Value::Array(list) if list.is_empty() => "none".to_owned(),
            Value::String(text) if text.is_empty() => "none".to_owned(),
            other => format!("`{other}`"),
        };
        let meaning = value["description"].as_str().map(flowing).unwrap_or_default();
        text += &format!("| `{key}` | {} | {default} | {meaning} |\n", takes(value));
    }
    text
}

/// What a value is written as, in words.
fn takes(value: &Value) -> String {
    if let Some(place) = value["$ref"].as_str() {
        let name = last(place);
        return format!("[{}](#{})", title(name).to_lowercase(), anchor(name));
    }
    if let Some(list) = value["anyOf"].as_array().or(value["oneOf"].as_array()).or(value["allOf"].as_array())
    {
        let mut parts: Vec<String> = Vec::new();
        for part in list {
            let cited = part["$ref"].as_str().is_some_and(|r| last(r) == "cited");
            let null = part["type"].as_str() == Some("null");
            let words = takes(part);
            if !cited && !null && !parts.contains(&words) {
                parts.push(words);
            }
        }
        return parts.join(" or ");
    }
    if let Some(words) = value["enum"].as_array() {
        let words: Vec<String> =
            words.iter().filter_map(Value::as_str).map(|w| format!("`\"{w}\"`")).collect();
        return words.join(" or ");
    }
    let kinds: Vec<&str> = match &value["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).filter(|k| *k != "null").collect(),
        _ => Vec::new(),
    };
    let words: Vec<String> = kinds
        .into_iter()
        .map(|kind| match kind {
            "number" => "number".to_owned(),
            "integer" => "whole number".to_owned(),
            "string" => "text".to_owned(),
            "boolean" => "true or false".to_owned(),
            "array" if value["items"].is_object() => {
                format!("list of {}", takes(&value["items"]))
            }
            "array" => "list".to_owned(),
            "object" if value["additionalProperties"].is_object() => {
                format!("table by name: {}", takes(&value["additionalProperties"]))
            }
            "object" if value["properties"].is_object() => {
                let keys = value["properties"].as_object().into_iter().flatten();
                let keys: Vec<String> = keys.map(|(key, v)| format!("`{key}`: {}", takes(v))).collect();
                format!("table of {}", keys.join(", "))
            }
            "object" => "table".to_owned(),
            other => other.to_owned(),
        })
        .collect();
    if words.is_empty() { "anything".to_owned() } else { words.join(" or ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_scenario_stands_once() {
        let page = page();
        let schema = schema();
        let definitions = schema["definitions"].as_object().unwrap();
        let mut headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let all = headings.len();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), all, "two parts of one name");
        for name in in_order(&schema, definitions) {
            assert!(page.contains(&format!("\n## {}\n", title(&name))), "{name}");
        }
        assert!(page.contains("| `patients` | whole number | *required* |"));
        assert!(!page.contains("| anything |"), "a key without a type");
    }
}
