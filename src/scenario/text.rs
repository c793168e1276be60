//! A scenario as written: the keys of the TOML file, before anything is checked across fields.
//!
//! The order is a protocol's: who, what can happen, what each arm does, what is asked, how the trial
//! is run. The key is the kind (`effect.stroke = { hazard_ratio = 0.8 }`), so that an error knows its line.

use super::adaptive_text::{BayesianText, ReEstimationText};
use super::family_text::{
    AlphaSplitText, BayesianArmsText, ClosedTestText, DropTheLoserText, EnrichmentText, FactorialText,
    GraphicalText, HierarchicalText, MultiStageText, PlatformText, ResponseAdaptiveText,
};
use crate::{
    analysis::comparison::{Summary, Test},
    population::{homogeneous::HomogeneousDocument, recorded::RecordedDocument},
    trial::estimand::Strategy,
    units::Days,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// A table whose keys are names, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<T> Named<T> {
    /// The value called `name`.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// The place of `name`.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(n, _)| n == name)
    }

    /// All names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(n, _)| n.as_str()).collect()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Named<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of names")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Named(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object",
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}

/// A whole scenario, without its variants, sweep and expectations.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioText {
    /// The name of the trial.
    pub title: String,
    /// The question the simulation serves, in a sentence.
    #[serde(default)]
    pub question: String,
    /// What the reader should know before believing the result; printed in the report.
    #[serde(default)]
    pub limits: Vec<String>,
    /// How many trials are simulated.
    #[serde(default = "default_replicates")]
    pub replicates: u64,
    /// Every random number follows from it.
    pub seed: u64,
    /// Removes every effect of every arm: events, bail-out, changes of arm.
    #[serde(default)]
    pub null: bool,
    /// What is thought of the effect before the trial.
    pub prior: Option<PriorText>,
    /// Strategies that are set beside the base.
    pub comparison: Option<ComparisonText>,
    pub population: PopulationText,
    pub arm: Named<ArmText>,
    pub endpoint: Named<EndpointText>,
    pub estimand: Named<EstimandText>,
    pub trial: TrialText,
}

fn default_replicates() -> u64 {
    10_000
}

/// What is thought, before the trial, of the share of the stated benefit that is true.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PriorText {
    /// What finished trials of shock saw of what they had assumed; so it is unless the scenario says otherwise.
    FinishedTrials,
    /// A normal distribution: 1 is the benefit as stated, 0.5 half of it, 0 none.
    ShareOfBenefit { mean: f64, sd: f64 },
}

/// Strategies of enrolment that are set beside the base: at equal numbers of patients, and at equal numbers
/// of candidates screened, which with one stream of candidates is equal time.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ComparisonText {
    /// Names of variants.
    pub strategies: Vec<String>,
    /// Whom it would be right to treat, as a rule that reads covariates as each strategy records them; without it,
    /// those in whom the treatment lowers a hazard of death.
    pub right: Option<String>,
    pub cost: Option<CostText>,
}

/// What a trial and a treatment cost, in any currency.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct CostText {
    /// To screen one candidate, the phenotype test included.
    #[serde(default)]
    pub screened: f64,
    /// To enrol and follow one patient.
    #[serde(default)]
    pub enrolled: f64,
    /// To treat one patient with the new treatment beyond usual care.
    #[serde(default)]
    pub treated: f64,
}

/// Who can be enrolled.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PopulationText {
    /// A population file, relative to the scenario.
    pub registry: Option<String>,
    /// Patients who are all alike.
    pub homogeneous: Option<HomogeneousDocument>,
    /// Entry criteria; all have to hold. They read recorded covariates.
    #[serde(default)]
    pub eligible: Vec<String>,
    /// How covariates are recorded, where that differs from what is so: by name.
    #[serde(default)]
    pub recorded: Named<RecordedDocument>,
    /// Time from admission with shock to randomisation; only those alive then are enrolled.
    pub delay: Option<Days>,
    /// Risks the trial is anchored to.
    #[serde(default)]
    pub anchor: Vec<AnchorText>,
    /// Factor on the excess hazard of death and longer stay after a complication: 0 none, 1 as the population says.
    #[serde(default = "one")]
    pub excess_after_complications: f64,
    /// Events the registry does not know.
    #[serde(default)]
    pub event: Named<EventText>,
    /// Numbers, durations and counts measured in the patients.
    #[serde(default)]
    pub measurement: Named<MeasurementText>,
}

