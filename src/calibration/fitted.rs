//! Solved parameters, kept beside the population they belong to.

use super::target::Solves;
use crate::population::document::{ByCause, RegistryDocument};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Changed by hand whenever rows or expectations of the same file come out differently.
pub const MODEL: u32 = 1;

/// Log rates and cuts that meet the fitted targets of one population file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fitted {
    /// Fingerprint of the population file.
    pub population: String,
    /// Version of the model the values were solved with.
    pub model: u32,
    /// Log rate by event, then cause.
    pub log_rate: BTreeMap<String, BTreeMap<String, f64>>,
    /// Cut by covariate.
    pub cut: BTreeMap<String, f64>,
}

impl Fitted {
    /// Whether these values belong to a population file.
    pub fn fits(&self, text: &str) -> bool {
        self.model == MODEL && self.population == fingerprint(text)
    }

    /// Reads committed values.
    pub fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    /// The text to commit.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// Puts the values into a document, in place of its starting values.
    pub fn apply(&self, document: &mut RegistryDocument) {
        for event in &mut document.event {
            if let Some(rates) = self.log_rate.get(&event.name) {
                event.log_rate = ByCause::Each(rates.clone());
            }
        }
        for covariate in &mut document.covariate {
            if let (Some(above), Some(cut)) = (&mut covariate.above, self.cut.get(&covariate.name)) {
                above.cut = *cut;
            }
        }
    }

    /// Keeps a solved value, rounded so that its text is exact.
    pub(super) fn keep(&mut self, solves: &Solves, causes: &[String], value: impl Fn(usize) -> f64) {
        let rounded = |cause: usize| (value(cause) * 1e9).round() / 1e9;
        match solves {
            Solves::LogRate { event, .. } => {
                let rates = causes.iter().enumerate().map(|(i, cause)| (cause.clone(), rounded(i)));
                self.log_rate.insert(event.clone(), rates.collect());
            }
            Solves::Cut { covariate } => {
                self.cut.insert(covariate.clone(), rounded(0));
            }
        }
    }
}

/// What tells one population file from another: FNV-1a of its lines, without comments and blank lines.
pub fn fingerprint(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let bytes = lines.flat_map(|line| line.bytes().chain(std::iter::once(b'\n')));
    let hash = bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    format!("{hash:016x}")
}
