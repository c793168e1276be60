use super::{
    interval::Interval,
    normal::{interval_multiplier, two_sided_p},
    reason::Reason,
};

/// The scale on which a pointwise interval of survival is symmetric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IntervalScale {
    /// `S ± z·se`, cut at 0 and 1.
    Plain,
    /// Symmetric in `log S`, cut at 1.
    Log,
    /// Symmetric in `log(−log S)`: stays within 0 and 1. Undefined while nobody has died and when
    /// everybody has. Kalbfleisch & Prentice, 1980.
    #[default]
    LogLog,
}

/// The curve just after one event or censoring time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurveStep {
    pub time: f64,
    /// At risk just before `time`.
    pub at_risk: f64,
    pub events: f64,
    pub survival: f64,
    /// `Σ d/(n(n − d))` to this time: the variance of `log S`. Infinite once everyone has died.
    pub greenwood: f64,
    /// Nelson-Aalen cumulative hazard `Σ d/n`.
    pub cumulative_hazard: f64,
    /// Its variance `Σ d/n²`.
    pub cumulative_hazard_variance: f64,
    /// Cumulative hazard with tied deaths taken one after another, `Σ Σ_{k<d} 1/(n − k)`
    /// (Fleming & Harrington).
    pub cumulative_hazard_untied: f64,
}

/// The product-limit estimate of survival in one group.
///
/// At each time with `d` deaths among `n` at risk survival is multiplied by `1 − d/n`. Someone
/// censored at a death's time is still at risk for it. The curve is a step function, continuous from
/// the right; after the last exit it is carried on. Greenwood's variance of `S` is
/// `S²·Σ d/(n(n − d))`.
///
/// Kaplan & Meier, J Am Stat Assoc 1958;53:457.
#[derive(Clone, Debug, PartialEq)]
pub struct KaplanMeier {
    /// One step for each distinct exit time, in rising order.
    pub steps: Vec<CurveStep>,
    exits: Vec<f64>,
    entries: Vec<f64>,
}

impl KaplanMeier {
    /// The curve of people followed from time 0.
    pub fn new(time: &[f64], event: &[bool]) -> Self {
        Self::with_entry(&[], time, event)
    }

    /// The curve when people come under observation late: at risk after `entry` up to and including
    /// `time`. An empty `entry` means from the start.
    pub fn with_entry(entry: &[f64], time: &[f64], event: &[bool]) -> Self {
        let mut rows: Vec<usize> = (0..time.len()).collect();
        rows.sort_by(|&a, &b| time[a].total_cmp(&time[b]));
        let exits: Vec<f64> = rows.iter().map(|&i| time[i]).collect();
        let mut entries = entry.to_vec();
        entries.sort_by(f64::total_cmp);
        let mut steps = Vec::new();
        let mut step = CurveStep {
            time: 0.0,
            at_risk: 0.0,
            events: 0.0,
            survival: 1.0,
            greenwood: 0.0,
            cumulative_hazard: 0.0,
            cumulative_hazard_variance: 0.0,
            cumulative_hazard_untied: 0.0,
        };
        let mut start = 0;
        while start < rows.len() {
            let now = exits[start];
            let end = start + exits[start..].iter().take_while(|&&t| t == now).count();
            let d = rows[start..end].iter().filter(|&&i| event[i]).count() as f64;
            let n = at_risk(&exits, &entries, now);
            step.time = now;
            step.at_risk = n;
            step.events = d;
            if d > 0.0 {
                step.survival *= 1.0 - d / n;
                step.greenwood += if d < n { d / (n * (n - d)) } else { f64::INFINITY };
                step.cumulative_hazard += d / n;
                step.cumulative_hazard_variance += d / (n * n);
                let mut k = 0.0;
                while k < d {
                    step.cumulative_hazard_untied += 1.0 / (n - k);
                    k += 1.0;
                }
            }
            steps.push(step);
            start = end;
        }
        KaplanMeier { steps, exits, entries }
    }

    /// At risk just before `time`.
    pub fn at_risk(&self, time: f64) -> f64 {
        at_risk(&self.exits, &self.entries, time)
    }

    /// The last step at or before `time`; `None` before the first exit.
    pub fn step_at(&self, time: f64) -> Option<&CurveStep> {
        let after = self.steps.partition_point(|s| s.time <= time);
        after.checked_sub(1).map(|i| &self.steps[i])
    }

    /// Probability of surviving beyond `time`.
    pub fn survival_at(&self, time: f64) -> f64 {
        self.step_at(time).map_or(1.0, |s| s.survival)
    }

    /// Greenwood's standard error of survival at `time`; `None` once everyone has died, where it
    /// is undefined.
    pub fn standard_error_at(&self, time: f64) -> Option<f64> {
        self.step_at(time).map_or(Some(0.0), CurveStep::standard_error)
    }

    /// Pointwise interval of survival at `time`.
    pub fn interval_at(&self, time: f64, scale: IntervalScale, confidence: f64) -> Option<Interval> {
        match self.step_at(time) {
            Some(step) => step.interval(scale, confidence),
            None if scale == IntervalScale::LogLog => None,
            None => Some(Interval { lower: 1.0, upper: 1.0 }),
        }
    }

    /// The time by which a share `p` has had the event, with the interval got by reading the same
    /// share off the pointwise limits (Brookmeyer & Crowley, Biometrics 1982;38:29).
    ///
    /// The first time at which `1 − S` reaches `p`; where the curve runs flat at exactly that height,
    /// the middle of the flat piece, as R's survival does. `None` for what is not reached.
    pub fn quantile(&self, p: f64, scale: IntervalScale, confidence: f64) -> SurvivalQuantile {
        let limits: Vec<Option<Interval>> =
            self.steps.iter().map(|s| s.interval(scale, confidence)).collect();
        SurvivalQuantile {
            estimate: self.crossing(p, |i| Some(self.steps[i].survival)),
            lower: self.crossing(p, |i| limits[i].map(|x| x.lower)),
            upper: self.crossing(p, |i| limits[i].map(|x| x.upper)),
        }
    }

