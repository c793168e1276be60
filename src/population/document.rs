//! A population as its file writes it. Citations are resolved before these types are read.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// A synthetic registry: causes, patients, what happens to them, and what it has to reproduce.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryDocument {
    pub title: String,
    #[serde(default)]
    pub about: String,
    /// Seed of the rows.
    pub seed: u64,
    /// How many rows, from the first, the parameters are solved on.
    pub calibration_rows: u64,
    pub cause: Vec<CauseDocument>,
    pub covariate: Vec<CovariateDocument>,
    #[serde(default)]
    pub correlation: CorrelationDocument,
    pub course: CourseDocument,
    #[serde(default)]
    pub predictor: Vec<PredictorDocument>,
    pub risk: Option<RiskDocument>,
    pub event: Vec<EventDocument>,
    /// Entry rules by name, for the targets.
    #[serde(default)]
    pub eligible: BTreeMap<String, String>,
    #[serde(default)]
    pub target: Vec<crate::calibration::target::TargetDocument>,
}

/// A cause of shock.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseDocument {
    pub name: String,
    pub label: String,
    /// Share of the registry; shares are scaled to add up to 1.
    pub share: f64,
    /// The course its patients follow: which shape their hazards have in time.
    pub course: String,
}

/// A covariate; exactly one of the tables says how it is made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CovariateDocument {
    pub name: String,
    pub label: String,
    #[serde(default)]
    pub unit: String,
    /// Where the numbers come from that carry no citation of their own.
    #[serde(default)]
    pub assumed: String,
    pub normal: Option<NormalDocument>,
    pub log_normal: Option<LogNormalDocument>,
    pub flag: Option<FlagDocument>,
    pub category: Option<CategoryDocument>,
    pub points: Option<Vec<PointsDocument>>,
    pub rules: Option<RulesDocument>,
    pub follows: Option<FollowsDocument>,
    pub above: Option<AboveDocument>,
    /// Patients outside this rule have the value 0.
    pub only_if: Option<String>,
    /// Added to the value of patients who meet a rule, then held within the limits.
    #[serde(default)]
    pub shift: Vec<ShiftDocument>,
    /// Probability of each recorded level for each true level, in the order of the levels.
    pub recorded: Option<BTreeMap<String, Vec<f64>>>,
}

/// A normal covariate, cut off at its limits; mean and sd are before cutting.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormalDocument {
    pub mean: ByCause,
    pub sd: ByCause,
    pub limits: Option<[f64; 2]>,
}

/// A log-normal covariate; values beyond the limits are set to them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormalDocument {
    pub median: ByCause,
    pub sd_of_log: ByCause,
    pub limits: Option<[f64; 2]>,
}

/// A yes-or-no covariate: yes above the point of a normal latent value that gives the prevalence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagDocument {
    pub prevalence: Option<ByCause>,
    /// Prevalence within the two groups that an earlier flag makes.
    pub given: Option<GivenDocument>,
    /// A covariate whose latent value is shared, instead of one of its own.
    pub latent: Option<String>,
}

/// Prevalences among those with and without an earlier flag.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenDocument {
    pub flag: String,
    pub yes: ByCause,
    pub no: ByCause,
}

/// A covariate with levels, from low to high latent value; the first level takes what is left.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryDocument {
    pub levels: Vec<String>,
    #[serde(default)]
    pub ordered: bool,
    /// Share of every level but the first.
    pub share: BTreeMap<String, ByCause>,
}

/// Points for patients who meet a rule; the covariate is the sum.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsDocument {
    pub points: f64,
    #[serde(rename = "if")]
    pub when: String,
}

/// Levels by the first rule a patient meets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesDocument {
    /// The levels from low to high.
    pub levels: Vec<String>,
    pub first_of: Vec<RuleDocument>,
    pub otherwise: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDocument {
    pub level: String,
    #[serde(rename = "if")]
    pub when: String,
}

/// A number that follows an earlier one along a line, with a residual.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowsDocument {
    pub covariate: String,
    pub intercept: f64,
    pub slope: f64,
    pub residual_sd: f64,
    pub limits: Option<[f64; 2]>,
}

/// Yes where an earlier number lies above a cut.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboveDocument {
    pub covariate: String,
    pub cut: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftDocument {
    #[serde(rename = "if")]
    pub when: String,
    pub by: f64,
}

/// Correlations of latent values; pairs not written are independent given cause.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrelationDocument {
    #[serde(default)]
    pub assumed: String,
    #[serde(default)]
    pub between: BTreeMap<String, BTreeMap<String, f64>>,
}

/// The clock of the hazards.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourseDocument {
    /// First day of each period; the last period has no end.
    pub periods_from_day: Vec<f64>,
}

