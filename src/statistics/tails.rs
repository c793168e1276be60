//! Tail areas and quantiles of the distributions that tests refer to.

use statrs::distribution::{Beta, ChiSquared, ContinuousCDF, StudentsT};

use super::normal::{normal_quantile, two_sided_p};

/// Chance that a chi-square variable with `degrees` degrees of freedom exceeds `x`.
pub fn chi_square_survival(x: f64, degrees: f64) -> f64 {
    if x <= 0.0 {
        1.0
    } else if x.is_infinite() {
        0.0
    } else if degrees == 1.0 {
        two_sided_p(x.sqrt())
    } else if degrees == 2.0 {
        libm::exp(-0.5 * x)
    } else if degrees == 3.0 {
        two_sided_p(x.sqrt()) + (2.0 * x / std::f64::consts::PI).sqrt() * libm::exp(-0.5 * x)
    } else {
        ChiSquared::new(degrees).map_or(1.0, |d| d.sf(x))
    }
}

/// Chi-square quantile: the `x` exceeded with probability `1 − p`.
pub fn chi_square_quantile(p: f64, degrees: f64) -> f64 {
    if degrees == 1.0 {
        let z = normal_quantile(0.5 + 0.5 * p);
        return z * z;
    }
    ChiSquared::new(degrees).map_or(0.0, |d| d.inverse_cdf(p))
}

/// Distribution function of Student's t.
///
/// Through the incomplete beta function: `1 − I(ν/(ν+t²); ν/2, ½)/2` for `t > 0`.
pub fn student_cdf(t: f64, degrees: f64) -> f64 {
    if t == 0.0 {
        return 0.5;
    }
    let tail = 0.5 * student_two_sided_p(t, degrees);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// Two-sided P value of Student's t with `degrees` degrees of freedom, whole or not.
pub fn student_two_sided_p(t: f64, degrees: f64) -> f64 {
    if t == 0.0 {
        return 1.0;
    }
    let x = degrees / (degrees + t * t);
    if x <= 0.0 { 0.0 } else { statrs::function::beta::beta_reg(0.5 * degrees, 0.5, x.min(1.0)) }
}

/// Student's t quantile.
///
/// The library's inverse is off by 3e-6 at large `degrees`; Newton steps on the distribution
/// function above bring it to 1e-12.
pub fn student_quantile(p: f64, degrees: f64) -> f64 {
    if p == 0.5 {
        return 0.0;
    }
    if p > 0.5 {
        return -student_quantile(1.0 - p, degrees);
    }
    let Ok(law) = StudentsT::new(0.0, 1.0, degrees) else { return 0.0 };
    let mut t = if degrees > 200.0 { normal_quantile(p) } else { law.inverse_cdf(p) };
    for _ in 0..20 {
        let log_density = statrs::function::gamma::ln_gamma(0.5 * (degrees + 1.0))
            - statrs::function::gamma::ln_gamma(0.5 * degrees)
            - 0.5 * libm::log(degrees * std::f64::consts::PI)
            - 0.5 * (degrees + 1.0) * libm::log1p(t * t / degrees);
        let step = (student_cdf(t, degrees) - p) / libm::exp(log_density);
        t -= step.clamp(-1.0, 1.0);
        if step.abs() < 1e-14 * t.abs().max(1.0) {
            break;
        }
    }
    t
}

/// Quantile of the beta distribution with shapes `a` and `b`.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    Beta::new(a, b).map_or(0.0, |d| d.inverse_cdf(p))
}

/// Distribution function of the beta distribution with shapes `a` and `b`.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else {
        statrs::function::beta::beta_reg(a, b, x)
    }
}
