use super::{
    interval::Interval, kaplan_meier::KaplanMeier, normal::two_sided_p, reason::Reason, two_by_two::Estimate,
};

/// Mean survival time up to a horizon, in one group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestrictedMean {
    pub horizon: f64,
    /// Area under the Kaplan-Meier curve from 0 to the horizon, in the unit of time.
    pub mean: f64,
    /// `Σ A²·d/(n(n − d))`, `A` the area still to come at each event time.
    pub variance: f64,
    /// The same with `d/n²`.
    pub variance_aalen: f64,
}

impl KaplanMeier {
    /// Restricted mean survival time to `horizon`.
    ///
    /// The curve is carried flat from the last exit. Where the last at risk die together the term is 0.
    ///
    /// Royston & Parmar, Stat Med 2011;30:2409.
    pub fn restricted_mean(&self, horizon: f64) -> RestrictedMean {
        let until = self.steps.partition_point(|s| s.time <= horizon);
        let steps = &self.steps[..until];
        // Areas from each step to the next, the last to the horizon.
        let mut ahead = 0.0;
        let (mut variance, mut variance_aalen) = (0.0, 0.0);
        let mut next = horizon;
        for step in steps.iter().rev() {
            ahead += step.survival * (next - step.time);
            next = step.time;
            let (n, d) = (step.at_risk, step.events);
            if d > 0.0 {
                variance_aalen += ahead * ahead * d / (n * n);
                if d < n {
                    variance += ahead * ahead * d / (n * (n - d));
                }
            }
        }
        RestrictedMean { horizon, mean: ahead + next, variance, variance_aalen }
    }
}

/// Two groups' restricted means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestrictedMeans {
    pub treatment: RestrictedMean,
    pub control: RestrictedMean,
}

impl RestrictedMeans {
    /// Compares two curves to one horizon. Nobody dying in either group is [`Reason::NoVariance`].
    pub fn new(treatment: &KaplanMeier, control: &KaplanMeier, horizon: f64) -> Result<Self, Reason> {
        let means = RestrictedMeans {
            treatment: treatment.restricted_mean(horizon),
            control: control.restricted_mean(horizon),
        };
        if means.treatment.variance + means.control.variance <= 0.0 {
            return Err(Reason::NoVariance);
        }
        Ok(means)
    }

    /// Time gained by treatment: above 0 is better.
    pub fn gain(&self) -> Estimate {
        Estimate {
            value: self.treatment.mean - self.control.mean,
            standard_error: (self.treatment.variance + self.control.variance).sqrt(),
        }
    }

    /// Time lost less time lost in control, over its standard error: below 0 when treatment does
    /// better, as everywhere.
    pub fn z(&self) -> f64 {
        -self.gain().z()
    }

    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z())
    }

    pub fn gain_interval(&self, confidence: f64) -> Interval {
        self.gain().interval(confidence)
    }

    /// Log ratio of the mean times, by the delta method.
    pub fn log_ratio(&self) -> Result<Estimate, Reason> {
        log_ratio(self.treatment.mean, self.treatment.variance, self.control.mean, self.control.variance)
    }

    /// Log ratio of the mean times lost before the horizon: below 0 is better. An arm that loses none is
    /// [`Reason::Undefined`].
    pub fn log_ratio_lost(&self) -> Result<Estimate, Reason> {
        let (one, zero) = (&self.treatment, &self.control);
        log_ratio(one.horizon - one.mean, one.variance, zero.horizon - zero.mean, zero.variance)
    }
}

fn log_ratio(one: f64, variance_1: f64, zero: f64, variance_0: f64) -> Result<Estimate, Reason> {
    if one <= 0.0 || zero <= 0.0 {
        return Err(Reason::Undefined);
    }
    Ok(Estimate {
        value: libm::log(one / zero),
        standard_error: (variance_1 / (one * one) + variance_0 / (zero * zero)).sqrt(),
    })
}
