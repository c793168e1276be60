//! What reads text and tables of strangers, one function each; none may panic, whatever it is given.
//!
//! Each says how far the input came, so that a campaign can tell whether it gets past parsing.

use shocktrial::{
    error::{Error, Source},
    evidence,
    population::{Columns, Expression, Reading, Registry},
    report::tables,
    scenario::{self, Changes, population_file},
};
use std::{path::Path, sync::Arc, sync::OnceLock};

/// A scenario file; true if it is TOML.
pub fn scenario(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let source = Arc::new(Source { name: "fuzz.toml".into(), text: text.to_owned() });
    let changes = Changes { without_truths: true, ..Changes::default() };
    match scenario::prepare(&source, Path::new("/nowhere"), &changes) {
        Ok(_) => true,
        Err(error) => {
            let said = error.to_string();
            assert!(matches!(error, Error::Input(_)), "{said}");
            !said.contains("this is not TOML")
        }
    }
}

fn registry() -> &'static (Registry, Columns) {
    static REGISTRY: OnceLock<(Registry, Columns)> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let registry = population_file::built_in().expect("the built-in population loads").registry;
        let columns = registry.columns(0..16);
        (registry, columns)
    })
}

/// An entry rule; true if it parses. What parses prints as a rule that means the same.
pub fn expression(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let (registry, patients) = registry();
    for reading in [Reading::Recorded, Reading::True] {
        let Ok(rule) = Expression::parse(text, &registry.dictionary, reading) else { return false };
        let again = Expression::parse(&rule.to_string(), &registry.dictionary, reading);
        let again = again.unwrap_or_else(|_| panic!("“{rule}” does not parse again"));
        for row in 0..patients.len() {
            assert_eq!(rule.evaluate(patients, row), again.evaluate(patients, row), "{rule}");
        }
    }
    true
}

/// An evidence ledger; true if it has a figure with an id and a value.
pub fn ledger(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let figures = evidence::read(text);
    figures.iter().any(|figure| !figure.id.is_empty() && figure.value.is_some())
}

/// A data set: Parquet if it begins as one, CSV otherwise; true if it is a table with rows.
pub fn data(data: &[u8]) -> bool {
    let parquet = data.starts_with(b"PAR1");
    match tables::read_bytes(data.to_vec(), parquet, Path::new("fuzz"), &|_| true) {
        Ok(data) => !data.columns.is_empty(),
        Err(error) => {
            assert!(matches!(error, Error::Input(_)), "{error}");
            false
        }
    }
}