/// An event of the stay in hospital that a scenario adds to the registry's.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct EventText {
    pub label: Option<String>,
    /// Probability by a day in a patient of usual risk, were it the only event.
    pub risk: f64,
    pub by: Days,
    /// First day on which it can happen.
    pub from: Option<Days>,
    /// Last day on which it can happen.
    pub until: Option<Days>,
    /// How the log hazard moves with the patient's risk of death.
    #[serde(default)]
    pub per_unit_of_risk: f64,
    /// What it multiplies the hazards of death in hospital and of discharge by once it has happened.
    #[serde(default)]
    pub multiplies: Named<f64>,
}

/// A measurement: a number, a duration or a count.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct MeasurementText {
    pub label: Option<String>,
    #[serde(default)]
    pub unit: String,
    pub number: Option<NumberText>,
    pub duration: Option<DurationText>,
    pub count: Option<CountText>,
}

/// A number at baseline and on some days. Of a logged number all but the baseline median are logarithms.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct NumberText {
    /// Mean at baseline.
    pub mean: Option<f64>,
    /// Median at baseline of a number analysed as its logarithm.
    pub median: Option<f64>,
    /// A covariate of the registry that is the baseline.
    pub covariate: Option<String>,
    /// Spread at baseline.
    #[serde(default)]
    pub sd: f64,
    /// How the baseline moves with the patient's risk of death.
    #[serde(default)]
    pub per_unit_of_risk: f64,
    /// Days of measurement.
    pub on: Vec<Days>,
    /// Mean change from baseline on each of them.
    pub change: Vec<f64>,
    /// How far a patient keeps to his baseline: 1 altogether, 0 not at all.
    pub follows_baseline: f64,
    /// Spread about what the baseline says.
    pub residual_sd: f64,
    /// Share of that variance that is the same on all days.
    #[serde(default)]
    pub shared: f64,
}

/// How long something lasts from randomisation.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct DurationText {
    pub median: Days,
    pub sd_of_log: f64,
    /// How its logarithm moves with the patient's risk of death.
    #[serde(default)]
    pub per_unit_of_risk: f64,
}

/// How often something happens.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct CountText {
    pub rate_per_day: f64,
    /// Shape of the gamma distribution of patients' own rates; 0 for none. The smaller, the more they differ.
    #[serde(default)]
    pub shape: u32,
    #[serde(default)]
    pub per_unit_of_risk: f64,
}

fn one() -> f64 {
    1.0
}

/// A published risk the trial's patients are moved to, by one shift of log hazards.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnchorText {
    pub risk: f64,
    /// The end point whose risk it is.
    pub of: String,
    /// The arm it was seen in.
    pub arm: String,
    /// The day from which the shift holds.
    pub from: Option<Days>,
    /// Eligibility of the reference population, if not the scenario's own.
    pub on: Option<Vec<String>>,
    pub conditions: Option<Conditions>,
    /// The events whose hazard is shifted; by default the anchored deaths, or the one complication of the end point.
    pub shifts: Option<Vec<String>>,
}

/// Under which conditions a stated result holds.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Conditions {
    /// Everybody gets the assigned arm and nothing else.
    FullAdherence,
    /// With the arm's bail-outs and changes of arm.
    AsRun,
}

/// One arm and what it does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArmText {
    pub label: Option<String>,
    /// Intervention files, relative to the scenario, whose effects the arm has.
    #[serde(default)]
    pub interventions: Vec<String>,
    /// Effects on the hazards of events, against usual care.
    #[serde(default)]
    pub effect: Named<EffectText>,
    /// Effects on what is measured.
    #[serde(default)]
    pub measured: Named<MeasuredText>,
    /// Later change to the treatment of another arm.
    #[serde(default)]
    pub bail_out: Vec<BailOutText>,
    /// A share of patients who get another arm's treatment from the start.
    #[serde(default)]
    pub instead: Vec<InsteadText>,
    /// Time from randomisation to the start of the treatment; until then its effects do not hold.
    pub starts_after: Option<Days>,
    /// Share of the arm's benefit that is true: a factor on the log hazard ratios by which it does good.
    #[serde(default = "one")]
    pub share_of_benefit: f64,
}

/// What an arm does to a measurement, by one of two keys.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct MeasuredText {
    /// Added to a number.
    pub difference: Option<f64>,
    /// Factor on a duration, a rate, or a number whose logarithm is analysed.
    pub ratio: Option<f64>,
}

