//! What the trials of a sequential design do under any drift, worked out once for all of them.

use super::{
    group_sequential::Recursion, interval::Interval, normal::normal_survival, reason::Reason, solve::root,
};

/// The paths of trials through the looks of a design.
///
/// Under a drift `δ` a path that stands at evidence `x` at information `t` is `exp(δ√t·x − δ²t/2)` times as
/// likely as without one, whatever it went through. So the density of the trials still running is kept for
/// no drift, and any drift is a weighted sum over it: estimates after stopping cost no recursion.
#[derive(Clone, Debug, PartialEq)]
pub struct Paths {
    information: Vec<f64>,
    upper: Vec<f64>,
    /// The trials that go on after each look but the last: evidence, and mass without drift.
    running: Vec<Vec<(f64, f64)>>,
}

impl Paths {
    /// The paths of a design with these boundaries, infinite where there is none; information is a share,
    /// the last 1.
    pub fn new(lower: &[f64], upper: &[f64], information: &[f64]) -> Self {
        let mut recursion = Recursion::new(0.0);
        let mut running = Vec::new();
        for k in 0..information.len().saturating_sub(1) {
            recursion.advance(information[k], lower[k], upper[k]);
            running.push(recursion.points.iter().copied().zip(recursion.mass.iter().copied()).collect());
        }
        Paths { information: information.to_vec(), upper: upper.to_vec(), running }
    }

    /// Chance of coming to look `look`, from 0, and being above `limit` there.
    fn above(&self, look: usize, limit: f64, drift: f64) -> f64 {
        let t = self.information[look];
        if look == 0 {
            return normal_survival(limit - drift * t.sqrt());
        }
        let known = self.information[look - 1];
        let (scale, spread) = ((known / t).sqrt(), ((t - known) / t).sqrt());
        let shift = limit - drift * (t - known) / t.sqrt();
        let (tilt, level) = (drift * known.sqrt(), 0.5 * drift * drift * known);
        self.running[look - 1]
            .iter()
            .map(|(x, mass)| {
                mass * libm::exp(tilt * x - level) * normal_survival((shift - x * scale) / spread)
            })
            .sum()
    }

    /// Chance of a result at least as good in the stagewise order: stopping for efficacy before look
    /// `look`, or having as much evidence there.
    pub fn stagewise_p(&self, look: usize, evidence: f64, drift: f64) -> f64 {
        let earlier: f64 = (0..look).map(|k| self.above(k, self.upper[k], drift)).sum();
        earlier + self.above(look, evidence, drift)
    }

    /// The mean of the evidence at look `look` for which a result at least as good has chance `p`.
    fn mean_at(&self, look: usize, evidence: f64, p: f64) -> Result<f64, Reason> {
        let unit = self.information[look].sqrt();
        let chance = |mean: f64| self.stagewise_p(look, evidence, mean / unit) - p;
        let (low, high) = (evidence.min(0.0) - 8.0, evidence.max(0.0) + 8.0);
        root(chance, low, high)
    }

    /// The median-unbiased mean of the evidence at the look where a trial ended.
    ///
    /// Times the standard error there it is the effect as likely too high as too low. Fairbanks & Madsen,
    /// Biometrika 1982;69:69.
    pub fn median_unbiased(&self, look: usize, evidence: f64) -> Result<f64, Reason> {
        self.mean_at(look, evidence, 0.5)
    }

    /// Interval of that mean in the stagewise order.
    pub fn interval(&self, look: usize, evidence: f64, confidence: f64) -> Result<Interval, Reason> {
        let tail = 0.5 * (1.0 - confidence);
        let lower = self.mean_at(look, evidence, tail)?;
        Ok(Interval { lower, upper: self.mean_at(look, evidence, 1.0 - tail)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Boundary, Sides, Stopped, efficacy_boundary};

    /// The recursion for each drift anew gives the same estimates and intervals.
    #[test]
    fn the_paths_without_drift_serve_every_drift() {
        let information = [0.3, 0.6, 1.0];
        let upper =
            efficacy_boundary(Boundary::WangTsiatis(0.1), 0.025, &information, Sides::One, None).unwrap();
        let lower = [-0.5, 0.4, f64::NEG_INFINITY];
        let paths = Paths::new(&lower, &upper, &information);
        for (look, evidence) in [(0, 4.2), (1, 2.9), (1, 0.3), (2, 2.4), (2, 1.1), (2, -0.7)] {
            let slow = Stopped {
                lower: &lower,
                upper: &upper,
                information: &information,
                full_information: 1.0 / information[look],
                look,
                evidence,
            };
            for p in [0.025, 0.5, 0.975] {
                let (fast, slow) = (paths.mean_at(look, evidence, p).unwrap(), slow.effect_at(p).unwrap());
                assert!((fast - slow).abs() < 1e-6, "{look} {evidence} {p}: {fast} {slow}");
            }
        }
    }
}
