//! Reads a population file.

use super::document::{Document, Sourced, read};
use crate::{
    calibration::{Calibrated, calibrated},
    error::{Error, Finding, Result, Source},
    population::{Problem, Registry, document::RegistryDocument},
};
use std::{path::Path, sync::Arc};

/// A population as read, with what its file says about where its numbers are from.
#[derive(Clone, Debug)]
pub struct PopulationFile {
    pub source: Arc<Source>,
    pub text: RegistryDocument,
    pub registry: Registry,
    /// The solved parameters, as the file beside the population has them.
    pub fitted: String,
    /// Why the parameters were solved afresh; none if the committed ones belong to the file.
    pub refitted: Option<String>,
    pub sourced: Vec<Sourced>,
}

/// The registry that is part of the program, by the name a scenario gives it.
pub const BUILT_IN: &str = "cardiogenic_shock";

/// Reads a registry from a file, with the fitted values beside it.
pub fn read_population(path: &Path) -> Result<PopulationFile> {
    prepared(&read(path)?, std::fs::read_to_string(path.with_extension("fitted.json")).ok())
}

/// The registry that is part of the program.
pub fn built_in() -> Result<PopulationFile> {
    let text = include_str!("../../scenarios/populations/cardiogenic_shock.toml");
    let fitted = include_str!("../../scenarios/populations/cardiogenic_shock.fitted.json");
    let source = Source { name: format!("{BUILT_IN} (built in)"), text: text.to_owned() };
    prepared(&Arc::new(source), Some(fitted.to_owned()))
}

fn prepared(source: &Arc<Source>, committed: Option<String>) -> Result<PopulationFile> {
    let (text, sourced) = read_text(source)?;
    let document = Document::parse(source)?;
    let Calibrated { registry, refitted, fitted } = calibrated(&text, &source.text, committed.as_deref())
        .map_err(|problems| findings(&document, &problems, ""))?;
    let fitted = fitted.to_json();
    Ok(PopulationFile { source: source.clone(), text, registry, fitted, refitted, sourced })
}

/// Reads the text of a population file and checks its citations.
pub fn read_text(source: &Arc<Source>) -> Result<(RegistryDocument, Vec<Sourced>)> {
    let mut document = Document::parse(source)?;
    let sourced = document.take_citations()?;
    super::cite::check(&document, &sourced)?;
    Ok((document.read_as()?, sourced))
}

/// Findings of the population room, placed in the document under `prefix`.
pub fn findings(document: &Document, problems: &[Problem], prefix: &str) -> Error {
    let place = |problem: &Problem| -> Finding {
        let path = problem.path.join(".");
        let path = if prefix.is_empty() { path } else { format!("{prefix}.{path}") };
        document.finding(&path, problem.message.clone())
    };
    Error::Input(problems.iter().map(place).collect())
}