/// What an arm does to one event. One of the first six keys says how it is stated.
#[derive(Clone, Debug, Deserialize, JsonSchema, Default, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct EffectText {
    /// Conditional hazard ratio, constant in time.
    pub hazard_ratio: Option<f64>,
    /// Conditional hazard ratios by period since randomisation.
    pub by_period: Option<Vec<PeriodText>>,
    /// A ratio of risks or odds of a rare event, taken as the conditional hazard ratio.
    pub taken_as_hazard_ratio: Option<RareText>,
    /// Ratio of the risk of this event by the end of follow-up, against the control arm as run.
    pub risk_ratio: Option<f64>,
    /// The effect is what gives this result.
    pub such_that: Option<SuchThatText>,
    /// The same effect as on another event.
    pub same_as: Option<String>,
    /// Patients in whom the effect holds; outside, the hazard ratio is 1.
    pub within: Option<String>,
}

/// A published ratio that stands for a hazard ratio.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RareText {
    RiskRatio(f64),
    OddsRatio(f64),
}

impl RareText {
    /// The ratio.
    pub fn value(&self) -> f64 {
        match self {
            RareText::RiskRatio(value) | RareText::OddsRatio(value) => *value,
        }
    }
}

/// A hazard ratio up to a day; the last period needs none.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PeriodText {
    pub until: Option<Days>,
    pub hazard_ratio: f64,
}

/// A result to be reached: a risk in the arm, its ratio to the control's, or the limit of the trial's own Cox estimate.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SuchThatText {
    pub risk: Option<f64>,
    /// Ratio of the risks of this arm and its control.
    pub risk_ratio: Option<f64>,
    pub hazard_ratio: Option<f64>,
    /// The end point the result is about.
    pub of: String,
    pub on: Option<Vec<String>>,
    pub conditions: Option<Conditions>,
}

/// Bail-out: patients of this arm who change to the treatment of another.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct BailOutText {
    pub to: String,
    /// Share of the arm that changes by the day `by`, as run.
    pub risk: f64,
    pub by: Days,
    /// Power of the patient's own hazard of death from shock that the hazard of bail-out follows; 0 none.
    #[serde(default = "default_follows_risk")]
    pub follows_risk: f64,
}

fn default_follows_risk() -> f64 {
    0.4
}

/// A share of an arm's patients who get another arm's treatment from the start.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct InsteadText {
    pub arm: String,
    pub share: f64,
}

/// An end point. One of `any_of`, `value`, `peak`, `count`, `days_free` and `tiers` says what it is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointText {
    pub label: Option<String>,
    /// Events of the population; `death` is death from any cause, `bail_out` a change of treatment.
    #[serde(default)]
    pub any_of: Vec<String>,
    /// The horizon, or the day of a measurement.
    pub by: Days,
    /// `discharge`: only what happens during the stay counts.
    pub until: Option<UntilText>,
    /// Events that rule it out if they come first.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Horizons of their own for some of the events.
    #[serde(default)]
    pub within: Named<Days>,
    /// Events that count in one arm instead.
    #[serde(default)]
    pub in_arm: Named<Vec<String>>,
    pub value: Option<ValueText>,
    pub peak: Option<ValueText>,
    pub count: Option<CountOfText>,
    pub days_free: Option<DaysFreeText>,
    /// Other end points, the worst first.
    #[serde(default)]
    pub tiers: Vec<TierText>,
    #[serde(default)]
    pub better: Better,
}

/// When an end point ends before its horizon.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum UntilText {
    Discharge,
}

/// A number on the day of the end point, or its peak up to then.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ValueText {
    /// The measurement.
    pub of: String,
    /// Whether its change from baseline is meant.
    #[serde(default)]
    pub change: bool,
    /// What becomes of those who die before.
    pub death: DeathText,
}

/// What becomes of patients who die before a measurement.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum DeathText {
    LeftOut,
    Worst,
}

/// A count until some events, at the latest until the horizon.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct CountOfText {
    pub of: String,
    pub until: Vec<String>,
}

/// Days alive up to the horizon: all of them, or those after a duration or an event.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct DaysFreeText {
    /// The duration that has to be over.
    pub of: Option<String>,
    /// The event that has to have happened.
    pub after: Option<String>,
    pub death: DaysAtDeathText,
}

/// How many days those have who die by the horizon.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum DaysAtDeathText {
    /// None.
    None,
    /// Those they lived.
    UntilDeath,
}

/// One level of a hierarchy, naming another end point.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TierText {
    /// The later event wins.
    Later(String),
    /// No event wins.
    FreeOf(String),
    /// The better number wins.
    Value(String),
}

