//! Several arms against one control, in one stage or more.
//!
//! As in the sequential methods, evidence is counted upwards: `b = −z`. Arms are of one size, so that any
//! two of their statistics have the same correlation: `r/(r + r₀)` for an arm of weight `r` beside a
//! control of weight `r₀`, ½ for equal arms.

use super::{
    adaptive::dunnett_p,
    normal::{normal_cdf, normal_density, normal_quantile, normal_survival},
    reason::Reason,
    solve::{gauss_legendre, integrate, root},
};

/// Shape of the efficacy bounds of a design with several arms and looks, one constant left to solve for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArmBounds<'a> {
    /// Arms beside the control.
    pub arms: usize,
    pub correlation: f64,
    /// Information at each look as a share of that at the last, rising to 1; three looks at most.
    pub information: &'a [f64],
    /// An arm whose evidence is below its bound at a look is dropped: one for each look but the last;
    /// −∞ where none is. They count in the error, so they bind.
    pub drop_below: &'a [f64],
}

/// Looks for which [`ArmBounds`] can be computed.
pub const MOST_ARM_LOOKS: usize = 3;

/// Points on the control's path at each look, and on an arm's own.
const POINTS: usize = 24;
/// Beyond this many standard deviations there is no mass that shows.
const REACH: f64 = 6.0;

impl ArmBounds<'_> {
    /// The chance of claiming at least one of the arms, none being better than control, if an arm is
    /// claimed when its evidence is above `upper` at a look it has reached.
    ///
    /// Given the path of the control, the arms are independent: the chance that none is claimed is the
    /// mean over that path of one arm's chance to the power of their number. Claiming one arm does not
    /// stop the others; stopping the trial then would not change this error.
    ///
    /// Magirr, Jaki & Whitehead, Biometrika 2012;99:494.
    pub fn error(&self, upper: &[f64]) -> f64 {
        let (nodes, weights) = gauss_legendre(POINTS);
        let mut path = vec![0.0; self.information.len()];
        self.over_control(0, 0.0, &mut path, upper, (&nodes, &weights))
    }

    /// The bounds `c·t^{Δ−½}` for which the error is `level`; Δ = 0 is O'Brien and Fleming's shape, ½
    /// Pocock's.
    pub fn solve(&self, level: f64, delta: f64) -> Result<Vec<f64>, Reason> {
        let looks = self.information.len();
        if looks == 0 || looks > MOST_ARM_LOOKS || self.drop_below.len() + 1 != looks || self.arms == 0 {
            return Err(Reason::OutOfRange);
        }
        let shape: Vec<f64> = self.information.iter().map(|t| libm::pow(*t, delta - 0.5)).collect();
        let upper = |c: f64| -> Vec<f64> { shape.iter().map(|s| c * s).collect() };
        let one = -normal_quantile(level);
        // One look of one arm from below; every look of every arm apart from above.
        let tests = (self.arms * looks) as f64;
        let c = root(|c| self.error(&upper(c)) - level, 0.9 * one, -normal_quantile(level / tests) + 0.5)?;
        Ok(upper(c))
    }

    /// The mean over the control's path from look `look` on of the chance that at least one arm is claimed.
    fn over_control(
        &self,
        look: usize,
        control: f64,
        path: &mut [f64],
        upper: &[f64],
        rule: (&[f64], &[f64]),
    ) -> f64 {
        if look == path.len() {
            let claimed = self.claimed(0, 0.0, path, upper, rule);
            // 1 − (1 − q)^k, precise for small q.
            return -libm::expm1(self.arms as f64 * libm::log1p(-claimed.min(1.0 - 1e-16)));
        }
        let step = (self.information[look] - self.before(look)).sqrt();
        rule.0
            .iter()
            .zip(rule.1)
            .map(|(x, w)| {
                let x = REACH * x;
                let mass = REACH * w * normal_density(x);
                path[look] = control + step * x;
                let here = path[look];
                if mass < 1e-12 { 0.0 } else { mass * self.over_control(look + 1, here, path, upper, rule) }
            })
            .sum()
    }

    fn before(&self, look: usize) -> f64 {
        if look == 0 { 0.0 } else { self.information[look - 1] }
    }

    /// The chance that one arm is claimed at look `look` or later, given the control's path and where the
    /// arm's own path was at the look before.
    fn claimed(&self, look: usize, own: f64, path: &[f64], upper: &[f64], rule: (&[f64], &[f64])) -> f64 {
        let t = self.information[look];
        let (shared, apart) = (self.correlation.sqrt(), (1.0 - self.correlation).sqrt());
        let limit = |bound: f64| (bound * t.sqrt() - shared * path[look]) / apart;
        let step = (t - self.before(look)).sqrt();
        let high = (limit(upper[look]) - own) / step;
        let now = normal_survival(high);
        if look + 1 == path.len() {
            return now;
        }
        let low = ((limit(self.drop_below[look]) - own) / step).max(-REACH);
        let high = high.min(REACH);
        if low >= high {
            return now;
        }
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        let later: f64 = rule
            .0
            .iter()
            .zip(rule.1)
            .map(|(x, w)| {
                let x = middle + half * x;
                half * w * normal_density(x) * self.claimed(look + 1, own + step * x, path, upper, rule)
            })
            .sum();
        now + later
    }
}

