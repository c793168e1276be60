//! Interventions stated once and taken by the arms of many scenarios.
//!
//! An arm that names intervention files gets the effects they state; what the arm itself says of an event
//! stands. This is a rewrite of the document, so that variants and `--set` find the effects where they
//! would stand had the arm written them.

use super::{
    document::{Document, read, suggestion},
    place::{Named, Place},
    text::{ArmText, EffectText, Named as NamedText},
};
use crate::error::{Error, Finding, Result, Source};
use serde::Deserialize;
use std::sync::Arc;

/// An intervention as its file states it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterventionText {
    /// What people call it.
    pub title: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Its effects on the hazards of events, against usual care.
    #[serde(default)]
    pub effect: NamedText<EffectText>,
}

/// A file that an arm takes.
#[derive(Clone, Debug)]
pub struct Taken {
    arm: String,
    /// Place in the arm's list.
    place: usize,
    pub source: Arc<Source>,
}

/// Reads the files that arms name.
pub fn read_all(document: &Document, from: Place) -> Result<Vec<Taken>> {
    let mut list = Vec::new();
    for arm in document.keys_at("arm") {
        for place in 0.. {
            let at = format!("arm.{arm}.interventions.{place}");
            let Some(file) = document.text_at(&at) else { break };
            let path =
                from.path(Named::Intervention(list.len()), file).map_err(|why| document.finding(&at, why))?;
            list.push(Taken { arm: arm.clone(), place, source: read(&path)? });
        }
    }
    Ok(list)
}

/// Checks one intervention file by itself.
pub fn read_text(source: &Arc<Source>) -> Result<InterventionText> {
    let mut document = Document::parse(source)?;
    let sourced = document.take_citations()?;
    super::cite::check(&document, &sourced)?;
    document.read_as()
}

/// Puts the effects of the files into the arms that take them.
pub fn put_in<'a>(document: &mut Document<'a>, taken: &'a [Taken]) -> Result<()> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut put: Vec<(String, String)> = Vec::new();
    for one in taken {
        let text = read_text(&one.source)?;
        let at = format!("arm.{}.interventions.{}", one.arm, one.place);
        let file = Document::parse(&one.source)?;
        for (event, _) in &text.effect.0 {
            let path = format!("arm.{}.effect.{event}", one.arm);
            if let Some((_, other)) = put.iter().find(|(known, _)| *known == path) {
                findings.push(document.finding(
                    &at,
                    format!("“{other}” and “{}” both state an effect on {event}; state in the arm what they do together", text.title),
                ));
            } else if document.value_at(&path).is_none() {
                let Some(value) = file.value_at(&format!("effect.{event}")) else { continue };
                let span = document.span_of(&at);
                let value = super::document::placed(value.clone(), &span);
                document.set(&path, value).map_err(Error::input)?;
                put.push((path, text.title.clone()));
            }
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Input(findings)) }
}

/// What stands wrong where an arm takes interventions after the document was put together.
pub fn late(stated: &ArmText, own: &ArmText) -> Option<String> {
    let unknown = own.interventions.iter().find(|file| !stated.interventions.contains(file))?;
    let known: Vec<&str> = stated.interventions.iter().map(String::as_str).collect();
    Some(format!(
        "a variant changes effects, not the list of interventions; “{unknown}” is not taken{}",
        suggestion(unknown, &known)
    ))
}