    /// Median survival time with the interval on the log-log scale.
    pub fn median(&self, confidence: f64) -> SurvivalQuantile {
        self.quantile(0.5, IntervalScale::LogLog, confidence)
    }

    fn crossing(&self, p: f64, height: impl Fn(usize) -> Option<f64>) -> Option<f64> {
        // Products of fractions miss 1/2 by rounding; R's tolerance is the same.
        const TOLERANCE: f64 = 1.5e-8;
        let found = (0..self.steps.len()).find(|&i| height(i).is_some_and(|s| 1.0 - s >= p - TOLERANCE))?;
        let reached = 1.0 - height(found)?;
        let time = self.steps[found].time;
        if (reached - p).abs() > TOLERANCE {
            return Some(time);
        }
        let end = (found + 1..self.steps.len())
            .find(|&i| height(i).is_some_and(|s| 1.0 - s > reached))
            .map(|i| self.steps[i].time)
            .or(self.steps.last().map(|s| s.time))?;
        Some(0.5 * (time + end))
    }
}

/// Those who have entered before `time` and not yet left before it.
fn at_risk(exits: &[f64], entries: &[f64], time: f64) -> f64 {
    let left = exits.partition_point(|&t| t < time);
    let entered = if entries.is_empty() { exits.len() } else { entries.partition_point(|&t| t < time) };
    entered.saturating_sub(left) as f64
}

impl CurveStep {
    /// Greenwood's standard error of survival; `None` at survival 0.
    pub fn standard_error(&self) -> Option<f64> {
        self.greenwood.is_finite().then(|| self.survival * self.greenwood.sqrt())
    }

    /// Pointwise interval of survival; `None` where the scale leaves it undefined.
    pub fn interval(&self, scale: IntervalScale, confidence: f64) -> Option<Interval> {
        if !self.greenwood.is_finite() {
            return None;
        }
        let z = interval_multiplier(confidence);
        let s = self.survival;
        let se = self.greenwood.sqrt();
        Some(match scale {
            IntervalScale::Plain => {
                Interval { lower: (s - z * s * se).max(0.0), upper: (s + z * s * se).min(1.0) }
            }
            IntervalScale::Log => {
                Interval { lower: s * libm::exp(-z * se), upper: (s * libm::exp(z * se)).min(1.0) }
            }
            IntervalScale::LogLog => {
                if s >= 1.0 {
                    return None;
                }
                let log_survival = libm::log(s);
                let reach = z * se / log_survival.abs();
                Interval {
                    lower: libm::exp(log_survival * libm::exp(reach)),
                    upper: libm::exp(log_survival * libm::exp(-reach)),
                }
            }
        })
    }
}

/// A quantile of survival time with its limits; `None` for what follow-up does not reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurvivalQuantile {
    pub estimate: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

/// The difference in risk between two groups at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MilestoneDifference {
    /// `F₁(t) − F₀(t) = S₀(t) − S₁(t)`; negative when group 1 does better.
    pub risk_difference: f64,
    /// From the two Greenwood variances.
    pub standard_error: f64,
    /// `(log(−log S₁) − log(−log S₀))` over its standard error, if neither survival is 0 or 1.
    pub log_log_z: Option<f64>,
}

impl MilestoneDifference {
    pub fn z(&self) -> f64 {
        self.risk_difference / self.standard_error
    }

    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z())
    }

    pub fn interval(&self, confidence: f64) -> Interval {
        Interval::wald(self.risk_difference, self.standard_error, confidence)
    }
}

/// Compares the Kaplan-Meier risks of group 1 and group 0 at `time`.
///
/// Negative when group 1 does better. Undefined when a curve has come down to 0, and without variance
/// when nobody has died in either group.
///
/// The log-log form keeps its level better in small groups: Klein et al., Stat Med 2007;26:4505.
pub fn milestone_difference(
    group_1: &KaplanMeier,
    group_0: &KaplanMeier,
    time: f64,
) -> Result<MilestoneDifference, Reason> {
    let (s1, s0) = (group_1.survival_at(time), group_0.survival_at(time));
    let se1 = group_1.standard_error_at(time).ok_or(Reason::Undefined)?;
    let se0 = group_0.standard_error_at(time).ok_or(Reason::Undefined)?;
    milestone_from(s1, se1 * se1, s0, se0 * se0)
}

/// [`milestone_difference`] from the survivals and their variances.
pub fn milestone_from(
    s1: f64,
    variance_1: f64,
    s0: f64,
    variance_0: f64,
) -> Result<MilestoneDifference, Reason> {
    let standard_error = (variance_1 + variance_0).sqrt();
    if standard_error <= 0.0 {
        return Err(Reason::NoVariance);
    }
    let inside = |s: f64| s > 0.0 && s < 1.0;
    let log_log_z = (inside(s1) && inside(s0)).then(|| {
        let (l1, l0) = (libm::log(s1), libm::log(s0));
        let variance = variance_1 / (s1 * l1 * s1 * l1) + variance_0 / (s0 * l0 * s0 * l0);
        (libm::log(-l1) - libm::log(-l0)) / variance.sqrt()
    });
    Ok(MilestoneDifference { risk_difference: s0 - s1, standard_error, log_log_z })
}
