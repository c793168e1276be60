use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::normal_quantile::quantile;

/// Standard normal density `φ(x) = exp(−x²/2) / √(2π)`.
pub fn normal_density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / (2.0 * PI).sqrt()
}

/// Standard normal distribution function `Φ(x)`.
///
/// Through `erfc`, so that the lower tail keeps its relative precision (1e-13 at −37).
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Standard normal survival function `1 − Φ(x)`, precise in the upper tail.
pub fn normal_survival(x: f64) -> f64 {
    0.5 * libm::erfc(x * FRAC_1_SQRT_2)
}

/// Standard normal quantile: the `x` with `Φ(x) = p`.
///
/// Infinite at 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        f64::NEG_INFINITY
    } else if p >= 1.0 {
        f64::INFINITY
    } else {
        quantile(p)
    }
}

/// The multiplier `z` of a two-sided interval: `Φ(z) = 1 − (1 − confidence)/2`; 1.96 for 0.95.
pub fn interval_multiplier(confidence: f64) -> f64 {
    if confidence == 0.95 {
        return USUAL_MULTIPLIER;
    }
    -normal_quantile(0.5 * (1.0 - confidence))
}

/// The multiplier of the usual interval, which is asked for all the time; to the last bit what
/// [`normal_quantile`] gives.
const USUAL_MULTIPLIER: f64 = 1.959_963_984_540_053_6;

#[test]
fn the_usual_multiplier_is_the_quantile() {
    assert_eq!(USUAL_MULTIPLIER, -normal_quantile(0.5 * (1.0 - 0.95)));
}

/// Two-sided P value of a standard normal statistic: `2Φ(−|z|)`.
pub fn two_sided_p(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2).min(1.0)
}
