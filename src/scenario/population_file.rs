//! Reads a population file.

use super::document::{Document, Sourced, read};
use crate::{
    error::{Error, Finding, Result, Source},
    population::{Population, Problem, Registry, document::RegistryDocument},
};
use std::{path::Path, sync::Arc};

/// A population as read, with what its file says about where its numbers are from.
#[derive(Clone, Debug)]
pub struct PopulationFile {
    pub source: Arc<Source>,
    pub title: String,
    pub population: Population,
    pub sourced: Vec<Sourced>,
}

/// Reads a registry from a file.
pub fn read_population(path: &Path) -> Result<PopulationFile> {
    let source = read(path)?;
    let mut document = Document::parse(&source)?;
    let sourced = document.take_citations()?;
    super::cite::check(&document, &sourced)?;
    let text: RegistryDocument = document.read_as()?;
    let registry = Registry::new(&text).map_err(|problems| findings(&document, &problems, ""))?;
    let title = text.title.clone();
    Ok(PopulationFile { source: source.clone(), title, population: Population::Registry(Box::new(registry)), sourced })
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
