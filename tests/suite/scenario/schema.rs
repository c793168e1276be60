//! The JSON Schema of scenarios: as committed, and right about every scenario of the repository.

use crate::simulation::at;
use serde_json::Value;
use shocktrial::scenario::schema;
use std::path::{Path, PathBuf};

const COMMITTED: &str = "schema/scenario.schema.json";

/// Every file below `scenarios/` that is a scenario.
fn scenarios() -> Vec<PathBuf> {
    let mut list = Vec::new();
    let mut open = vec![at("scenarios")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let library = ["populations", "interventions"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !library {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "toml") {
                list.push(path);
            }
        }
    }
    list.sort();
    list
}

/// With `BLESS=1` the schema is written instead.
#[test]
fn the_committed_schema_is_the_generated_one() {
    let path = at(COMMITTED);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, schema::text()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == schema::text(), "run this test with BLESS=1, and commit {COMMITTED}");
}

/// An editor finds the schema from the first line of every scenario, and finds nothing wrong.
#[test]
fn every_scenario_names_the_schema_and_obeys_it() {
    let schema = schema::schema();
    let files = scenarios();
    assert!(files.len() > 5);
    let mut wrong = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let line = text.lines().next().unwrap_or_default();
        let named = line.strip_prefix("#:schema ").map(|path| file.parent().unwrap().join(path));
        if !named.is_some_and(|path| path.is_file()) {
            wrong.push(format!("{}: the first line has to be #:schema ../../{COMMITTED}", file.display()));
        }
        check(&schema, &read(&text), "", &schema, file, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schema_finds_what_is_wrong() {
    let schema = schema::schema();
    let good = std::fs::read_to_string(at("scenarios/peers/w1_binary.toml")).unwrap();
    for (from, to) in [
        ("patients   = 420", "patients = \"many\""),
        ("patients   = 420", "pateints = 420"),
        ("summary  = \"risk_ratio\"", "summary = \"risk_ration\""),
        ("by     = \"30 days\"", "by = 30"),
        ("seed       = 1", ""),
    ] {
        assert!(good.contains(from));
        let mut wrong = Vec::new();
        check(&schema, &read(&good.replace(from, to)), "", &schema, Path::new("x"), &mut wrong);
        assert!(!wrong.is_empty(), "{to}");
    }
}

fn read(text: &str) -> Value {
    toml::from_str(text).unwrap()
}

/// The part of JSON Schema that the generated one uses.
fn check(schema: &Value, value: &Value, at: &str, root: &Value, file: &Path, wrong: &mut Vec<String>) {
    let Some(rules) = schema.as_object() else { return };
    macro_rules! say {
        ($what:expr) => {
            wrong.push(format!("{}: {at}: {}", file.display(), $what))
        };
    }
    for (rule, content) in rules {
        match rule.as_str() {
            "$ref" => {
                let name = content.as_str().unwrap().strip_prefix("#/definitions/").unwrap();
                check(&root["definitions"][name], value, at, root, file, wrong);
                return;
            }
            "type" => {
                let is = |kind: &str| match kind {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    other => panic!("the test does not know the type {other}"),
                };
                let kinds = content.as_array().cloned().unwrap_or_else(|| vec![content.clone()]);
                if !kinds.iter().any(|kind| is(kind.as_str().unwrap())) {
                    say!(format!("{value} is not of type {content}"));
                }
            }
            "enum" => {
                if !content.as_array().unwrap().contains(value) {
                    say!(format!("{value} is not one of {content}"));
                }
            }
            "const" => {
                if content != value {
                    say!(format!("{value} is not {content}"));
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|x| x < content.as_f64().unwrap()) {
                    say!(format!("{value} is below {content}"));
                }
            }
            "maximum" => {
                if value.as_f64().is_some_and(|x| x > content.as_f64().unwrap()) {
                    say!(format!("{value} is above {content}"));
                }
            }
            "required" => {
                for key in content.as_array().unwrap() {
                    if value.is_object() && value.get(key.as_str().unwrap()).is_none() {
                        say!(format!("{key} is missing"));
                    }
                }
            }
            "properties" => {
                for (key, part) in content.as_object().unwrap() {
                    if let Some(inner) = value.get(key) {
                        check(part, inner, &format!("{at}.{key}"), root, file, wrong);
                    }
                }
            }
            "additionalProperties" => {
                let known = rules.get("properties").and_then(Value::as_object);
                for (key, inner) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(key)) {
                        continue;
                    }
                    match content {
                        Value::Bool(false) => say!(format!("no key {key}")),
                        part => check(part, inner, &format!("{at}.{key}"), root, file, wrong),
                    }
                }
            }
            "items" => {
                for (i, inner) in value.as_array().into_iter().flatten().enumerate() {
                    check(content, inner, &format!("{at}.{i}"), root, file, wrong);
                }
            }
            "minItems" | "maxItems" => {
                let (n, limit) = (value.as_array().map_or(0, Vec::len) as u64, content.as_u64().unwrap());
                if value.is_array() && (rule == "minItems" && n < limit || rule == "maxItems" && n > limit) {
                    say!(format!("{n} items, {rule} is {limit}"));
                }
            }
            "anyOf" | "oneOf" => {
                let fits = |part: &Value| {
                    let mut inner = Vec::new();
                    check(part, value, at, root, file, &mut inner);
                    inner.is_empty()
                };
                if !content.as_array().unwrap().iter().any(fits) {
                    say!(format!("{value} fits none of {rule}"));
                }
            }
            "allOf" => {
                for part in content.as_array().unwrap() {
                    check(part, value, at, root, file, wrong);
                }
            }
            "pattern" => {} // of lengths of time, which the reader checks
            "title" | "description" | "default" | "format" | "definitions" | "$schema" => {}
            other => panic!("the test does not know the rule {other}"),
        }
    }
}
