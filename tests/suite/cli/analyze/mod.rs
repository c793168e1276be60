//! One data set analysed by the command.

mod docs;
mod edges;
mod errors;
mod figures;
mod never;
mod published;
mod reference;
mod tables;

use super::say;
use serde_json::Value;

/// The answers of `analyze --json`.
fn answers(arguments: &[&str]) -> Vec<Value> {
    let said = say(&[&["analyze", "--json"], arguments].concat());
    assert_eq!(said.code, 0, "{arguments:?}: {}", said.error);
    serde_json::from_str(&said.out).unwrap()
}

/// The answer of one method.
fn answer(arguments: &[&str], method: &str) -> Value {
    let mut list = answers(&[arguments, &["--method", method]].concat());
    assert_eq!(list.len(), 1, "{list:?}");
    list.remove(0)
}

/// A data set of the reference.
fn data(name: &str) -> String {
    format!("tests/reference/data/{name}.csv")
}
