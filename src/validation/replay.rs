//! One finished trial: published beside predicted and anchored.

use super::{
    counts::{Counts, Difference},
    expected::{Risk, risks},
    machinery::Machinery,
    prior::{Observed, Prior},
};
use crate::{
    calibration::target::TargetKind,
    error::Result,
    evidence::{self, Origin},
    outcome::{events::EventKind, recipe::Knob},
    population::{Expression, Reading},
    scenario::{
        Scenario,
        document::{Provenance, Sourced},
        population_file::read_text,
        published::{Plan, PublishedText, Status},
        text::ArmText,
    },
    statistics::power_of_two_risks,
};

/// How a published figure relates to the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The scenario is anchored to it.
    Anchor,
    /// The base run's effect is solved for it.
    Effect,
    /// It was not put into the trial, but the registry itself was fitted to it.
    Registry,
    /// It was not put in.
    Check,
}

impl Role {
    /// The word tables use.
    pub fn word(self) -> &'static str {
        match self {
            Role::Anchor => "anchor",
            Role::Effect => "effect",
            Role::Registry => "fitted in the registry",
            Role::Check => "not put in",
        }
    }
}

/// A risk that was expected, what trials of that size would see, and where the published lies among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    pub risk: Risk,
    pub interval: [f64; 2],
    pub percentile: f64,
}

impl Expected {
    fn of(risk: Risk, n: u32, count: u32) -> Self {
        Self::among(risk, &Counts::binomial(n, risk.value), count)
    }

    fn among(risk: Risk, counts: &Counts, count: u32) -> Self {
        Expected { risk, interval: counts.interval(), percentile: counts.percentile(count) }
    }

    /// Whether the published risk lies within what 95 % of trials would see.
    pub fn holds(&self, published: f64) -> bool {
        // A published share is rounded; half an event either way is the same share.
        self.interval[0] - 5e-4 <= published && published <= self.interval[1] + 5e-4
    }
}

/// What a published figure is to the scenario: what may be learnt from holding it against the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Ledger id, or in words where the figure is from.
    pub source: String,
    /// Whether it is from memory: then it decides nothing.
    pub memory: bool,
    /// Whether the registry itself was fitted to it: then it decides nothing, whatever it is held against.
    pub fitted: bool,
    pub role: Role,
}

impl Standing {
    /// A verdict; none on a figure that is from memory or that the registry was fitted to.
    pub fn judged(&self, holds: bool) -> Option<bool> {
        (!self.memory && !self.fitted).then_some(holds)
    }
}

/// A published risk.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmRow {
    pub endpoint: String,
    pub label: String,
    pub arm: String,
    pub arm_label: String,
    /// Whether it is the arm of usual care.
    pub usual: bool,
    /// Whether the end point is death from any cause.
    pub death: bool,
    pub by: f64,
    pub patients: u32,
    pub published: f64,
    pub standing: Standing,
    /// Whether all its events are the registry's own, so that its risk can be predicted.
    pub predictable: bool,
    /// Why the model misses it, where it does.
    pub why: String,
    /// From entry criteria alone, in usual care.
    pub predicted: Expected,
    /// From the anchors, in usual care.
    pub anchored: Expected,
    /// From the anchors and, in the other arm, an effect of unknown size; filled in by [`Replay::weigh`].
    pub under_prior: Option<Expected>,
    /// From the anchors and the effects of the base run.
    pub replayed: Expected,
}

impl ArmRow {
    /// Whether the published risk is as expected, where its standing allows a verdict.
    pub fn judged(&self, expected: &Expected) -> Option<bool> {
        self.standing.judged(expected.holds(self.published))
    }
}

/// The difference between the arms on the primary end point.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectRow {
    pub endpoint: String,
    /// Treatment less usual care, risk.
    pub observed: f64,
    /// Interval of differences without any effect, and where the observed lies.
    pub zero: ([f64; 2], f64),
    /// The same under the prior of the other trials.
    pub prior: Option<([f64; 2], f64)>,
    /// Whether one of the risks is from memory.
    pub memory: bool,
}

/// A plan recomputed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanRow {
    pub plan: Plan,
    /// Power at the plan's own rates and size, by the pooled two-proportion formula.
    pub power: f64,
    /// Power at the rates seen, if both were.
    pub power_as_seen: Option<f64>,
    /// Assumed and observed difference, risk.
    pub assumed: f64,
    pub observed: Option<f64>,
}

/// Patients screened for those randomised.
#[derive(Clone, Debug, PartialEq)]
pub struct ScreeningRow {
    pub published: f64,
    pub predicted: f64,
    pub interval: [f64; 2],
    pub percentile: f64,
    pub among: String,
    /// Whether the registry was fitted to the share eligible.
    pub fitted: bool,
}

