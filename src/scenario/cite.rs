//! Holds every cited number against the evidence ledger.

use super::document::{Document, Provenance, Sourced};
use crate::{
    error::{Error, Finding, Result},
    evidence::{self, Claim, What},
    units::Days,
};

/// Checks all citations of a document; what disagrees is gathered.
pub fn check(document: &Document, sourced: &[Sourced]) -> Result<()> {
    let findings: Vec<Finding> = sourced.iter().filter_map(|number| check_one(document, number)).collect();
    if findings.is_empty() { Ok(()) } else { Err(Error::Input(findings)) }
}

/// The ledger id of a cited number and half the width of its interval there, on the scale scenarios use;
/// none where the ledger has no interval.
pub fn half_width(number: &Sourced) -> Option<(String, f64)> {
    let Provenance::Cited(id) = &number.from else { return None };
    let figure = evidence::lookup(id)?;
    let scale = if figure.unit.starts_with('%') { 0.01 } else { 1.0 };
    Some((id.clone(), scale * (figure.ci_high? - figure.ci_low?) / 2.0))
}

fn check_one(document: &Document, number: &Sourced) -> Option<Finding> {
    let Provenance::Cited(id) = &number.from else { return None };
    let finding = |message: String| Finding::new(message).at(&document.source, number.span.clone());
    let Some(figure) = evidence::lookup(id) else {
        let close = evidence::suggest(id).map_or(String::new(), |s| format!("; did you mean “{s}”?"));
        return Some(finding(format!("“{id}” is not in the evidence ledger{close}")));
    };
    let horizon_days = horizon_of(document, &number.path);
    let claim = Claim { value: number.value, what: kind_of(&number.path), horizon_days };
    figure.agrees(&claim).err().map(|why| finding(why.to_string()))
}

/// The day by which a number holds: that of the end point it is said to be `of`, or its own `by`.
fn horizon_of(document: &Document, path: &str) -> Option<f64> {
    let (beside, _) = path.rsplit_once('.')?;
    let by = match document.text_at(&format!("{beside}.of")) {
        Some(endpoint) => document.text_at(&format!("endpoint.{endpoint}.by")),
        None => document.text_at(&format!("{beside}.by")),
    };
    Days::parse(by?).ok().map(|days| days.0)
}

/// What a number is, by the key it is written under.
fn kind_of(path: &str) -> What<'static> {
    match path.rsplit('.').next().unwrap_or("") {
        "risk" | "share" | "survival" => What::Share,
        "risk_ratio" => What::RiskRatio,
        "odds_ratio" => What::OddsRatio,
        "hazard_ratio" => What::HazardRatio,
        _ => What::Unstated,
    }
}
