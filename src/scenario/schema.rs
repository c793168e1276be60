//! The JSON Schema of scenario files, for editors: completion, hover text, red lines.
//!
//! It is generated from the types that read the file, and adds what is resolved before they see it:
//! citations, variants, sweep points.

use super::{
    published::PublishedText,
    text::{ExpectText, ScenarioText, VariantText},
};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The schema, in the draft that editors of TOML know.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let variant = generator.subschema_for::<VariantText>();
    let expect = generator.subschema_for::<ExpectText>();
    let published = generator.subschema_for::<PublishedText>();
    let mut root = generator.into_root_schema_for::<ScenarioText>().to_value();
    cited(&mut root);
    let definitions = root["definitions"].as_object_mut().expect("a scenario has parts");
    definitions.insert("cited".into(), sourced());
    if let Some(properties) = definitions["VariantText"]["properties"].as_object_mut() {
        let set = "What the variant sets, by dotted path: set.\"trial.patients\" = 300.";
        properties.insert("set".into(), json!({ "type": "object", "description": set }));
    }
    let properties = root["properties"].as_object_mut().expect("a scenario has keys");
    let list = |items: Value, description: &str| json!({ "type": "array", "items": items, "description": description });
    properties.insert("variant".into(), list(variant.to_value(), "Changes of the scenario, run beside it."));
    properties.insert("expect".into(), list(expect.to_value(), "What must come back."));
    properties.insert("published".into(), published.to_value());
    properties.insert(
        "sweep".into(),
        json!({
            "type": "object",
            "description": "Values to try, by dotted path: \"trial.patients\" = [200, 300, 400].",
            "additionalProperties": { "type": "array", "minItems": 1 },
        }),
    );
    properties.insert(
        "set".into(),
        list(json!({ "type": "object" }), "What the file sets of itself, by dotted path, as --set does."),
    );
    root["title"] = json!("A shocktrial scenario");
    root
}

/// The schema as text, as it is committed and printed.
pub fn text() -> String {
    serde_json::to_string_pretty(&schema()).expect("a schema serialises") + "\n"
}

/// Lets every number be written with its source.
fn cited(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(cited);
            if is_number(object) {
                let description = object.remove("description");
                let default = object.remove("default");
                let plain = Value::Object(std::mem::take(object));
                object.insert("anyOf".into(), json!([plain, { "$ref": "#/definitions/cited" }]));
                object.extend(description.map(|d| ("description".to_owned(), d)));
                object.extend(default.map(|d| ("default".to_owned(), d)));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(cited),
        _ => {}
    }
}

/// Whether a schema is one of a number, or of a number that may be left out.
fn is_number(object: &Map<String, Value>) -> bool {
    let number = |kind: &Value| kind == "number" || kind == "integer";
    match object.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(number),
        Some(kind) => number(kind),
        None => false,
    }
}

/// A number with its source.
fn sourced() -> Value {
    json!({
        "description": "A number with its source: an id of the evidence ledger, or why it is assumed.",
        "type": "object",
        "properties": {
            "value": { "type": "number", "description": "The number." },
            "cite": { "type": "string", "description": "Id of the figure; shocktrial evidence lists them." },
            "assumed": { "type": "string", "description": "Why this number." },
        },
        "required": ["value"],
        "additionalProperties": false,
    })
}