/// A trial with results.
#[derive(Clone, Debug)]
pub struct Replay {
    /// File stem.
    pub name: String,
    pub title: String,
    pub year: u32,
    pub citation: String,
    pub status: Status,
    pub infarct: bool,
    pub notes: Vec<String>,
    pub rows: Vec<ArmRow>,
    pub effect: Option<EffectRow>,
    /// The published ratio as printed.
    pub ratio: Option<String>,
    pub plan: Option<PlanRow>,
    pub screening: Option<ScreeningRow>,
    /// Log hazards by which the anchors move death, each with the day from which it holds.
    pub shifts: Vec<(f64, f64)>,
    pub machinery: Option<Machinery>,
}

impl Replay {
    /// Replays the base run of a scenario.
    pub fn new(name: &str, scenario: &Scenario) -> Result<Self> {
        let published = scenario.published.clone().expect("only trials with results are replayed");
        let fitted = fitted_in_registry(scenario)?;
        let rows = rows(scenario, &published, &fitted);
        let anchors = &scenario.texts[0].population.anchor;
        let shifts = scenario.solved.iter().filter_map(|(run, s)| {
            let anchor = anchors.get(s.path.rsplit('.').next()?.parse::<usize>().ok()?)?;
            let moved = *run == 0 && matches!(s.knob, Knob::Shift(_)) && is_death(scenario, &anchor.of);
            moved.then(|| (anchor.from.map_or(0.0, |d| d.0), s.value))
        });
        let machinery = match rows.is_empty() {
            true => None,
            false => Machinery::new(scenario)?,
        };
        Ok(Replay {
            name: name.to_owned(),
            title: scenario.title.clone(),
            year: published.year,
            citation: published.citation.clone(),
            status: published.status,
            infarct: published.infarct,
            notes: published.notes.clone(),
            effect: effect(&rows, scenario),
            ratio: published.effect.as_ref().and_then(|e| {
                let (what, value) = e.ratio()?;
                let interval = match (e.lower, e.upper) {
                    (Some(low), Some(high)) => format!(" ({low:.2}–{high:.2})"),
                    _ => String::new(),
                };
                Some(format!("{what} {value:.2}{interval}"))
            }),
            plan: published.plan.as_ref().map(|plan| plan_row(plan, &rows)),
            screening: screening(scenario, &published, &fitted),
            shifts: shifts.collect(),
            rows,
            machinery,
        })
    }

    /// What the trial says of death: the log risk ratio of its first death end point, from figures that are
    /// not from memory.
    pub fn observed(&self) -> Option<Observed> {
        let usual = self.rows.iter().filter(|r| r.usual && r.death && !r.standing.memory);
        let usual = usual.min_by(|a, b| a.by.total_cmp(&b.by))?;
        let other = self
            .rows
            .iter()
            .find(|r| !r.usual && r.death && !r.standing.memory && r.endpoint == usual.endpoint)?;
        let events = |r: &ArmRow| (r.published * f64::from(r.patients)).max(0.5);
        let variance = |r: &ArmRow| 1.0 / events(r) - 1.0 / f64::from(r.patients);
        Some(Observed {
            trial: self.name.clone(),
            log_ratio: libm::log(other.published / usual.published),
            variance: variance(other) + variance(usual),
        })
    }

    /// Adds what would be seen under a prior on the effect.
    pub fn weigh(&mut self, prior: &Prior) {
        let points = prior.points();
        let weight = 1.0 / points.len() as f64;
        let mixed = |risk: f64, n: u32| {
            let part = |theta: &f64| (weight, Counts::binomial(n, (risk * libm::exp(*theta)).min(0.999)));
            Counts::mixture(&points.iter().map(part).collect::<Vec<_>>())
        };
        for row in self.rows.iter_mut().filter(|r| !r.usual && r.death) {
            let counts = mixed(row.anchored.risk.value, row.patients);
            let count = (row.published * f64::from(row.patients)).round() as u32;
            row.under_prior = Some(Expected::among(row.anchored.risk, &counts, count));
        }
        let Some(effect) = &mut self.effect else { return };
        let of = |usual: bool| self.rows.iter().find(|r| r.usual == usual && r.endpoint == effect.endpoint);
        if let (Some(usual), Some(other)) = (of(true), of(false)) {
            let difference = Difference::new(
                &mixed(other.anchored.risk.value, other.patients),
                &Counts::binomial(usual.patients, usual.anchored.risk.value),
            );
            effect.prior = Some((difference.interval(), difference.percentile(effect.observed)));
        }
    }
}

/// Index of the arm of usual care: the one the scenario is anchored in, or the control of the first estimand.
pub fn usual_arm(scenario: &Scenario) -> usize {
    let trial = &scenario.runs[0].trial;
    let anchor = scenario.texts[0].population.anchor.first().map(|a| a.arm.clone());
    anchor
        .and_then(|name| trial.arms.iter().position(|arm| arm.name == name))
        .unwrap_or(usize::from(trial.estimands[0].control))
}

