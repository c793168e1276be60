//! Exact predictive distributions of counts: binomial, mixed over what is not known.

/// Probabilities of 0, 1, … n events.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts(pub Vec<f64>);

impl Counts {
    /// The binomial distribution of `n` patients with one risk.
    pub fn binomial(n: u32, risk: f64) -> Self {
        let p = risk.clamp(1e-12, 1.0 - 1e-12);
        let size = f64::from(n);
        let (log_p, log_q) = (libm::log(p), libm::log1p(-p));
        let chance = |k: u32| {
            let k = f64::from(k);
            let ways = libm::lgamma(size + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(size - k + 1.0);
            libm::exp(ways + k * log_p + (size - k) * log_q)
        };
        Counts((0..=n).map(chance).collect())
    }

    /// A mixture of distributions of the same number of patients, by weights that add up to 1.
    pub fn mixture(parts: &[(f64, Counts)]) -> Self {
        let n = parts.first().map_or(0, |(_, c)| c.0.len());
        Counts((0..n).map(|k| parts.iter().map(|(w, c)| w * c.0[k]).sum()).collect())
    }

    /// Patients.
    pub fn patients(&self) -> u32 {
        self.0.len() as u32 - 1
    }

    /// The shares between which 95 % of trials fall.
    pub fn interval(&self) -> [f64; 2] {
        let n = f64::from(self.patients());
        let quantile = |q: f64| {
            let mut below = 0.0;
            let at = self.0.iter().position(|p| {
                below += p;
                below >= q
            });
            at.unwrap_or(self.0.len() - 1) as f64 / n
        };
        [quantile(0.025), quantile(0.975)]
    }

    /// Where a count lies: the probability of fewer, and half of that of as many.
    pub fn percentile(&self, count: u32) -> f64 {
        let k = count as usize;
        self.0[..k].iter().sum::<f64>() + 0.5 * self.0.get(k).copied().unwrap_or(0.0)
    }
}

/// The difference of two shares, treatment less control.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Differences in order, with their probabilities.
    values: Vec<(f64, f64)>,
}

impl Difference {
    /// Of two arms that are independent.
    pub fn new(treatment: &Counts, control: &Counts) -> Self {
        let (n1, n0) = (f64::from(treatment.patients()), f64::from(control.patients()));
        let likely = |c: &Counts| -> Vec<(usize, f64)> {
            c.0.iter().copied().enumerate().filter(|(_, p)| *p > 1e-9).collect()
        };
        let mut values = Vec::new();
        for &(x1, p1) in &likely(treatment) {
            for &(x0, p0) in &likely(control) {
                values.push((x1 as f64 / n1 - x0 as f64 / n0, p1 * p0));
            }
        }
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        Difference { values }
    }

    /// The differences between which 95 % of trials fall.
    pub fn interval(&self) -> [f64; 2] {
        let quantile = |q: f64| {
            let mut below = 0.0;
            let at = self.values.iter().position(|(_, p)| {
                below += p;
                below >= q
            });
            at.map_or(f64::NAN, |i| self.values[i].0)
        };
        [quantile(0.025), quantile(0.975)]
    }

    /// Where an observed difference lies.
    pub fn percentile(&self, observed: f64) -> f64 {
        let less: f64 = self.values.iter().filter(|(d, _)| *d < observed - 1e-9).map(|(_, p)| p).sum();
        let same: f64 =
            self.values.iter().filter(|(d, _)| (d - observed).abs() <= 1e-9).map(|(_, p)| p).sum();
        less + 0.5 * same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Binomial(4, 1/2): 1, 4, 6, 4, 1 sixteenths.
    #[test]
    fn a_binomial_is_exact() {
        let counts = Counts::binomial(4, 0.5);
        for (p, wanted) in counts.0.iter().zip([1.0, 4.0, 6.0, 4.0, 1.0]) {
            assert!((p - wanted / 16.0).abs() < 1e-12);
        }
        assert!((counts.percentile(2) - 0.5).abs() < 1e-12);
        assert_eq!(counts.interval(), [0.0, 1.0]);
        let mixed = Counts::mixture(&[(0.5, Counts::binomial(4, 0.2)), (0.5, Counts::binomial(4, 0.8))]);
        assert!(
            (mixed.percentile(2) - 0.5).abs() < 1e-12 && (mixed.0.iter().sum::<f64>() - 1.0).abs() < 1e-12
        );
    }

    #[test]
    fn a_difference_of_equal_arms_lies_about_0() {
        let arm = Counts::binomial(50, 0.4);
        let difference = Difference::new(&arm, &arm);
        assert!((difference.percentile(0.0) - 0.5).abs() < 1e-6);
        let [low, high] = difference.interval();
        let wanted = 1.96 * (2.0 * 0.4 * 0.6 / 50.0_f64).sqrt();
        assert!((high - wanted).abs() < 0.02 && (low + wanted).abs() < 0.021);
    }
}