/// The critical value for the arm with the most evidence after a first stage with share `t` of the
/// information of an arm, when that arm alone goes on beside the control and all its patients are
/// counted at the end.
///
/// `P(√t·M + √(1 − t)·Z > c)` with `M` the largest of the first stage. Thall, Simon & Ellenberg,
/// Biometrika 1988;75:303.
pub fn select_best_critical(level: f64, arms: usize, correlation: f64, t: f64) -> Result<f64, Reason> {
    let (first, second) = (t.sqrt(), (1.0 - t).sqrt());
    let error = |c: f64| {
        integrate(
            |z| normal_density(z) * dunnett_p((c - second * z) / first, arms, correlation),
            -9.0,
            9.0,
            30,
        )
    };
    root(|c| error(c) - level, -normal_quantile(level) - 0.1, 9.0)
}

/// P value that a treatment works neither in everybody nor in a part of them: the chance that the larger
/// of two statistics is at least `largest`, the part holding `share` of the information.
///
/// `1 − Φ₂(b, b; √share)`. Spiessens & Debois, Contemp Clin Trials 2010;31:647.
pub fn part_and_whole_p(largest: f64, share: f64) -> f64 {
    let correlation = share.sqrt();
    if correlation >= 1.0 {
        return normal_survival(largest);
    }
    let apart = (1.0 - share).sqrt();
    let both_below = integrate(
        |x| normal_density(x) * normal_cdf((largest - correlation * x) / apart),
        -9.0,
        largest.clamp(-9.0, 9.0),
        24,
    );
    (1.0 - both_below).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Boundary, Sides, bivariate_normal_upper, dunnett_critical, efficacy_boundary};

    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() < within, "{found} {expected}");
    }

    #[test]
    fn one_look_is_dunnetts_test() {
        for (arms, critical) in [(2, 2.212_135_092_984_916), (3, 2.348_976_102_583_191_7)] {
            let one = ArmBounds { arms, correlation: 0.5, information: &[1.0], drop_below: &[] };
            close(one.solve(0.025, 0.5).unwrap()[0], critical, 1e-6);
            close(dunnett_critical(0.025, arms, 0.5).unwrap(), critical, 1e-9);
        }
    }

    /// One arm is a group-sequential design.
    #[test]
    fn one_arm_has_the_bounds_of_a_sequential_design() {
        let never = f64::NEG_INFINITY;
        for (information, drop_below) in
            [(vec![0.5, 1.0], vec![never]), (vec![0.3, 0.6, 1.0], vec![never, never])]
        {
            let one =
                ArmBounds { arms: 1, correlation: 0.5, information: &information, drop_below: &drop_below };
            let found = one.solve(0.025, 0.0).unwrap();
            let known =
                efficacy_boundary(Boundary::WangTsiatis(0.0), 0.025, &information, Sides::One, None).unwrap();
            for (f, k) in found.iter().zip(&known) {
                close(*f, *k, 1e-5);
            }
        }
    }

    /// Four arms, two looks at equal distance, arms below 0 dropped at the first, by another way: the control's two
    /// stages on a grid (trapezium rule), and an arm's two looks, given them, by the bivariate normal integral.
    #[test]
    fn four_arms_have_the_bounds_of_another_integral() {
        let four = ArmBounds { arms: 4, correlation: 0.5, information: &[0.5, 1.0], drop_below: &[0.0] };
        let bounds = four.solve(0.05, 0.0).unwrap();
        let half = 0.5f64.sqrt();
        let (steps, reach) = (160, 8.0);
        let (mut error, mut mass) = (0.0, 0.0);
        for i in -steps..=steps {
            for j in -steps..=steps {
                let [x, y] = [i, j].map(|k| reach * f64::from(k) / f64::from(steps));
                let weight = normal_density(x) * normal_density(y);
                if weight < 1e-14 {
                    continue;
                }
                // Evidence is (arm − control)/√2; of both looks as a share of the control's own path.
                let control = [x, half * (x + y)];
                let beyond = |first: f64| {
                    let limit = |b: f64, c: f64| 2f64.sqrt() * b - c;
                    bivariate_normal_upper(limit(first, control[0]), limit(bounds[1], control[1]), half)
                };
                let first = normal_survival(2f64.sqrt() * bounds[0] - control[0]);
                let claimed = first + beyond(0.0) - beyond(bounds[0]);
                error += weight * (1.0 - (1.0 - claimed).powi(4));
                mass += weight;
            }
        }
        close(error / mass, 0.05, 1e-7);
        assert!((bounds[0] / bounds[1] - 2f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn the_best_of_one_is_an_ordinary_test() {
        close(select_best_critical(0.025, 1, 0.5, 0.5).unwrap(), 1.959_963_985, 1e-7);
        // With everything known at selection it is Dunnett's test.
        let dunnett = dunnett_critical(0.025, 3, 0.5).unwrap();
        close(select_best_critical(0.025, 3, 0.5, 1.0 - 1e-9).unwrap(), dunnett, 1e-4);
    }

    #[test]
    fn part_and_whole_are_two_correlated_tests() {
        for (b, share) in [(2.0, 0.32), (1.5, 0.5), (0.3, 0.9)] {
            let expected = 2.0 * normal_survival(b) - bivariate_normal_upper(b, b, f64::sqrt(share));
            close(part_and_whole_p(b, share), expected, 1e-9);
        }
        close(part_and_whole_p(2.0, 1.0), normal_survival(2.0), 1e-12);
    }
}
