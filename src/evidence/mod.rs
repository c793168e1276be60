//! Figures from the literature, as data: what a number in a scenario can be traced to.

mod agreement;
mod csv;
mod figure;
mod finished;

pub use agreement::{Claim, Disagreement, What};
pub use figure::{Figure, Origin};
pub use finished::{Finished, finished_trials};

use std::sync::OnceLock;

/// The ledger: one row per figure, as it was read in its source.
const LEDGER: &str = include_str!("ledger.csv");

/// All figures, in the order of the ledger.
pub fn figures() -> &'static [Figure] {
    static FIGURES: OnceLock<Vec<Figure>> = OnceLock::new();
    FIGURES.get_or_init(|| read(LEDGER))
}

/// The figures of a ledger's text; what a row lacks is empty.
pub fn read(text: &str) -> Vec<Figure> {
    let mut rows = csv::rows(text);
    let header = rows.next().unwrap_or_default();
    rows.map(|row| Figure::read(&header, row)).collect()
}

/// The figure with an id.
pub fn lookup(id: &str) -> Option<&'static Figure> {
    figures().iter().find(|f| f.id == id)
}

/// Figures with `word` in their id, population, quantity, arm or source, whatever the case.
pub fn search(word: &str) -> Vec<&'static Figure> {
    let word = word.to_lowercase();
    let holds = |text: &str| text.to_lowercase().contains(&word);
    let matches = |f: &&Figure| {
        [&f.id, &f.population, &f.quantity, &f.arm, &f.source].into_iter().any(|text| holds(text))
    };
    figures().iter().filter(matches).collect()
}

/// The id closest to a misspelt one, if any is close.
pub fn suggest(id: &str) -> Option<&'static str> {
    let scored = figures().iter().map(|f| (strsim::jaro_winkler(id, &f.id), f.id.as_str()));
    scored.filter(|(score, _)| *score > 0.85).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| id)
}

/// What tells one ledger from another: FNV-1a of its text.
pub fn version() -> String {
    let hash = LEDGER.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    format!("{hash:016x}")
}
