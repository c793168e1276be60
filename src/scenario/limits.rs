//! How large a scenario may be: what is beyond is a slip of the pen or ill will, and either way would
//! exhaust the machine or a counter.
//!
//! Counts of patients and events fit 32 bits with room because of these, and totals over replicates 64.

use super::{document::Document, text::ScenarioText};
use crate::error::Finding;

/// Bytes of a scenario or population file.
pub const MOST_BYTES: u64 = 4 << 20;
/// Patients of a trial.
const MOST_PATIENTS: u64 = 1_000_000;
/// Replicates of a run.
pub const MOST_REPLICATES: u64 = 1_000_000_000;
/// Arms, end points, estimands, and subgroups of an estimand: rows carry their places in few bits.
const MOST_ARMS: u64 = 50;
const MOST_ENDPOINTS: u64 = 100;
const MOST_ESTIMANDS: u64 = 100;
const MOST_SUBGROUPS: u64 = 100;
/// Shares of an arm in the allocation ratio, and patients of a block.
const MOST_IN_BLOCK: u64 = 1_000;
/// Characters of an entry rule.
const MOST_IN_RULE: u64 = 10_000;
/// Days of follow-up: a century.
const MOST_DAYS: f64 = 36_525.0;

/// Everything in a run that is larger than it may be.
pub fn check(document: &Document, text: &ScenarioText) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut most = |path: &str, found: u64, most: u64, what: &str| {
        if found > most {
            let message = format!("{found} {what} are too many; at most {most} are possible");
            findings.push(document.finding(path, message));
        }
    };
    most("trial.patients", u64::from(text.trial.patients), MOST_PATIENTS, "patients");
    most("replicates", text.replicates, MOST_REPLICATES, "replicates");
    most("arm", text.arm.0.len() as u64, MOST_ARMS, "arms");
    most("endpoint", text.endpoint.0.len() as u64, MOST_ENDPOINTS, "end points");
    most("estimand", text.estimand.0.len() as u64, MOST_ESTIMANDS, "estimands");
    for (name, estimand) in &text.estimand.0 {
        let path = format!("estimand.{name}.subgroups");
        most(&path, estimand.subgroups.len() as u64, MOST_SUBGROUPS, "subgroups");
        for (i, rule) in estimand.subgroups.iter().enumerate() {
            most(&format!("{path}.{i}"), rule.len() as u64, MOST_IN_RULE, "characters of a rule");
        }
    }
    for (i, rule) in text.population.eligible.iter().enumerate() {
        let path = format!("population.eligible.{i}");
        most(&path, rule.len() as u64, MOST_IN_RULE, "characters of a rule");
    }
    for (arm, share) in &text.trial.allocation.ratio.0 {
        let path = format!("trial.allocation.ratio.{arm}");
        most(&path, u64::from(*share), MOST_IN_BLOCK, "shares of an arm");
    }
    for (i, block) in text.trial.allocation.blocks.iter().enumerate() {
        let path = format!("trial.allocation.blocks.{i}");
        most(&path, u64::from(*block), MOST_IN_BLOCK, "patients of a block");
    }
    if text.trial.follow_up.0 > MOST_DAYS {
        let message = format!("follow-up of {} is longer than a century", text.trial.follow_up);
        findings.push(document.finding("trial.follow_up", message));
    }
    findings
}