/// Which direction is benefit.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    #[default]
    Lower,
    Higher,
}

/// A question: two arms compared on an end point, by a summary measure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EstimandText {
    pub endpoint: String,
    pub compare: CompareText,
    /// Two other arms whose effect is subtracted: the estimand is an interaction.
    pub minus: Option<CompareText>,
    pub summary: Summary,
    pub test: Option<Test>,
    /// Further summary measures of the same comparison; each is an estimand named `NAME.measure`.
    #[serde(default)]
    pub also: Vec<Summary>,
    #[serde(default)]
    pub subgroups: Vec<String>,
    /// What is made of bail-outs.
    #[serde(default)]
    pub strategy: Strategy,
    /// For a principal stratum: its patients would not bail out in these arms; by default both compared.
    #[serde(default)]
    pub stratum: Vec<String>,
    /// Strata of a stratified test.
    #[serde(default)]
    pub strata: Vec<String>,
    pub better: Option<Better>,
    /// What it is to show; that the treatment is better unless said.
    #[serde(default)]
    pub claim: ClaimText,
}

/// What an estimand is to show.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClaimText {
    #[default]
    Superiority,
    /// Worse by less than this: a difference, or a ratio.
    NonInferiority(f64),
    /// Neither worse nor better by as much as this.
    Equivalence(f64),
}

/// The two sides of a comparison.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareText {
    pub treatment: SideText,
    pub control: SideText,
}

/// One side of a comparison: an arm, or several whose patients are taken together.
#[derive(Clone, Debug, PartialEq)]
pub struct SideText(pub Vec<String>);

impl SideText {
    /// The first arm.
    pub fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Whether an arm is on this side.
    pub fn holds(&self, arm: &str) -> bool {
        self.0.iter().any(|name| name == arm)
    }
}

impl JsonSchema for SideText {
    fn schema_name() -> Cow<'static, str> {
        "Side".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "The name of an arm, or a list of names whose patients are taken together.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        })
    }
}

impl<'de> Deserialize<'de> for SideText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Side;
        impl<'de> Visitor<'de> for Side {
            type Value = SideText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an arm in quotes, or a list of such names")
            }
            fn visit_str<E>(self, name: &str) -> Result<SideText, E> {
                Ok(SideText(vec![name.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<SideText, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(SideText(names))
            }
        }
        deserializer.deserialize_any(Side)
    }
}

/// How the trial is run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialText {
    pub patients: u32,
    pub allocation: AllocationText,
    pub sites: Option<SitesText>,
    pub follow_up: Days,
    pub loss: Option<LossText>,
    /// Share of eligible patients who take part.
    #[serde(default = "one")]
    pub consent: f64,
    /// The same among those who meet a rule; the first that holds counts.
    #[serde(default)]
    pub consent_if: Vec<ConsentText>,
    pub deferred_consent: Option<DeferredConsentText>,
    /// Change of mortality over calendar time.
    pub trend: Option<TrendText>,
    /// Recruitment ends on this day after the first site opened, whatever the number of patients.
    pub recruitment_ends: Option<Days>,
    /// Something outside may end recruitment: funding, a pandemic, another trial's result.
    pub external_stop: Option<ExternalStopText>,
    /// Time from an outcome to its place in the database.
    pub adjudication: Option<Days>,
    pub design: DesignText,
}

/// Who gets which arm.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationText {
    pub ratio: Named<u32>,
    /// Sizes of permuted blocks, one drawn at random for each block; none is simple allocation.
    #[serde(default)]
    pub blocks: Vec<u32>,
    /// `site` or covariates; blocks are kept within each combination.
    #[serde(default)]
    pub stratify_by: Vec<String>,
    pub minimise: Option<MinimiseText>,
    pub clusters: Option<ClustersText>,
}

/// Minimisation over some factors.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MinimiseText {
    /// `site`, covariates or rules.
    pub over: Vec<String>,
    /// Probability that the arm with the least imbalance is chosen.
    #[serde(default = "default_minimise")]
    pub probability: f64,
}

fn default_minimise() -> f64 {
    0.8
}

/// Whole sites are randomised.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClustersText {
    Parallel {},
    SteppedWedge(SteppedWedgeText),
}

/// Sites change from one arm to another, group by group.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SteppedWedgeText {
    pub from: String,
    pub to: String,
    /// The first change, since the first site opened.
    pub first: Days,
    pub every: Days,
    pub steps: u16,
}

