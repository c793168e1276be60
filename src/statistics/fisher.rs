use super::{interval::Interval, reason::Reason, solve::root, two_by_two::TwoByTwo};

/// Tables at most this much more probable than the observed one count as equally probable, as in R.
const TIE: f64 = 1.0 + 1e-7;

/// The distribution of events in treatment given all margins, in one table or summed over strata.
///
/// With an odds ratio `ψ` the chance of `k` is proportional to `weight(k)·ψᵏ`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionalDistribution {
    low: u32,
    weights: Vec<f64>,
    observed: u32,
}

/// P values of Fisher's exact test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FisherTest {
    /// Chance of tables at most as probable as the one seen.
    pub two_sided: f64,
    /// Chance of as few events in treatment.
    pub less: f64,
    /// Chance of as many events in treatment.
    pub greater: f64,
    /// Chance of the table itself; half of it is taken off in a mid-P value.
    pub point: f64,
}

impl FisherTest {
    pub fn mid_less(&self) -> f64 {
        self.less - 0.5 * self.point
    }

    pub fn mid_greater(&self) -> f64 {
        self.greater - 0.5 * self.point
    }

    /// Two-sided mid-P: twice the smaller one-sided mid-P.
    pub fn mid_two_sided(&self) -> f64 {
        (2.0 * self.mid_less().min(self.mid_greater())).min(1.0)
    }
}

impl TwoByTwo {
    /// Distribution of treatment's events given the margins, by recursion from the mode.
    pub fn conditional_distribution(&self) -> ConditionalDistribution {
        let (n1, n0) = (self.n_treatment, self.n_control);
        let events = self.events_treatment + self.events_control;
        let low = events.saturating_sub(n0);
        let high = events.min(n1);
        let mut weights = vec![0.0; (high - low + 1) as usize];
        let mode = (f64::from(events + 1) * f64::from(n1 + 1) / f64::from(n1 + n0 + 2)) as u32;
        let mode = mode.clamp(low, high);
        let rise = |k: u32| {
            f64::from(events - k) * f64::from(n1 - k) / (f64::from(k + 1) * f64::from(n0 + k + 1 - events))
        };
        weights[(mode - low) as usize] = 1.0;
        for k in mode..high {
            weights[(k + 1 - low) as usize] = weights[(k - low) as usize] * rise(k);
        }
        for k in (low..mode).rev() {
            weights[(k - low) as usize] = weights[(k + 1 - low) as usize] / rise(k);
        }
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= total);
        ConditionalDistribution { low, weights, observed: self.events_treatment }
    }

    /// Fisher's exact test. Two-sided: all tables at most as probable as the observed one.
    ///
    /// Fisher, Statistical Methods for Research Workers, 5th edition, 1934.
    pub fn fisher(&self) -> FisherTest {
        self.conditional_distribution().test()
    }
}

impl ConditionalDistribution {
    /// The distribution of the sum over strata.
    pub fn of_strata(tables: &[TwoByTwo]) -> Self {
        let mut sum = ConditionalDistribution { low: 0, weights: vec![1.0], observed: 0 };
        for table in tables {
            let next = table.conditional_distribution();
            let mut weights = vec![0.0; sum.weights.len() + next.weights.len() - 1];
            for (i, a) in sum.weights.iter().enumerate() {
                for (j, b) in next.weights.iter().enumerate() {
                    weights[i + j] += a * b;
                }
            }
            sum = ConditionalDistribution {
                low: sum.low + next.low,
                weights,
                observed: sum.observed + next.observed,
            };
        }
        sum
    }

    fn place(&self) -> usize {
        (self.observed - self.low) as usize
    }

    /// Exact test that the odds ratio is 1.
    pub fn test(&self) -> FisherTest {
        let at = self.place();
        let point = self.weights[at];
        let two_sided: f64 = self.weights.iter().filter(|&&w| w <= point * TIE).sum();
        FisherTest {
            two_sided: two_sided.min(1.0),
            less: self.weights[..=at].iter().sum::<f64>().min(1.0),
            greater: self.weights[at..].iter().sum::<f64>().min(1.0),
            point,
        }
    }

    /// Chances of each value at the odds ratio `exp(log_ratio)`.
    fn tilted(&self, log_ratio: f64) -> Vec<f64> {
        let at = self.place() as f64;
        // Exponents are taken from the observed value and the largest is brought to 0.
        let logs: Vec<f64> = self
            .weights
            .iter()
            .enumerate()
            .map(|(k, w)| libm::log(*w) + (k as f64 - at) * log_ratio)
            .collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let raised: Vec<f64> = logs.iter().map(|l| libm::exp(l - top)).collect();
        let total: f64 = raised.iter().sum();
        raised.iter().map(|r| r / total).collect()
    }

    /// Odds ratio of highest conditional likelihood: 0 or infinite at the ends of the range, and
    /// undefined when the margins leave no choice.
    pub fn odds_ratio(&self) -> Result<f64, Reason> {
        let last = self.weights.len() - 1;
        let at = self.place();
        if last == 0 {
            return Err(Reason::Undefined);
        }
        if at == 0 {
            return Ok(0.0);
        }
        if at == last {
            return Ok(f64::INFINITY);
        }
        let mean = |l: f64| self.tilted(l).iter().enumerate().map(|(k, p)| k as f64 * p).sum::<f64>();
        Ok(libm::exp(root(|l| mean(l) - at as f64, -30.0, 30.0)?))
    }

    /// Exact interval of the odds ratio: each end leaves half the error in the tail beyond the
    /// observed value (Cornfield).
    pub fn odds_ratio_interval(&self, confidence: f64) -> Result<Interval, Reason> {
        let last = self.weights.len() - 1;
        let at = self.place();
        let tail = 0.5 * (1.0 - confidence);
        let above = |l: f64| self.tilted(l)[at..].iter().sum::<f64>() - tail;
        let below = |l: f64| self.tilted(l)[..=at].iter().sum::<f64>() - tail;
        Ok(Interval {
            lower: if at == 0 { 0.0 } else { libm::exp(root(above, -30.0, 30.0)?) },
            upper: if at == last { f64::INFINITY } else { libm::exp(root(below, -30.0, 30.0)?) },
        })
    }
}