fn is_death(scenario: &Scenario, endpoint: &str) -> bool {
    let trial = &scenario.runs[0].trial;
    let deaths: Vec<usize> = trial.course.events.of_kind(EventKind::Death).collect();
    let has_death = |any_of: &[usize]| any_of.iter().any(|event| deaths.contains(event));
    trial.endpoints.iter().any(|e| e.name == endpoint && has_death(&e.any_of))
}

/// Ledger figures that the registry of a scenario was fitted to.
fn fitted_in_registry(scenario: &Scenario) -> Result<Vec<String>> {
    let Some(registry) = &scenario.registry else { return Ok(Vec::new()) };
    let (text, _) = read_text(registry)?;
    let fitted = text.target.into_iter().filter(|t| t.kind == TargetKind::Fitted);
    Ok(fitted.flat_map(|t| t.source).collect())
}

fn rows(scenario: &Scenario, published: &PublishedText, fitted: &[String]) -> Vec<ArmRow> {
    let trial = &scenario.runs[0].trial;
    let usual = usual_arm(scenario);
    let deaths: Vec<usize> = trial.course.events.of_kind(EventKind::Death).collect();
    let in_hospital =
        |e: &&usize| trial.course.events.list[**e].setting == crate::outcome::events::Setting::InHospital;
    let hospital_deaths: Vec<usize> = deaths.iter().filter(in_hospital).copied().collect();
    if published.risk.is_empty() {
        return Vec::new();
    }
    let predicted = risks(trial, &scenario.usual_care.predicted, &scenario.pool, usual);
    let anchored = risks(trial, &scenario.usual_care.anchored, &scenario.pool, usual);
    let replayed: Vec<Vec<Risk>> = (0..trial.arms.len())
        .map(|arm| {
            if trial.allocation.ratio[arm] == 0 {
                return Vec::new();
            }
            risks(trial, &trial.course, &scenario.pool, arm)
        })
        .collect();
    let mut list = Vec::new();
    for (i, risk) in published.risk.iter().enumerate() {
        let Some((value, _)) = risk.value() else { continue };
        let Some(e) = trial.endpoints.iter().position(|e| e.name == risk.of) else { continue };
        let Some(arm) = trial.arms.iter().position(|a| a.name == risk.arm) else { continue };
        let Some(patients) = risk.patients.or(published.analysed.get(&risk.arm).copied()) else { continue };
        let count = (value * f64::from(patients)).round() as u32;
        let endpoint = &trial.endpoints[e];
        let text = &scenario.texts[0];
        // Events that the scenario adds stand behind those of the registry.
        let own = trial.course.events.len() - text.population.event.0.len();
        list.push(ArmRow {
            endpoint: risk.of.clone(),
            label: endpoint.label.clone(),
            arm: risk.arm.clone(),
            arm_label: trial.arms[arm].label.clone(),
            usual: arm == usual,
            death: endpoint.any_of == deaths || endpoint.any_of == hospital_deaths,
            by: endpoint.by,
            patients,
            published: value,
            standing: standing(scenario, i, fitted),
            predictable: endpoint.any_of.iter().all(|&event| event < own),
            why: risk.why.clone(),
            predicted: Expected::of(predicted[e], patients, count),
            anchored: Expected::of(anchored[e], patients, count),
            under_prior: None,
            replayed: Expected::of(replayed[arm][e], patients, count),
        });
    }
    list
}

/// What each published risk is to the base run of a scenario, in the order they are stated.
pub fn standings(scenario: &Scenario) -> Result<Vec<Standing>> {
    let fitted = fitted_in_registry(scenario)?;
    let stated = scenario.published.as_ref().map_or(0, |published| published.risk.len());
    Ok((0..stated).map(|i| standing(scenario, i, &fitted)).collect())
}

/// What the `i`th published risk is to the base run.
fn standing(scenario: &Scenario, i: usize, fitted: &[String]) -> Standing {
    let published = scenario.published.as_ref().expect("only what is published has a standing");
    let (text, risk) = (&scenario.texts[0], &published.risk[i]);
    let key = risk.value().map_or("risk", |(_, key)| key);
    let (source, memory) = source(&scenario.sourced, &format!("published.risk.{i}.{key}"));
    let fitted = fitted.contains(&source) || risk.related.iter().any(|id| fitted.contains(id));
    let solved_for = |arm: &ArmText| {
        arm.effect.0.iter().any(|(_, e)| e.such_that.as_ref().is_some_and(|s| s.of == risk.of))
    };
    let role = if text.population.anchor.iter().any(|a| a.of == risk.of && a.arm == risk.arm) {
        Role::Anchor
    } else if text.arm.get(&risk.arm).is_some_and(solved_for) {
        Role::Effect
    } else if fitted {
        Role::Registry
    } else {
        Role::Check
    };
    Standing { source, memory, fitted, role }
}