/// Consent among those who meet a rule on recorded covariates.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentText {
    pub rule: String,
    pub share: f64,
}

/// Survivors are asked for consent after the emergency.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeferredConsentText {
    pub asked: Days,
    /// Share of those asked who refuse.
    pub refuse: f64,
    /// The same by arm, where it differs.
    #[serde(default)]
    pub refuse_in: Named<f64>,
    pub data: RefusedText,
}

/// What becomes of the data of who refuses.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum RefusedText {
    Removed,
    KeptUntilThen,
}

/// A trend in mortality.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrendText {
    pub death_hazard_ratio_per_year: f64,
}

/// The chance that recruitment is ended from outside by a day.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalStopText {
    pub risk: f64,
    pub by: Days,
}

/// Where patients come from, and how fast.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SitesText {
    pub count: u32,
    /// Sites open evenly over this time.
    pub opening: Option<Days>,
    pub patients_per_site_month: f64,
    /// Sites open at random times within `opening` instead of evenly.
    #[serde(default)]
    pub random_opening: bool,
    /// Coefficient of variation of the rates of sites.
    #[serde(default)]
    pub rate_variation: f64,
    /// Times in which nobody is enrolled.
    #[serde(default)]
    pub pauses: Vec<PauseText>,
    /// Patients a site may enrol.
    pub most_patients: Option<u32>,
    /// Kinds of sites.
    #[serde(default)]
    pub class: Named<SiteClassText>,
    /// Standard deviation over sites of the log hazard of death.
    #[serde(default)]
    pub death_sd: f64,
    /// Standard deviation over sites of the log hazard ratio of death under a treatment.
    #[serde(default)]
    pub effect_sd: f64,
}

/// A pause of all sites.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseText {
    pub from: Days,
    pub lasting: Days,
}

/// Sites of one kind.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteClassText {
    /// Share of the sites.
    pub share: f64,
    /// Rate against other kinds.
    #[serde(default = "one")]
    pub rate: f64,
    /// Hazard ratio of death against a usual site.
    #[serde(default = "one")]
    pub death_hazard_ratio: f64,
}

/// Loss to follow-up at a constant rate.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LossText {
    pub share: f64,
    pub by: Days,
    /// Power of the patient's own hazard of death that the hazard of loss follows; 0 none.
    #[serde(default)]
    pub follows_risk: f64,
    /// Hazard ratio of loss by arm.
    #[serde(default)]
    pub hazard_ratio: Named<f64>,
}

/// The design; one key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DesignText {
    Fixed(FixedText),
    StopOrGo(StopOrGoText),
    GroupSequential(Box<GroupSequentialText>),
    ReEstimation(Box<ReEstimationText>),
    Bayesian(Box<BayesianText>),
    CoPrimary(CoPrimaryText),
    ClosedTest(ClosedTestText),
    Graphical(GraphicalText),
    Hierarchical(HierarchicalText),
    AlphaSplit(AlphaSplitText),
    Factorial(FactorialText),
    MultiArmMultiStage(MultiStageText),
    DropTheLoser(DropTheLoserText),
    ResponseAdaptive(ResponseAdaptiveText),
    Platform(PlatformText),
    BayesianArms(BayesianArmsText),
    Enrichment(EnrichmentText),
}

/// One analysis, when everyone is followed up.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedText {
    pub alpha: AlphaText,
}

/// One analysis of several estimands, all of which have to show benefit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoPrimaryText {
    pub alpha: AlphaText,
    pub estimands: Vec<String>,
}

/// Two stages: the trial stops for futility after the first unless the statistic is good enough.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopOrGoText {
    pub alpha: AlphaText,
    /// Share of the patients in the first stage.
    pub first_stage: f64,
    /// The trial goes on if the benefit, in standard errors, is above this.
    pub go_if_benefit_above: f64,
}

