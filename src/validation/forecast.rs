//! A trial without results: what it can be expected to show.

use super::{
    chance::Chance,
    expected::{Risk, risks},
    machinery::{self, Size},
    prior::Prior,
    replay::PlanRow,
};
use crate::{
    analysis::comparison::Summary,
    error::Result,
    outcome::kinds::Yields,
    scenario::{Scenario, published::Status},
    statistics::{normal_cdf, normal_quantile, power_of_two_risks},
};

/// Power at one effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerAt {
    /// A ratio, or a difference, as people read it.
    pub effect: f64,
    pub power: f64,
}

/// What is not known beforehand, as a prior has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorOf {
    /// The log risk ratio, from what finished trials found of death.
    Effect,
    /// How much of the scenario's own effect is true, from what finished trials saw of what they had assumed:
    /// for end points that no finished trial speaks of.
    Share,
}

/// What a running trial can be expected to show.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// File stem.
    pub name: String,
    pub title: String,
    pub year: u32,
    pub citation: String,
    pub status: Status,
    pub patients: usize,
    /// The most a look may make of them.
    pub most_patients: usize,
    pub endpoint: String,
    /// What the effects of the grid are: a risk ratio of the primary end point, or its own measure.
    pub measure: String,
    /// Risk in the control arm, as run, if the end point is an event.
    pub control: Option<Risk>,
    /// Whether that rests on an anchor, not on entry criteria alone.
    pub anchored: bool,
    pub grid: Vec<PowerAt>,
    /// Effect found in 80 % of trials.
    pub detectable: f64,
    /// Power over the prior.
    pub assurance: f64,
    /// What the prior is of.
    pub prior: PriorOf,
    /// At the accrual of the scenario, an assumption.
    pub months: f64,
    pub plan: Option<PlanRow>,
    pub notes: Vec<String>,
}

/// Effects of the grid on a bad event, as risk ratios.
const LOWER: [f64; 5] = [1.0, 0.9, 0.8, 0.7, 0.6];
/// And on a good one.
const HIGHER: [f64; 5] = [1.0, 1.05, 1.1, 1.2, 1.3];
/// Multiples of the scenario's own effect, for numbers and counts.
const MULTIPLES: [f64; 5] = [0.0, 0.5, 1.0, 1.5, 2.0];
/// Halvings of the search for it: to a thousandth of a thousandth.
const BISECTIONS: usize = 20;
/// Strata of the prior of the share that is true.
const SHARES: usize = 41;
/// Power of the detectable effect.
const WANTED: f64 = 0.8;

impl Forecast {
    /// Forecasts the base run of a scenario.
    pub fn new(name: &str, scenario: &Scenario, prior: &Prior) -> Result<Self> {
        let published = scenario.published.clone().expect("only scenarios that say so are forecast");
        let trial = &scenario.runs[0].trial;
        let estimand = &trial.estimands[0];
        let endpoint = &trial.endpoints[estimand.endpoint];
        let kept = machinery::simulate(scenario, Size::AsDesigned)?;
        let mut forecast = Forecast {
            name: name.to_owned(),
            title: scenario.title.clone(),
            year: published.year,
            citation: published.citation.clone(),
            status: published.status,
            patients: trial.patients,
            most_patients: trial.design.most_patients(trial.patients),
            endpoint: endpoint.label.clone(),
            measure: "risk ratio".into(),
            control: None,
            anchored: !scenario.texts[0].population.anchor.is_empty(),
            grid: Vec::new(),
            detectable: f64::NAN,
            assurance: f64::NAN,
            prior: PriorOf::Share,
            months: kept.months(),
            plan: None,
            notes: published.notes.clone(),
        };
        let shares = scenario.prior.strata(SHARES);
        if endpoint.kind.yields() == Yields::Event {
            let e = estimand.endpoint;
            let control = risks(trial, &trial.course, &scenario.pool, usize::from(estimand.control))[e];
            // Where what counts differs by arm, the treated start from their own end point.
            let start = if endpoint.kind.differs_by_arm() {
                let treated = usize::from(estimand.treatment);
                risks(trial, &scenario.usual_care.anchored, &scenario.pool, treated)[e].value
            } else {
                control.value
            };
            let higher = endpoint.higher_is_better;
            let chance = Chance::new(trial);
            let power = |ratio: f64| chance.at(control.value, (start * ratio).clamp(1e-6, 1.0 - 1e-6));
            let ratios = if higher { HIGHER } else { LOWER };
            forecast.grid = ratios.iter().map(|&effect| PowerAt { effect, power: power(effect) }).collect();
            forecast.detectable = detectable(&power, higher);
            forecast.control = Some(control);
            forecast.assurance = if higher {
                let treated =
                    risks(trial, &trial.course, &scenario.pool, usize::from(estimand.treatment))[e].value;
                let effect = libm::log(treated / control.value);
                mean(&shares, |share| power(libm::exp(share * effect)))
            } else {
                forecast.prior = PriorOf::Effect;
                mean(&prior.points(), |theta| power(libm::exp(theta)))
            };
            forecast.plan = published.plan.as_ref().map(|plan| {
                let arm = 0.5 * f64::from(plan.patients);
                let power = |c: f64, t: f64| power_of_two_risks(c, t, arm, 0.5 * plan.alpha, false);
                PlanRow {
                    power: power(plan.control, plan.treatment),
                    power_as_seen: Some(power(control.value, control.value * plan.treatment / plan.control)),
                    assumed: plan.treatment - plan.control,
                    observed: None,
                    plan: plan.clone(),
                }
            });
        } else {
            let summary = estimand.method.summary;
            let (effect, error) = kept.estimate();
            let shown = |x: f64| if summary.is_ratio() { libm::exp(x) } else { x };
            let critical = trial.design.critical();
            let power = |theta: f64| normal_cdf(theta.abs() / error - critical);
            let at = |k: &f64| PowerAt { effect: shown(effect * k), power: power(effect * k) };
            forecast.grid = MULTIPLES.iter().map(at).collect();
            let reach = (critical + normal_quantile(WANTED)) * error;
            forecast.detectable = shown(if effect < 0.0 { -reach } else { reach });
            forecast.assurance = mean(&shares, |share| normal_cdf(share * effect.abs() / error - critical));
            forecast.measure = measure(summary).into();
        }
        Ok(forecast)
    }
}

fn mean(points: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    points.iter().map(|&point| of(point)).sum::<f64>() / points.len() as f64
}

/// The ratio at which 80 % of trials show it, by halving.
fn detectable(power: &impl Fn(f64) -> f64, higher: bool) -> f64 {
    let (mut near, mut far) = if higher { (1.0, 3.0) } else { (1.0, 0.02) };
    if power(far) < WANTED {
        return f64::NAN;
    }
    for _ in 0..BISECTIONS {
        let middle = 0.5 * (near + far);
        if power(middle) < WANTED { near = middle } else { far = middle }
    }
    0.5 * (near + far)
}

fn measure(summary: Summary) -> &'static str {
    match summary {
        Summary::MeanDifference => "difference in means",
        Summary::GeometricMeanRatio => "ratio of geometric means",
        Summary::RateRatio => "rate ratio",
        Summary::WinRatio => "win ratio",
        Summary::WinOdds => "win odds",
        Summary::CommonOddsRatio => "common odds ratio",
        _ => "risk ratio",
    }
}
