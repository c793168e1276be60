//! How well entry criteria foretell usual care's deaths, beside a forecast that ignores them.

use super::{
    expected::risks,
    replay::{ArmRow, Replay},
};
use crate::scenario::Scenario;

/// One trial's control risk and the two forecasts.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub title: String,
    pub label: String,
    pub patients: u32,
    pub published: f64,
    pub from_entry_criteria: f64,
    /// The registry's infarct mortality by the same day.
    pub naive: f64,
}

/// Mean absolute errors over the infarct trials since 2005.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracy {
    pub cases: Vec<Case>,
    pub from_entry_criteria: f64,
    pub naive: f64,
    /// The same, trials weighted by patients of the control arm.
    pub weighted: [f64; 2],
}

/// Year of the first trial counted.
pub const SINCE: u32 = 2005;

impl Accuracy {
    /// `infarct` holds the registry's infarct shock with death by several days as end points.
    pub fn new(replays: &[Replay], infarct: &Scenario) -> Self {
        let trial = &infarct.runs[0].trial;
        let naive = risks(trial, &infarct.usual_care.predicted, &infarct.pool, 0);
        let by = |day: f64| {
            let e = trial.endpoints.iter().position(|e| (e.by - day).abs() < 0.5);
            e.map(|e| naive[e].value)
        };
        let mut cases = Vec::new();
        for replay in replays.iter().filter(|r| r.infarct && r.year >= SINCE) {
            let usable =
                |r: &&ArmRow| r.usual && r.death && r.standing.judged(true).is_some() && r.by >= 28.0;
            let row = replay.rows.iter().find(usable);
            if let Some((row, naive)) = row.and_then(|r| Some((r, by(r.by)?))) {
                cases.push(Case {
                    title: replay.title.clone(),
                    label: row.label.clone(),
                    patients: row.patients,
                    published: row.published,
                    from_entry_criteria: row.predicted.risk.value,
                    naive,
                });
            }
        }
        let n = cases.len() as f64;
        let mean = |error: &dyn Fn(&Case) -> f64| cases.iter().map(error).sum::<f64>() / n;
        let whole: f64 = cases.iter().map(|c| f64::from(c.patients)).sum();
        let weighted = |error: &dyn Fn(&Case) -> f64| {
            cases.iter().map(|c| f64::from(c.patients) * error(c)).sum::<f64>() / whole
        };
        let entry = |c: &Case| (c.from_entry_criteria - c.published).abs();
        let ignoring = |c: &Case| (c.naive - c.published).abs();
        Accuracy {
            from_entry_criteria: mean(&entry),
            naive: mean(&ignoring),
            weighted: [weighted(&entry), weighted(&ignoring)],
            cases,
        }
    }

    /// Whether entry criteria do better than ignoring them.
    pub fn entry_criteria_win(&self) -> bool {
        self.from_entry_criteria < self.naive
    }
}

/// Days by which the registry's infarct mortality is asked for.
pub const DAYS: [u32; 4] = [28, 30, 180, 365];

/// The scenario of all infarct shock of the registry, as text.
pub fn infarct_scenario(registry: &str) -> String {
    let endpoints: String = DAYS
        .iter()
        .map(|day| format!("[endpoint.death_{day}d]\nany_of = [\"death\"]\nby = \"{day} days\"\n\n"))
        .collect();
    format!(
        r#"title = "Infarct shock"
seed  = 1

[population]
registry = "{registry}"
eligible = ["cause = ami"]

[arm.usual]
[arm.other]

{endpoints}
[estimand.primary]
endpoint = "death_30d"
compare  = {{ treatment = "other", control = "usual" }}
summary  = "risk_ratio"

[trial]
patients   = 100
allocation = {{ ratio = {{ usual = 1, other = 1 }} }}
follow_up  = "365 days"
design     = {{ fixed = {{ alpha = {{ two_sided = 0.05 }} }} }}
"#
    )
}
