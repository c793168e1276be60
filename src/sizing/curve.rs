//! The smooth curve that says where to look.

use super::Share;
use crate::statistics::normal_quantile;

/// Power as the normal approximation has it: `Φ(level + slope·√n)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    pub level: f64,
    pub slope: f64,
}

impl Curve {
    /// The line through the normal quantiles of the shares, each weighted by its information.
    ///
    /// `replicates` keeps a share of 0 or 1 off infinity. `None` if the shares do not rise.
    pub fn fit(points: &[(f64, Share)], replicates: u64) -> Option<Curve> {
        let least = 0.5 / replicates as f64;
        let (mut w, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (at, share) in points {
            let p = share.value.clamp(least, 1.0 - least);
            let (root, q) = (at.sqrt(), normal_quantile(p));
            // The variance of the quantile of a share: p(1−p)/φ², by the delta method.
            let density = libm::exp(-0.5 * q * q);
            let weight = density * density / (p * (1.0 - p));
            w += weight;
            x += weight * root;
            y += weight * q;
            xx += weight * root * root;
            xy += weight * root * q;
        }
        let spread = w * xx - x * x;
        let slope = (w * xy - x * y) / spread;
        (spread > 0.0 && slope > 0.0).then(|| Curve { level: (y - slope * x) / w, slope })
    }

    /// Where the curve reaches `target`; 0 if it starts above.
    pub fn reaches(&self, target: f64) -> f64 {
        let root = (normal_quantile(target) - self.level) / self.slope;
        root.max(0.0).powi(2)
    }

    /// How fast it rises where it reaches `target`, per unit of size.
    pub fn rise(&self, target: f64) -> f64 {
        let q = normal_quantile(target);
        let density = libm::exp(-0.5 * q * q) / (2.0 * std::f64::consts::PI).sqrt();
        density * self.slope / (2.0 * self.reaches(target).max(1.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::normal_cdf;

    #[test]
    fn a_curve_of_its_own_kind_is_found_again() {
        let truth = Curve { level: -1.96, slope: 0.14 };
        let points: Vec<(f64, Share)> = [50.0, 100.0, 200.0, 400.0, 800.0]
            .iter()
            .map(|&n: &f64| {
                (n, Share::of((1e9 * normal_cdf(truth.level + truth.slope * n.sqrt())) as u64, 1_000_000_000))
            })
            .collect();
        let curve = Curve::fit(&points, 1_000_000_000).unwrap();
        assert!((curve.level - truth.level).abs() < 1e-4 && (curve.slope - truth.slope).abs() < 1e-4);
        let n = curve.reaches(0.8);
        assert!((normal_cdf(truth.level + truth.slope * n.sqrt()) - 0.8).abs() < 1e-4);
        let by_difference = (normal_cdf(truth.level + truth.slope * (n + 0.5).sqrt())
            - normal_cdf(truth.level + truth.slope * (n - 0.5).sqrt()))
            / 1.0;
        assert!((curve.rise(0.8) - by_difference).abs() < 1e-6);
    }

    #[test]
    fn what_does_not_rise_has_no_curve() {
        let flat = Share::of(25, 1000);
        assert_eq!(Curve::fit(&[(100.0, flat), (200.0, flat), (400.0, Share::of(20, 1000))], 1000), None);
    }
}
