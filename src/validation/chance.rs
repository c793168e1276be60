//! The chance that a trial shows benefit at two risks, as its design decides.

use super::counts::Counts;
use crate::{
    statistics::{AtTable, exact_looks, normal_cdf, normal_quantile, power_of_two_risks},
    trial::{Trial, design::Design},
};

/// The chance of showing benefit as a function of two risks; arms are of one size.
///
/// By the pooled two-proportion formula; over the sizes that a blinded look gives, which the difference
/// between the arms does not bear on; and exactly, through all tables, where a posterior of two risks decides.
pub struct Chance {
    way: Way,
    /// Error in one direction.
    level: f64,
    higher: bool,
}

enum Way {
    /// One analysis of this many patients in each arm.
    Formula(f64),
    /// Patients at the look, and by their events the patients in each arm at the end.
    Sizes(u32, Vec<f64>),
    /// Patients in treatment and control at each look, and what it makes of bad events.
    Tables(Vec<(u32, u32)>, Vec<Vec<Vec<AtTable>>>),
}

impl Chance {
    /// How `trial` decides on its first estimand.
    pub fn new(trial: &Trial) -> Self {
        let planned = trial.patients;
        let formula = Way::Formula(0.5 * planned as f64);
        let way = match &trial.design {
            Design::ReEstimation(design) => {
                let first = design.first_stage(planned) as u32;
                let size = |k: u32| design.blinded_size(planned, f64::from(k) / f64::from(first));
                let arms: Option<Vec<f64>> = (0..=first).map(|k| Some(0.5 * size(k)? as f64)).collect();
                arms.map_or(formula, |arms| Way::Sizes(first, arms))
            }
            Design::Bayesian(design) => {
                let arm = |share: &f64| (0.5 * (planned as f64 * share).round()).round() as u32;
                let sizes: Vec<(u32, u32)> = design.looks.iter().map(|s| (arm(s), arm(s))).collect();
                design.verdicts(&sizes).map_or(formula, |verdicts| Way::Tables(sizes, verdicts))
            }
            _ => formula,
        };
        let level = normal_cdf(-trial.design.critical());
        let higher = trial.endpoints[trial.estimands[0].endpoint].higher_is_better;
        Chance { way, level, higher }
    }

    /// The chance at these risks of the end point.
    pub fn at(&self, control: f64, treated: f64) -> f64 {
        match &self.way {
            Way::Formula(arm) => self.formula(control, treated, *arm),
            Way::Sizes(first, arms) => {
                let pooled = Counts::binomial(*first, 0.5 * (control + treated));
                let of = |(p, arm): (&f64, &f64)| p * self.formula(control, treated, *arm);
                pooled.0.iter().zip(arms).filter(|(p, _)| **p > 1e-12).map(of).sum()
            }
            Way::Tables(sizes, verdicts) => {
                let bad = |risk: f64| if self.higher { 1.0 - risk } else { risk };
                let verdict = |k: usize, x: u32, y: u32| verdicts[k][x as usize][y as usize];
                let looks = exact_looks(sizes, (bad(treated), bad(control)), verdict);
                looks.iter().map(|ended| ended[0]).sum()
            }
        }
    }

    fn formula(&self, control: f64, treated: f64, arm: f64) -> f64 {
        let better = treated == control || (treated < control) != self.higher;
        if better {
            power_of_two_risks(control, treated, arm, self.level, false)
        } else {
            power_of_wrong_way(control, treated, arm, self.level)
        }
    }
}

/// The chance of a claim of benefit when the treated do worse.
fn power_of_wrong_way(control: f64, treated: f64, arm: f64, level: f64) -> f64 {
    let pooled = 0.5 * (control + treated);
    let null = (2.0 * pooled * (1.0 - pooled) / arm).sqrt();
    let spread = ((control * (1.0 - control) + treated * (1.0 - treated)) / arm).sqrt();
    normal_cdf((-(control - treated).abs() + normal_quantile(level) * null) / spread)
}
