//! Re-estimation of the size and Bayesian rules, as written.

use super::Builder;
use crate::{
    analysis::{comparison::Summary, subgroup::Subgroup},
    scenario::{
        adaptive_text::{
            BayesianText, BlindedText, CalibratedText, LastTestText, ModelText, PosteriorFutilityText,
            PriorText, PromisingText, ReEstimationText, SuccessText,
        },
        text::RecruitmentText,
    },
    statistics::{
        AtTable, BetaRisk, Comparison, NormalEffect, NormalMixture, crossing_probabilities, exact_looks,
        normal_quantile, solve::root,
    },
    trial::{
        design::{
            Bayesian, Design, ReEstimation, Recruitment,
            bayesian::{Futility, LastLook, Model, Shrinkage, tables},
            re_estimation::{LastTest, PlannedEffect, Rule},
        },
        estimand::Estimand,
    },
};

/// Patients beyond which all tables of two risks are too many to calibrate on.
const MOST_FOR_TABLES: u32 = 1200;

impl Builder<'_> {
    pub(super) fn re_estimation(&mut self, text: &ReEstimationText, estimands: &[Estimand]) -> Design {
        const PATH: &str = "trial.design.re_estimation";
        let level = self.alpha(&format!("{PATH}.alpha"), &text.alpha);
        let planned = self.text.trial.patients;
        if !(text.look > 0.0 && text.look < 1.0) {
            self.wrong(
                &format!("{PATH}.look"),
                format!(
                    "a look at {} is not between the start and the end; write a share such as 0.5",
                    text.look
                ),
            );
        }
        if text.most < planned {
            let message = format!("{} patients at the most are fewer than the {planned} planned", text.most);
            self.wrong(&format!("{PATH}.most"), message);
        }
        let mut design = ReEstimation {
            first: text.look,
            most: text.most.max(planned) as usize,
            rule: Rule::Promising {
                target: 0.9,
                from: f64::INFINITY,
                test: LastTest::Plain,
                stop_below: None,
            },
            critical: -normal_quantile(level),
            recruitment: self.going_on(&format!("{PATH}.recruitment"), text.recruitment),
            lag: text.lag.map_or(0.0, |lag| lag.0),
        };
        match (&text.blinded, &text.promising) {
            (Some(blinded), None) => design.rule = self.blinded(PATH, blinded, level, estimands),
            (None, Some(promising)) => {
                if self.findings.is_empty() {
                    design.rule = self.promising(PATH, promising, &design);
                }
            }
            _ => self.wrong(
                PATH,
                "say what the new size follows: blinded = { … } or promising = { … }, one of them",
            ),
        }
        Design::ReEstimation(Box::new(design))
    }

    fn blinded(&mut self, path: &str, text: &BlindedText, level: f64, estimands: &[Estimand]) -> Rule {
        let path = format!("{path}.blinded");
        let power = self.between(&format!("{path}.power"), text.power);
        let timed = estimands.first().is_some_and(|primary| primary.method.summary.needs_times());
        let mut ratio =
            |key: &str, value: f64| self.positive(&format!("{path}.{key}"), value, &key.replace('_', " "));
        let effect = match (text.risk_ratio, text.risk_difference, text.odds_ratio, text.hazard_ratio) {
            (Some(value), None, None, None) => PlannedEffect::RiskRatio(ratio("risk_ratio", value)),
            (None, Some(difference), None, None) => PlannedEffect::RiskDifference(difference),
            (None, None, Some(value), None) => PlannedEffect::OddsRatio(ratio("odds_ratio", value)),
            (None, None, None, Some(value)) => PlannedEffect::HazardRatio(ratio("hazard_ratio", value)),
            _ => {
                self.wrong(
                    &path,
                    "state the planned effect in one way: risk_ratio, risk_difference, odds_ratio or hazard_ratio",
                );
                return Rule::Blinded {
                    sizing: Comparison { level, power, ratio: 1.0 },
                    effect: PlannedEffect::RiskRatio(0.8),
                    least: 0,
                };
            }
        };
        match (timed, matches!(effect, PlannedEffect::HazardRatio(_))) {
            (true, false) => self.wrong(
                &path,
                "this primary estimand reads times, so its size follows from events; write hazard_ratio = …",
            ),
            (false, true) => self.wrong(
                &path,
                "this primary estimand compares risks; write risk_ratio, risk_difference or odds_ratio",
            ),
            _ => {}
        }
        let none = matches!(
            effect,
            PlannedEffect::RiskRatio(1.0)
                | PlannedEffect::OddsRatio(1.0)
                | PlannedEffect::HazardRatio(1.0)
                | PlannedEffect::RiskDifference(0.0)
        );
        if none {
            self.wrong(&path, "no effect needs no size; state the effect the trial is planned to find");
        }
        let weight = |arm: u8| {
            let name = &self.text.arm.0[usize::from(arm)].0;
            self.text.trial.allocation.ratio.get(name).copied().unwrap_or(1)
        };
        let ratio = estimands.first().map_or(1.0, |primary| {
            f64::from(weight(primary.treatment).max(1)) / f64::from(weight(primary.control).max(1))
        });
        let least = text.least.unwrap_or(self.text.trial.patients) as usize;
        Rule::Blinded { sizing: Comparison { level, power, ratio }, effect, least }
    }

    fn promising(&mut self, path: &str, text: &PromisingText, design: &ReEstimation) -> Rule {
        let path = format!("{path}.promising");
        let target = self.between(&format!("{path}.target"), text.target);
        let stop_below = text.stop_below.map(|least| self.between(&format!("{path}.stop_below"), least));
        let planned = self.text.trial.patients as usize;
        let zone = design.zone(design.first_stage(planned), planned, target);
        let edge = zone.lower_edge();
        let from = match text.from {
            Some(power) => {
                let power = self.between(&format!("{path}.from"), power);
                root(|b| zone.planned_power(b) - power, -8.0, 8.0).unwrap_or(0.0)
            }
            None => edge.unwrap_or_else(|_| {
                self.wrong(&path, "no zone keeps the plain test’s level here; say where it begins: from = 0.3, with test = \"cui_hung_wang\"");
                0.0
            }),
        };
        let test = match text.test {
            LastTestText::Plain => {
                if edge.is_ok_and(|edge| from < edge - 1e-9) {
                    let least = zone.least_power().unwrap_or(f64::NAN);
                    let message = format!(
                        "the plain test keeps its level only if growth begins at a conditional power of {least:.3}; begin there or write test = \"cui_hung_wang\""
                    );
                    self.wrong(&format!("{path}.from"), message);
                }
                LastTest::Plain
            }
            LastTestText::CuiHungWang => LastTest::Weighted(design.first),
            LastTestText::InverseNormal(weight) => {
                LastTest::Weighted(self.between(&format!("{path}.test.inverse_normal"), weight))
            }
        };
        Rule::Promising { target, from, test, stop_below }
    }

    /// A number strictly between 0 and 1.
    fn between(&mut self, path: &str, value: f64) -> f64 {
        if value > 0.0 && value < 1.0 {
            return value;
        }
        let found = self.findings.len();
        let value = self.probability(path, value);
        if self.findings.len() == found {
            self.wrong(path, format!("{value} is never or always reached; write a number between 0 and 1"));
        }
        0.5
    }

    /// Whether recruitment goes on during a look: by default where the trial has a calendar.
    pub(super) fn going_on(&mut self, path: &str, text: Option<RecruitmentText>) -> Recruitment {
        match (text, self.text.trial.sites.is_some()) {
            (Some(RecruitmentText::GoesOn), false) => {
                self.wrong(
                    path,
                    "without trial.sites everybody arrives at once, so recruitment can only wait; state trial.sites",
                );
                Recruitment::Waits
            }
            (Some(RecruitmentText::Waits), _) | (None, false) => Recruitment::Waits,
            (Some(RecruitmentText::GoesOn) | None, true) => Recruitment::GoesOn,
        }
    }

    pub(super) fn bayesian(
        &mut self,
        text: &BayesianText,
        estimands: &[Estimand],
        subgroups: &[Subgroup],
    ) -> Design {
        const PATH: &str = "trial.design.bayesian";
        let looks = self.shares(&format!("{PATH}.looks"), &text.looks);
        let summary = estimands.first().map_or(Summary::RiskRatio, |primary| primary.method.summary);
        let model = self.believed(&format!("{PATH}.model"), &text.model, summary);
        let margin = match (&model, text.margin) {
            (_, None) => 0.0,
            (Model::LogRatio(_), Some(ratio)) => {
                libm::log(self.positive(&format!("{PATH}.margin"), ratio, "ratio"))
            }
            (Model::Risks { .. }, Some(difference)) => {
                if difference.abs() >= 1.0 {
                    self.wrong(
                        &format!("{PATH}.margin"),
                        format!("{difference} is not a difference of risks"),
                    );
                }
                difference
            }
        };
        let mut design = Bayesian {
            success: vec![0.975; looks.len()],
            looks,
            model,
            margin,
            futility: None,
            harm: text.harm.map(|least| self.between(&format!("{PATH}.harm"), least)),
            shrinkage: None,
            recruitment: self.going_on(&format!("{PATH}.recruitment"), text.recruitment),
            lag: text.lag.map_or(0.0, |lag| lag.0),
        };
        match &text.success {
            SuccessText::Above(list) => {
                let path = format!("{PATH}.success.above");
                if list.len() != 1 && list.len() != design.looks.len() {
                    let message =
                        format!("{} thresholds for {} looks; one serves all", list.len(), design.looks.len());
                    self.wrong(&path, message);
                }
                for (i, &threshold) in list.iter().enumerate() {
                    self.between(&format!("{path}.{i}"), threshold);
                }
                if let Some(&first) = list.first() {
                    let all = (0..design.looks.len()).map(|k| list.get(k).copied().unwrap_or(first));
                    design.success = all.collect();
                }
            }
            SuccessText::Calibrated(calibrated) => {
                let path = format!("{PATH}.success.calibrated");
                let error = self.between(&format!("{path}.error"), calibrated.error);
                if self.findings.is_empty() {
                    self.calibrate(&path, calibrated, error, &mut design, estimands);
                }
            }
        }
        if let Some(futility) = &text.futility {
            let sizes = self.table_sizes(&design.looks, estimands);
            design.futility = Some(match futility {
                PosteriorFutilityText::Posterior(least) => {
                    Futility::Posterior(self.between(&format!("{PATH}.futility.posterior"), *least))
                }
                PosteriorFutilityText::Predictive(least) => {
                    let least = self.between(&format!("{PATH}.futility.predictive"), *least);
                    let last = match design.model {
                        Model::Risks { treatment, control } => {
                            if margin != 0.0 {
                                self.wrong(
                                    &format!("{PATH}.futility"),
                                    "the predictive chance in a model of risks is for a margin of 0",
                                );
                            }
                            let size = sizes.last().copied().unwrap_or((1, 1));
                            let table = tables(treatment, control, &[size]).remove(0);
                            let threshold = design.success[design.looks.len() - 1];
                            LastLook::Tables { sizes: size, edges: table.edges(threshold) }
                        }
                        Model::LogRatio(_) => LastLook::Effect,
                    };
                    Futility::Predictive { least, last }
                }
            });
        }
        if let Some(shrink) = &text.shrink {
            let path = format!("{PATH}.shrink");
            let scale = self.positive(&format!("{path}.scale"), shrink.scale, "scale");
            let index = estimands.first().and_then(|primary| {
                primary.subgroups.iter().copied().find(|&s| subgroups[s].name == shrink.subgroup)
            });
            match index {
                Some(subgroup) => design.shrinkage = Some(Shrinkage { subgroup, scale }),
                None => self.wrong(
                    &format!("{path}.subgroup"),
                    format!(
                        "“{}” is not a subgroup of the primary estimand; add it to its subgroups",
                        shrink.subgroup
                    ),
                ),
            }
            if matches!(design.model, Model::Risks { .. }) {
                self.wrong(&path, "effects borrow on the log scale; write model = { log_ratio = … }");
            }
        }
        Design::Bayesian(Box::new(design))
    }

    fn believed(&mut self, path: &str, text: &ModelText, summary: Summary) -> Model {
        match text {
            ModelText::Risks(risks) => {
                if summary.needs_times() {
                    self.wrong(path, "a model of risks needs a primary estimand that compares risks");
                }
                let (one, zero) = match (risks.prior, risks.treatment, risks.control) {
                    (Some(both), None, None) => (both, both),
                    (None, Some(one), Some(zero)) => (one, zero),
                    _ => {
                        self.wrong(path, "state prior = [a, b] for both arms, or treatment and control");
                        ([1.0, 1.0], [1.0, 1.0])
                    }
                };
                let mut beta = |[a, b]: [f64; 2]| {
                    if !(a > 0.0 && b > 0.0 && a < 1e6 && b < 1e6) {
                        self.wrong(path, format!("Beta({a}, {b}) is not a prior; both numbers are above 0"));
                        return BetaRisk::UNIFORM;
                    }
                    BetaRisk { a, b }
                };
                Model::Risks { treatment: beta(one), control: beta(zero) }
            }
            ModelText::LogRatio(prior) => {
                if !summary.is_ratio() {
                    self.wrong(path, "a prior of a ratio needs a primary estimand whose summary is a ratio");
                }
                Model::LogRatio(self.effect_prior(&format!("{path}.log_ratio"), prior))
            }
        }
    }

    fn effect_prior(&mut self, path: &str, text: &PriorText) -> NormalMixture {
        let part = |builder: &mut Self, key: &str, ratio: f64, sd: f64| NormalEffect {
            mean: libm::log(builder.positive(&format!("{key}.ratio"), ratio, "ratio")),
            deviation: builder.positive(&format!("{key}.sd"), sd, "standard deviation"),
        };
        let one = |part| NormalMixture(vec![(1.0, part)]);
        match text {
            PriorText::Normal(normal) => one(part(self, &format!("{path}.normal"), normal.ratio, normal.sd)),
            PriorText::Sceptical(sure) | PriorText::Enthusiastic(sure) => {
                let sceptical = matches!(text, PriorText::Sceptical(_));
                let key = format!("{path}.{}", if sceptical { "sceptical" } else { "enthusiastic" });
                let ratio = self.positive(&format!("{key}.ratio"), sure.ratio, "ratio");
                let chance = self.between(&format!("{key}.chance"), sure.chance);
                if ratio == 1.0 || chance >= 0.5 {
                    self.wrong(
                        &key,
                        "the ratio is one that matters, and the chance of going beyond it below 0.5",
                    );
                    return one(NormalEffect { mean: 0.0, deviation: 1.0 });
                }
                let log = libm::log(ratio);
                let deviation = (log / normal_quantile(chance)).abs();
                one(NormalEffect { mean: if sceptical { 0.0 } else { log }, deviation })
            }
            PriorText::Mixture(list) => {
                let total: f64 = list.iter().map(|p| p.weight).sum();
                if list.is_empty() || list.iter().any(|p| p.weight <= 0.0) || (total - 1.0).abs() > 1e-9 {
                    self.wrong(
                        &format!("{path}.mixture"),
                        format!("the weights are above 0 and add up to 1, not {total}"),
                    );
                    return one(NormalEffect { mean: 0.0, deviation: 1.0 });
                }
                let parts = list
                    .iter()
                    .enumerate()
                    .map(|(i, p)| (p.weight, part(self, &format!("{path}.mixture.{i}"), p.ratio, p.sd)));
                NormalMixture(parts.collect())
            }
        }
    }

    /// Patients in treatment and control at each look.
    fn table_sizes(&self, looks: &[f64], estimands: &[Estimand]) -> Vec<(u32, u32)> {
        let weight = |arm: u8| {
            let name = &self.text.arm.0[usize::from(arm)].0;
            f64::from(self.text.trial.allocation.ratio.get(name).copied().unwrap_or(0))
        };
        let whole: f64 = self.text.trial.allocation.ratio.0.iter().map(|(_, w)| f64::from(*w)).sum();
        let Some(primary) = estimands.first() else { return vec![(1, 1)] };
        let patients = f64::from(self.text.trial.patients);
        let part =
            |share: f64, arm: u8| ((patients * share).round() * weight(arm) / whole.max(1.0)).round() as u32;
        looks.iter().map(|&share| (part(share, primary.treatment), part(share, primary.control))).collect()
    }

    /// Finds one threshold for all looks at which the error without effect is `error`.
    fn calibrate(
        &mut self,
        path: &str,
        text: &CalibratedText,
        error: f64,
        design: &mut Bayesian,
        estimands: &[Estimand],
    ) {
        let looks = design.looks.len();
        match design.model.clone() {
            Model::Risks { treatment, control } => {
                let Some(risk) = text.risk else {
                    self.wrong(path, "say at which risk the error holds: risk = 0.45");
                    return;
                };
                let risk = self.between(&format!("{path}.risk"), risk);
                if self.text.trial.patients > MOST_FOR_TABLES || design.margin != 0.0 {
                    self.wrong(path, format!("calibration goes through all tables: up to {MOST_FOR_TABLES} patients and for a margin of 0"));
                    return;
                }
                let sizes = self.table_sizes(&design.looks, estimands);
                let tables = tables(treatment, control, &sizes);
                let spent = |threshold: f64| -> f64 {
                    let verdict = |k: usize, x: u32, y: u32| {
                        if tables[k].chance(x, y) > threshold { AtTable::Success } else { AtTable::GoOn }
                    };
                    exact_looks(&sizes, (risk, risk), verdict).iter().map(|ended| ended[0]).sum()
                };
                // The error falls in steps; the lowest threshold that keeps it, to 1e-6.
                let (mut low, mut high) = (0.5, 1.0);
                while high - low > 1e-6 {
                    let middle = 0.5 * (low + high);
                    if spent(middle) > error { low = middle } else { high = middle }
                }
                design.success = vec![high; looks];
            }
            Model::LogRatio(_) => {
                let full = match (text.full_se, text.full_events) {
                    (Some(se), None) => self.positive(&format!("{path}.full_se"), se, "standard error"),
                    (None, Some(events)) => {
                        2.0 / self.positive(&format!("{path}.full_events"), events, "number of events").sqrt()
                    }
                    _ => {
                        self.wrong(
                            path,
                            "say how much all data tell: full_events = … for a hazard ratio, or full_se = …",
                        );
                        return;
                    }
                };
                let mut spent = |threshold: f64| {
                    design.success = vec![threshold; looks];
                    let never = vec![f64::NEG_INFINITY; looks];
                    design.bounds(full).map_or(f64::NAN, |bounds| {
                        crossing_probabilities(&never, &bounds, &design.looks, 0.0).ever_above() - error
                    })
                };
                match root(&mut spent, 0.55, 1.0 - 1e-9) {
                    Ok(threshold) => design.success = vec![threshold; looks],
                    Err(_) => self.wrong(path, "no threshold between 0.55 and 1 gives this error"),
                }
            }
        }
    }
}
