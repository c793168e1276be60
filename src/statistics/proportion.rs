use super::{interval::Interval, normal::interval_multiplier, tails::beta_quantile};

/// Intervals of one risk, `x` events among `n`. All answer `[0, 1]` when `n` is 0.
///
/// Brown, Cai & DasGupta, Stat Sci 2001;16:101, compare them.
fn counts(x: u32, n: u32) -> Option<(f64, f64)> {
    (n > 0).then(|| (f64::from(x), f64::from(n)))
}

const ALL: Interval = Interval { lower: 0.0, upper: 1.0 };

/// Wilson's score interval: the risks whose score test, with their own variance, is not rejected.
///
/// `(p + z²/2n ± z√(p(1 − p)/n + z²/4n²)) / (1 + z²/n)`. Good at small `n` and at the ends.
/// Also the interval for a simulated power or rejection rate.
///
/// Wilson, J Am Stat Assoc 1927;22:209.
pub fn wilson_interval(x: u32, n: u32, confidence: f64) -> Interval {
    let Some((x, n)) = counts(x, n) else { return ALL };
    let z = interval_multiplier(confidence);
    let p = x / n;
    let middle = p + z * z / (2.0 * n);
    let reach = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let below = 1.0 + z * z / n;
    Interval {
        lower: if x == 0.0 { 0.0 } else { (middle - reach) / below },
        upper: if x == n { 1.0 } else { (middle + reach) / below },
    }
}

/// Wilson's interval with the continuity correction of R's `prop.test`.
pub fn wilson_interval_corrected(x: u32, n: u32, confidence: f64) -> Interval {
    let Some((x, n)) = counts(x, n) else { return ALL };
    let z = interval_multiplier(confidence);
    let shift = (x - 0.5 * n).abs().min(0.5) / n;
    let half = z * z / (2.0 * n);
    let reach = |p: f64| z * (p * (1.0 - p) / n + half / (2.0 * n)).sqrt();
    let (low, high) = (x / n - shift, x / n + shift);
    Interval {
        lower: if low <= 0.0 { 0.0 } else { ((low + half - reach(low)) / (1.0 + 2.0 * half)).max(0.0) },
        upper: if high >= 1.0 { 1.0 } else { ((high + half + reach(high)) / (1.0 + 2.0 * half)).min(1.0) },
    }
}

/// Wald's interval `p ± z√(p(1 − p)/n)`: of width zero at no events.
pub fn wald_interval(x: u32, n: u32, confidence: f64) -> Interval {
    let Some((x, n)) = counts(x, n) else { return ALL };
    let p = x / n;
    Interval::wald(p, (p * (1.0 - p) / n).sqrt(), confidence)
}

/// Clopper and Pearson's exact interval: covers at least as often as it says.
pub fn clopper_pearson_interval(x: u32, n: u32, confidence: f64) -> Interval {
    let Some((x, n)) = counts(x, n) else { return ALL };
    let tail = 0.5 * (1.0 - confidence);
    Interval {
        lower: if x == 0.0 { 0.0 } else { beta_quantile(tail, x, n - x + 1.0) },
        upper: if x == n { 1.0 } else { beta_quantile(1.0 - tail, x + 1.0, n - x) },
    }
}

/// Agresti and Coull's interval: Wald's after adding `z²/2` to events and non-events. May leave 0 to 1.
pub fn agresti_coull_interval(x: u32, n: u32, confidence: f64) -> Interval {
    let Some((x, n)) = counts(x, n) else { return ALL };
    let z = interval_multiplier(confidence);
    let total = n + z * z;
    let p = (x + 0.5 * z * z) / total;
    Interval::wald(p, (p * (1.0 - p) / total).sqrt(), confidence)
}

/// Jeffreys' interval: equal tails of the posterior under a Beta(½, ½) prior.
pub fn jeffreys_interval(x: u32, n: u32, confidence: f64) -> Interval {
    let Some((x, n)) = counts(x, n) else { return ALL };
    let tail = 0.5 * (1.0 - confidence);
    let at = |p: f64| beta_quantile(p, x + 0.5, n - x + 0.5);
    Interval { lower: at(tail), upper: at(1.0 - tail) }
}