/// What a log hazard is linear in; exactly one of the tables says how it is computed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictorDocument {
    pub name: String,
    pub log_ratio: Option<LogRatioDocument>,
    pub per: Option<PerDocument>,
    /// 1 where the rule holds, otherwise 0.
    #[serde(rename = "if")]
    pub when: Option<String>,
    /// 0 for patients outside this rule.
    pub only_if: Option<String>,
}

/// `ln(covariate / to)`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogRatioDocument {
    pub of: String,
    pub to: f64,
}

/// `(covariate − from) / step`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerDocument {
    pub step: f64,
    pub of: String,
    pub from: f64,
}

/// A patient's risk: the predictors of one event, without cause and levels, less a constant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskDocument {
    pub event: String,
    pub less: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindDocument {
    Death,
    Complication,
    Discharge,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingDocument {
    #[default]
    InHospital,
    AfterDischarge,
}

/// An event: hazard per day = exp(log rate + Σ coefficient · predictor) · hazard of the period.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventDocument {
    pub name: String,
    pub label: String,
    pub kind: KindDocument,
    #[serde(default)]
    pub setting: SettingDocument,
    /// Whether a trial's mortality anchor moves it.
    #[serde(default)]
    pub anchored: bool,
    #[serde(default)]
    pub log_rate: ByCause,
    pub hazard_by_period: ByCourse,
    #[serde(default)]
    pub log_hazard_ratio: BTreeMap<String, f64>,
    /// Log hazard ratios for the levels of a covariate; not part of the risk.
    #[serde(default)]
    pub by_level: BTreeMap<String, BTreeMap<String, f64>>,
    /// Coefficient of the risk.
    #[serde(default)]
    pub per_unit_of_risk: f64,
    /// Only patients who meet this rule can have the event.
    pub only_if: Option<String>,
    /// What the event multiplies other hazards by once it has started.
    #[serde(default)]
    pub multiplies: BTreeMap<String, f64>,
    #[serde(default)]
    pub assumed: String,
}

/// A number for each cause: one for all, or a table by cause in which `others` stands for the rest.
#[derive(Clone, Debug, PartialEq)]
pub enum ByCause {
    Same(f64),
    Each(BTreeMap<String, f64>),
}

impl Default for ByCause {
    fn default() -> Self {
        ByCause::Same(0.0)
    }
}

impl<'de> Deserialize<'de> for ByCause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = ByCause;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number, or a table with a number for each cause")
            }
            fn visit_f64<E: Error>(self, v: f64) -> Result<ByCause, E> {
                Ok(ByCause::Same(v))
            }
            fn visit_i64<E: Error>(self, v: i64) -> Result<ByCause, E> {
                Ok(ByCause::Same(v as f64))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByCause, A::Error> {
                let mut each = BTreeMap::new();
                while let Some((k, v)) = map.next_entry::<String, f64>()? {
                    each.insert(k, v);
                }
                Ok(ByCause::Each(each))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl ByCause {
    /// The numbers in the order of `causes`; the error says which cause is missing or unknown.
    pub fn resolve(&self, causes: &[String]) -> Result<Vec<f64>, String> {
        let each = match self {
            ByCause::Same(x) => return Ok(vec![*x; causes.len()]),
            ByCause::Each(each) => each,
        };
        if let Some(unknown) = each.keys().find(|k| *k != "others" && !causes.contains(k)) {
            let names = causes.iter().map(String::as_str);
            return Err(format!("“{unknown}” is not a cause{}", super::problem::instead(unknown, names)));
        }
        causes
            .iter()
            .map(|c| each.get(c).or_else(|| each.get("others")).copied())
            .map(|v| v.ok_or(()))
            .collect::<Result<_, _>>()
            .map_err(|()| {
                let missing: Vec<&str> =
                    causes.iter().filter(|c| !each.contains_key(*c)).map(String::as_str).collect();
                format!("no number for {}; add it, or `others`", missing.join(", "))
            })
    }
}

/// Numbers for each period: one list for all courses, or a table with a list for each course.
#[derive(Clone, Debug, PartialEq)]
pub enum ByCourse {
    Same(Vec<f64>),
    Each(BTreeMap<String, Vec<f64>>),
}

impl<'de> Deserialize<'de> for ByCourse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = ByCourse;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(
                    "a list with a number for each period, or a table with such a list for each course",
                )
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ByCourse, A::Error> {
                let mut list = Vec::new();
                while let Some(x) = seq.next_element()? {
                    list.push(x);
                }
                Ok(ByCourse::Same(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByCourse, A::Error> {
                let mut each = BTreeMap::new();
                while let Some((k, v)) = map.next_entry::<String, Vec<f64>>()? {
                    each.insert(k, v);
                }
                Ok(ByCourse::Each(each))
            }
        }
        deserializer.deserialize_any(Read)
    }
}
