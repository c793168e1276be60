//! The limit of the Cox estimator where it is known.

use shocktrial::calibration::cox_limit::{Arm, Censoring, cox_limit};

fn survival(hazard: f64, days: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let alive: Vec<f64> = days.iter().map(|t| (-hazard * t).exp()).collect();
    let dead = alive.iter().map(|s| 1.0 - s).collect();
    (alive, dead)
}

/// Proportional hazards: the limit is their ratio, whatever the shares, the horizon and the loss.
#[test]
fn proportional_hazards_give_their_ratio() {
    let days = [1.0, 3.0, 10.0, 30.0, 90.0, 180.0];
    let (s0, f0) = survival(0.010, &days);
    let (s1, f1) = survival(0.0074, &days);
    for (share, horizon, loss_per_day) in [(0.5, 180.0, 0.0), (0.25, 30.0, 0.0), (0.7, 90.0, 0.01)] {
        let control = Arm { at_risk: &s0, happened: &f0, share };
        let treatment = Arm { at_risk: &s1, happened: &f1, share: 1.0 - share };
        let limit = cox_limit(&days, control, treatment, Censoring { horizon, loss_per_day }).unwrap();
        assert!((limit - 0.74).abs() < 1e-4, "{limit}");
    }
}

/// A hidden frailty of two equal groups with hazards λ/2 and 2λ, ratio 0.5 within each: the limit lies
/// nearer 1 than 0.5, and nearer still with longer follow-up. At the very start it is 0.5.
#[test]
fn frailty_pulls_the_limit_towards_one() {
    let days: Vec<f64> = (1..=400).map(|d| f64::from(d) * 0.5).collect();
    let mixed = |factor: f64| {
        let alive: Vec<f64> = days
            .iter()
            .map(|t| 0.5 * (-0.01 * factor * t).exp() + 0.5 * (-0.04 * factor * t).exp())
            .collect();
        let dead: Vec<f64> = alive.iter().map(|s| 1.0 - s).collect();
        (alive, dead)
    };
    let ((s0, f0), (s1, f1)) = (mixed(1.0), mixed(0.5));
    let limit = |share: f64, loss_per_day: f64, horizon: f64| {
        let control = Arm { at_risk: &s0, happened: &f0, share: 1.0 - share };
        let treatment = Arm { at_risk: &s1, happened: &f1, share };
        cox_limit(&days, control, treatment, Censoring { horizon, loss_per_day }).unwrap()
    };
    assert!((limit(0.5, 0.0, 0.5) - 0.5).abs() < 2e-3);
    assert!(limit(0.5, 0.0, 200.0) > limit(0.5, 0.0, 30.0));
    // the same integral by Simpson's rule on 4000 steps and bisection, written apart in Python
    for (share, loss, horizon, wanted) in [
        (0.5, 0.0, 30.0, 0.533_554_221),
        (0.5, 0.0, 200.0, 0.589_784_394),
        (0.5, 0.01, 200.0, 0.571_826_431),
        (2.0 / 3.0, 0.0, 200.0, 0.587_719_683),
    ] {
        assert!((limit(share, loss, horizon) - wanted).abs() < 1e-5, "{share} {loss} {horizon}");
    }
}
