use super::{
    fisher::ConditionalDistribution,
    reason::Reason,
    solve::root,
    tails::chi_square_survival,
    two_by_two::{Estimate, TwoByTwo},
};

/// Two arms compared in several strata.
#[derive(Clone, Copy, Debug)]
pub struct StratifiedTables<'a>(pub &'a [TwoByTwo]);

struct Cells {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    n1: f64,
    n0: f64,
    n: f64,
}

impl StratifiedTables<'_> {
    /// Strata in which both arms have people, as cells: events and others in treatment, then control.
    fn cells(&self) -> impl Iterator<Item = Cells> {
        self.0.iter().filter(|t| t.n_treatment > 0 && t.n_control > 0).map(|t| {
            let (a, n1) = (f64::from(t.events_treatment), f64::from(t.n_treatment));
            let (c, n0) = (f64::from(t.events_control), f64::from(t.n_control));
            Cells { a, b: n1 - a, c, d: n0 - c, n1, n0, n: n1 + n0 }
        })
    }

    /// Events in treatment less expected, and the hypergeometric variance, summed.
    fn sums(&self) -> Result<(f64, f64), Reason> {
        let (mut difference, mut variance) = (0.0, 0.0);
        for s in self.cells() {
            let events = s.a + s.c;
            difference += s.a - s.n1 * events / s.n;
            variance += s.n1 * s.n0 * events * (s.n - events) / (s.n * s.n * (s.n - 1.0));
        }
        if variance > 0.0 { Ok((difference, variance)) } else { Err(Reason::NoVariance) }
    }

    /// Cochran-Mantel-Haenszel test as `z = Σ(O − E)/√ΣV`; negative when treatment does better.
    ///
    /// Mantel & Haenszel, J Natl Cancer Inst 1959;22:719.
    pub fn mantel_haenszel_z(&self) -> Result<f64, Reason> {
        self.sums().map(|(u, v)| u / v.sqrt())
    }

    /// Its chi-square with a continuity correction of ½, made only when the sum is at least ½ from 0.
    pub fn mantel_haenszel_chi_square_corrected(&self) -> Result<f64, Reason> {
        let (u, v) = self.sums()?;
        let apart = if u.abs() >= 0.5 { u.abs() - 0.5 } else { u.abs() };
        Ok(apart * apart / v)
    }

    /// Exact conditional distribution of treatment's events over all strata: its test, odds ratio
    /// and interval.
    pub fn conditional_distribution(&self) -> ConditionalDistribution {
        ConditionalDistribution::of_strata(self.0)
    }

    /// Log of Mantel and Haenszel's odds ratio, with Robins, Breslow and Greenland's standard error.
    /// Biometrics 1986;42:311.
    pub fn log_odds_ratio(&self) -> Result<Estimate, Reason> {
        let (mut r, mut s, mut pr, mut mixed, mut qs) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for k in self.cells() {
            let (p, q) = ((k.a + k.d) / k.n, (k.b + k.c) / k.n);
            let (rk, sk) = (k.a * k.d / k.n, k.b * k.c / k.n);
            r += rk;
            s += sk;
            pr += p * rk;
            mixed += p * sk + q * rk;
            qs += q * sk;
        }
        if r == 0.0 || s == 0.0 {
            return Err(Reason::Undefined);
        }
        let variance = pr / (2.0 * r * r) + mixed / (2.0 * r * s) + qs / (2.0 * s * s);
        Ok(Estimate { value: libm::log(r / s), standard_error: variance.sqrt() })
    }

    /// Log of Mantel and Haenszel's risk ratio, with Greenland and Robins' standard error.
    /// Biometrics 1985;41:55.
    pub fn log_risk_ratio(&self) -> Result<Estimate, Reason> {
        let (mut above, mut below, mut spread) = (0.0, 0.0, 0.0);
        for k in self.cells() {
            above += k.a * k.n0 / k.n;
            below += k.c * k.n1 / k.n;
            spread += (k.n1 * k.n0 * (k.a + k.c) - k.a * k.c * k.n) / (k.n * k.n);
        }
        if above == 0.0 || below == 0.0 {
            return Err(Reason::Undefined);
        }
        let standard_error = (spread / (above * below)).sqrt();
        Ok(Estimate { value: libm::log(above / below), standard_error })
    }

    /// Mantel and Haenszel's risk difference, with Sato's standard error, good with few large or
    /// many small strata. Biometrics 1989;45:1323.
    pub fn risk_difference(&self) -> Result<Estimate, Reason> {
        let (value, weight) = self.difference_and_weight()?;
        let (mut p, mut q) = (0.0, 0.0);
        for k in self.cells() {
            p += (k.n1 * k.n1 * k.c - k.n0 * k.n0 * k.a + k.n1 * k.n0 * (k.n0 - k.n1) / 2.0) / (k.n * k.n);
            q += (k.a * k.d + k.c * k.b) / (2.0 * k.n);
        }
        let variance = (value * p + q) / (weight * weight);
        Ok(Estimate { value, standard_error: variance.max(0.0).sqrt() })
    }

    /// The same difference with Greenland and Robins' standard error, good with few large strata.
    pub fn risk_difference_large_strata(&self) -> Result<Estimate, Reason> {
        let (value, weight) = self.difference_and_weight()?;
        let spread: f64 = self
            .cells()
            .map(|k| {
                (k.a * k.b * k.n0 * k.n0 * k.n0 + k.c * k.d * k.n1 * k.n1 * k.n1) / (k.n1 * k.n0 * k.n * k.n)
            })
            .sum();
        Ok(Estimate { value, standard_error: spread.sqrt() / weight })
    }

    fn difference_and_weight(&self) -> Result<(f64, f64), Reason> {
        let (mut above, mut weight) = (0.0, 0.0);
        for k in self.cells() {
            above += (k.a * k.n0 - k.c * k.n1) / k.n;
            weight += k.n1 * k.n0 / k.n;
        }
        if weight > 0.0 { Ok((above / weight, weight)) } else { Err(Reason::EmptyArm) }
    }

    /// Breslow and Day's test that the odds ratio is the same in every stratum, without and with Tarone's
    /// correction, on as many degrees of freedom as strata less one.
    ///
    /// Each stratum's events are compared with those expected, given its margins, at the
    /// Mantel-Haenszel odds ratio. Breslow & Day, 1980, page 142. Tarone, Biometrika 1985;72:91.
    pub fn breslow_day(&self) -> Result<BreslowDay, Reason> {
        let ratio = libm::exp(self.log_odds_ratio()?.value);
        let (mut chi_square, mut apart, mut spread) = (0.0, 0.0, 0.0);
        let mut strata = 0;
        for k in self.cells() {
            let events = k.a + k.c;
            let (low, high) = ((events - k.n0).max(0.0), events.min(k.n1));
            strata += 1;
            if low >= high {
                continue;
            }
            let gap = |x: f64| x * (k.n0 - events + x) - ratio * (events - x) * (k.n1 - x);
            let x = root(gap, low, high)?;
            let variance =
                1.0 / (1.0 / x + 1.0 / (events - x) + 1.0 / (k.n1 - x) + 1.0 / (k.n0 - events + x));
            chi_square += (k.a - x) * (k.a - x) / variance;
            apart += k.a - x;
            spread += variance;
        }
        Ok(BreslowDay { chi_square, tarone: chi_square - apart * apart / spread, degrees: strata - 1 })
    }
}

/// Result of [`StratifiedTables::breslow_day`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreslowDay {
    pub chi_square: f64,
    /// With Tarone's correction, which makes the chi-square distribution right.
    pub tarone: f64,
    pub degrees: usize,
}

impl BreslowDay {
    pub fn p(&self) -> f64 {
        chi_square_survival(self.chi_square, self.degrees as f64)
    }

    pub fn tarone_p(&self) -> f64 {
        chi_square_survival(self.tarone, self.degrees as f64)
    }
}