/// Where a number is from, and whether that is memory.
fn source(sourced: &[Sourced], path: &str) -> (String, bool) {
    match sourced.iter().find(|s| s.path == path).map(|s| &s.from) {
        Some(Provenance::Cited(id)) => {
            let memory = evidence::lookup(id).is_some_and(|f| f.origin == Origin::Memory);
            (id.clone(), memory)
        }
        Some(Provenance::Assumed(why)) => (why.clone(), why.contains("memory")),
        None => ("not stated".into(), true),
    }
}

fn effect(rows: &[ArmRow], scenario: &Scenario) -> Option<EffectRow> {
    let trial = &scenario.runs[0].trial;
    // The primary end point if both arms are published, else the first for which they are.
    let primary = trial.endpoints[trial.estimands[0].endpoint].name.clone();
    let both = |name: &str| {
        let of = |usual: bool| rows.iter().find(|r| r.usual == usual && r.endpoint == name);
        Some((of(false)?, of(true)?))
    };
    let (other, usual) = both(&primary).or_else(|| rows.iter().find_map(|r| both(&r.endpoint)))?;
    let arm = |r: &ArmRow| Counts::binomial(r.patients, r.anchored.risk.value);
    let difference = Difference::new(&arm(other), &arm(usual));
    let count = |r: &ArmRow| (r.published * f64::from(r.patients)).round() / f64::from(r.patients);
    let observed = count(other) - count(usual);
    Some(EffectRow {
        endpoint: usual.endpoint.clone(),
        observed,
        zero: (difference.interval(), difference.percentile(observed)),
        prior: None,
        memory: other.standing.memory || usual.standing.memory,
    })
}

fn plan_row(plan: &Plan, rows: &[ArmRow]) -> PlanRow {
    let arm = 0.5 * f64::from(plan.patients);
    let of = |usual: bool| rows.iter().find(|r| r.usual == usual && r.endpoint == plan.of);
    let seen = of(true).zip(of(false)).map(|(usual, other)| (usual.published, other.published));
    let power =
        |control: f64, treatment: f64| power_of_two_risks(control, treatment, arm, 0.5 * plan.alpha, false);
    PlanRow {
        power: power(plan.control, plan.treatment),
        power_as_seen: seen.map(|(control, treatment)| power(control, treatment)),
        assumed: plan.treatment - plan.control,
        observed: seen.map(|(control, treatment)| treatment - control),
        plan: plan.clone(),
    }
}

/// Registry rows read for a screening rate.
const ROWS_SCREENED: u64 = 1 << 17;

fn screening(scenario: &Scenario, published: &PublishedText, fitted: &[String]) -> Option<ScreeningRow> {
    let stated = published.screened.as_ref()?;
    let dictionary = scenario.population.dictionary();
    let rule = |texts: &[String]| {
        let rules = texts.iter().filter_map(|t| Expression::parse(t, dictionary, Reading::Recorded).ok());
        Expression::all(rules.collect::<Vec<_>>())
    };
    let among = rule(&stated.among);
    let eligible = rule(&scenario.texts[0].population.eligible);
    let columns = scenario.population.columns(0..ROWS_SCREENED);
    let (mut screened, mut taken) = (0u32, 0u32);
    for row in 0..columns.len() {
        if among.evaluate(&columns, row) {
            screened += 1;
            taken += u32::from(eligible.evaluate(&columns, row));
        }
    }
    let share = f64::from(taken) / f64::from(screened.max(1));
    let counts = Counts::binomial(stated.screened as u32, share);
    let [low, high] = counts.interval();
    // More randomised of those screened means fewer screened for each randomised.
    Some(ScreeningRow {
        published: stated.screened / stated.randomised,
        predicted: 1.0 / share,
        interval: [1.0 / high, 1.0 / low],
        percentile: 1.0 - counts.percentile(stated.randomised as u32),
        among: stated.among.join(" and "),
        fitted: stated.related.iter().any(|id| fitted.contains(id)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory and the registry's own fit take the verdict away, whatever came out.
    #[test]
    fn only_what_is_sourced_and_was_not_fitted_is_judged() {
        let standing = |memory, fitted| Standing { source: "id".into(), memory, fitted, role: Role::Check };
        for holds in [true, false] {
            assert_eq!(standing(false, false).judged(holds), Some(holds));
            for (memory, fitted) in [(true, false), (false, true), (true, true)] {
                assert_eq!(standing(memory, fitted).judged(holds), None);
            }
        }
    }
}