/// Looks at which the trial may stop.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSequentialText {
    pub alpha: AlphaText,
    /// Information at each look as a share of all, the last 1: of the patients, unless `events` or `months`
    /// say when the looks are.
    pub looks: Option<Vec<f64>>,
    /// Looks when so many of the primary end point have happened.
    pub events: Option<Vec<u32>>,
    /// Looks so many months after the first site opened; `looks` then says what information is expected.
    pub months: Option<Vec<f64>>,
    /// Whether a look at a share of the patients waits until they have reached the primary horizon.
    #[serde(default)]
    pub when: WhenText,
    /// Primary events that make full information, for looks whose information is only known when made.
    pub full_events: Option<f64>,
    /// An exact family, or stated bounds.
    pub boundary: Option<BoundaryText>,
    /// A spending function.
    pub spending: Option<SpendingText>,
    /// What the error is spent by; information unless said.
    #[serde(default)]
    pub spend_by: SpendByText,
    pub futility: Option<FutilityText>,
    /// Bounds on z in the direction of harm, for a one-sided test.
    pub harm: Option<HarmText>,
    pub recruitment: Option<RecruitmentText>,
    /// Time from the cut of the data to the decision.
    pub lag: Option<Days>,
    /// Adds the estimates that allow for stopping: `NAME.stagewise` and `NAME.repeated`.
    #[serde(default)]
    pub estimates: bool,
}

/// When a look at a share of the patients is made.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum WhenText {
    /// When all of them have reached the primary horizon.
    #[default]
    FollowedUp,
    /// When the last of them is enrolled, with what is known then.
    Enrolled,
}

/// Bounds that are all known beforehand.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BoundaryText {
    #[serde(rename = "obrien_fleming")]
    OBrienFleming,
    Pocock,
    WangTsiatis(f64),
    HaybittlePeto(f64),
    /// Bounds on z, positive for benefit.
    Stated(Vec<f64>),
}

/// How error is spent.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SpendingText {
    #[serde(rename = "obrien_fleming")]
    OBrienFleming,
    Pocock,
    HwangShihDecani(f64),
    KimDemets(f64),
    /// Error spent by each look, in the direction of benefit, the last the whole.
    Stated(Vec<f64>),
}

/// What spending follows.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SpendByText {
    #[default]
    Information,
    /// The share of the planned months that has passed.
    Time,
}

/// When to give up. One of the first four keys says how.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct FutilityText {
    /// Stop below these; z counted upwards for benefit, one for each look before the last.
    pub z: Option<Vec<f64>>,
    /// Stop if the conditional power of the last look is below this.
    pub conditional_power: Option<f64>,
    /// Stop if the predictive power of the last look is below this.
    pub predictive_power: Option<f64>,
    /// Spend the chance of missing the effect like this.
    pub beta_spending: Option<SpendingText>,
    /// What conditional power assumes of patients still to come.
    #[serde(default)]
    pub assuming: AssumingText,
    /// Power of the trial at the effect it is designed for: beta spending spends the rest, and conditional
    /// power can assume this effect.
    pub power: Option<f64>,
    /// Whether the trial must stop, so that the bounds for benefit may be lower.
    #[serde(default)]
    pub binding: bool,
}

/// What conditional power assumes.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AssumingText {
    /// The effect seen so far.
    #[default]
    Trend,
    /// The effect the design is meant to find.
    Design,
}

/// Bounds for harm. One of the keys.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct HarmText {
    /// Stop above these, one for each look before the last.
    pub z: Option<Vec<f64>>,
    /// Spend `error` like this.
    pub spending: Option<SpendingText>,
    /// Chance of stopping for harm without effect.
    pub error: Option<f64>,
}

/// Whether patients are enrolled while a look is prepared.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum RecruitmentText {
    GoesOn,
    Waits,
}

/// The error of a false claim of benefit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AlphaText {
    OneSided(f64),
    TwoSided(f64),
}

impl AlphaText {
    /// The error in the direction of benefit.
    pub fn one_direction(&self) -> f64 {
        match self {
            AlphaText::OneSided(alpha) => *alpha,
            AlphaText::TwoSided(alpha) => alpha / 2.0,
        }
    }
}

/// A change of the scenario, run beside it on the same patients.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantText {
    pub name: String,
    #[serde(default)]
    pub null: Option<bool>,
    pub replicates: Option<u64>,
    /// Whether it takes a part of the model away: such variants are run together too, one more at a time, to
    /// show where the power went.
    #[serde(default)]
    pub takes_away: bool,
    /// Whether the sweep is run for this variant too.
    #[serde(default)]
    pub sweep: bool,
    #[serde(default)]
    pub why: String,
}

/// What must come back.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectText {
    pub variant: Option<String>,
    pub risk: Option<f64>,
    pub power: Option<f64>,
    pub truth: Option<f64>,
    pub estimate_mean: Option<f64>,
    /// End point or event of a risk; estimand of anything else.
    pub of: String,
    pub arm: Option<String>,
    pub within: f64,
    /// Why `within` may be wider than the figure's own interval or 2 points.
    #[serde(default)]
    pub why: String,
}
