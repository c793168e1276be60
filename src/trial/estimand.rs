//! Estimands: two arms, an end point, a summary measure, and what is made of bail-outs.

use super::claim::Claim;
use crate::{analysis::comparison::Method, outcome::endpoint::AtBailOut};
use schemars::JsonSchema;
use serde::Deserialize;

/// What an estimand makes of a bail-out, the intercurrent event of a shock trial (ICH E9(R1)).
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Nothing: what happens afterwards is the outcome of the arm assigned.
    #[default]
    TreatmentPolicy,
    /// It is part of the end point.
    Composite,
    /// What happens afterwards does not count.
    WhileOnTreatment,
    /// What would have happened without it. The truth is that of potential outcomes; a trial can only
    /// censor at the bail-out, which is right if those who bail out are like those who do not.
    Hypothetical,
    /// The effect in those who would not bail out in certain arms. Nobody can point at them; a trial can
    /// only leave out those who were seen to bail out.
    PrincipalStratum,
}

impl Strategy {
    /// The word scenarios use.
    pub fn word(self) -> &'static str {
        match self {
            Strategy::TreatmentPolicy => "treatment_policy",
            Strategy::Composite => "composite",
            Strategy::WhileOnTreatment => "while_on_treatment",
            Strategy::Hypothetical => "hypothetical",
            Strategy::PrincipalStratum => "principal_stratum",
        }
    }

    /// The name people read.
    pub fn label(self) -> &'static str {
        match self {
            Strategy::TreatmentPolicy => "Treatment policy",
            Strategy::Composite => "Composite",
            Strategy::WhileOnTreatment => "While on treatment",
            Strategy::Hypothetical => "Hypothetical",
            Strategy::PrincipalStratum => "Principal stratum",
        }
    }

    /// What the analysis of a trial does at a bail-out.
    pub fn at_bail_out(self) -> AtBailOut {
        match self {
            Strategy::TreatmentPolicy => AtBailOut::GoesOn,
            Strategy::Composite => AtBailOut::Counts,
            Strategy::WhileOnTreatment => AtBailOut::Ends,
            Strategy::Hypothetical => AtBailOut::Censors,
            Strategy::PrincipalStratum => AtBailOut::LeavesOut,
        }
    }
}

/// How an estimate allows for the looks at which the trial could have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterStopping {
    /// Median-unbiased, with the interval of the stagewise order.
    Stagewise,
    /// Plain, with the interval that holds at every look.
    Repeated,
}

/// One comparison a trial reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimand {
    pub name: String,
    /// Index of the end point.
    pub endpoint: usize,
    /// Index of the arm hoped to do better.
    pub treatment: u8,
    /// Index of the arm it is compared with.
    pub control: u8,
    pub method: Method,
    pub strategy: Strategy,
    /// For a principal stratum: its patients would not bail out in these arms.
    pub stratum: Vec<u8>,
    /// Indices of the subgroups it is repeated in.
    pub subgroups: Vec<usize>,
    /// Index of the subgroup whose levels are the strata of a stratified test.
    pub strata: Option<usize>,
    /// What it is to show.
    pub claim: Claim,
    /// Whether its estimate allows for stopping, in a group sequential design.
    pub after_stopping: Option<AfterStopping>,
    /// Further arms on the side of the treatment and on that of the control, pooled with them.
    pub with: [Vec<u8>; 2],
    /// The treatment and control of another comparison whose effect is subtracted: an interaction.
    pub minus: Option<(u8, u8)>,
}

impl Estimand {
    /// The arms on the side of the treatment (0) or of the control (1).
    pub fn arms(&self, side: usize) -> impl Iterator<Item = u8> + '_ {
        let first = if side == 0 { self.treatment } else { self.control };
        std::iter::once(first).chain(self.with[side].iter().copied())
    }
}

impl Estimand {
    /// The name of its method in tables.
    pub fn method_name(&self) -> &'static str {
        self.claim.method_name(self.method)
    }
}
