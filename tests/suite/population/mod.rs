//! The registry: its rows, its rules, its rates.

mod expression;
mod registry;

use shocktrial::population::document::RegistryDocument;

/// The text of the population file.
pub fn text() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/populations/cardiogenic_shock.toml");
    std::fs::read_to_string(path).unwrap()
}

/// The population file without its citations.
pub fn document() -> RegistryDocument {
    let tree: toml::Value = toml::from_str(&text()).unwrap();
    plain(tree).try_into().unwrap()
}

/// The committed fitted values.
pub fn committed() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/populations/cardiogenic_shock.fitted.json");
    std::fs::read_to_string(path).unwrap()
}

/// Every cited number of the file: its id and its value.
pub fn citations() -> Vec<(String, f64)> {
    fn collect(value: &toml::Value, found: &mut Vec<(String, f64)>) {
        match value {
            toml::Value::Table(table) => {
                if let (Some(toml::Value::String(id)), Some(number)) = (table.get("cite"), table.get("value"))
                {
                    let number = number.as_float().or(number.as_integer().map(|i| i as f64)).unwrap();
                    found.push((id.clone(), number));
                }
                table.values().for_each(|v| collect(v, found));
            }
            toml::Value::Array(list) => list.iter().for_each(|v| collect(v, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&toml::from_str(&text()).unwrap(), &mut found);
    found
}

fn plain(value: toml::Value) -> toml::Value {
    match value {
        toml::Value::Table(table) => match table.get("value") {
            Some(number) if table.contains_key("cite") || table.contains_key("assumed") => number.clone(),
            _ => toml::Value::Table(table.into_iter().map(|(k, v)| (k, plain(v))).collect()),
        },
        toml::Value::Array(list) => toml::Value::Array(list.into_iter().map(plain).collect()),
        other => other,
    }
}
