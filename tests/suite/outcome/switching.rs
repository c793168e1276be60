//! The law of a switch against algebra.

use shocktrial::outcome::hazard::PiecewiseHazard;
use shocktrial::outcome::switching::draw;

/// With one constant hazard λ the day is exponential, cut off at the horizon.
#[test]
fn one_constant_hazard_gives_a_cut_off_exponential() {
    let hazard = PiecewiseHazard::constant(1.0);
    for u in [0.01, 0.3, 0.9, 0.999] {
        let s = draw(&[0.2], &[&hazard], 3.0, u, 0.5);
        assert!((s.none - (-0.6f64).exp()).abs() < 1e-15);
        let share = (1.0 - (-0.2 * s.day).exp()) / (1.0 - s.none);
        assert!((share - u).abs() < 1e-12);
    }
}

/// Two hazards in turn: the day falls where its hazard is, and so does the arm.
#[test]
fn the_arm_is_drawn_among_the_hazards_of_the_day() {
    let early = PiecewiseHazard::new(&[0.0, 1.0], &[1.0, 0.0]);
    let late = PiecewiseHazard::new(&[0.0, 2.0, 3.0], &[0.0, 1.0, 0.0]);
    let hazards = [&early, &late];
    let none = (-0.4f64 - 0.6).exp();
    let first = (1.0 - (-0.4f64).exp()) / (1.0 - none);
    for i in 0..1000 {
        let u = (i as f64 + 0.5) / 1000.0;
        let s = draw(&[0.4, 0.6], &hazards, 10.0, u, 0.3);
        assert!((s.none - none).abs() < 1e-15);
        if u < first {
            assert!(s.which == 0 && s.day <= 1.0);
        } else {
            assert!(s.which == 1 && (2.0..=3.0).contains(&s.day));
        }
    }
    let both = PiecewiseHazard::constant(1.0);
    let share =
        (0..1000).filter(|i| draw(&[0.3, 0.1], &[&both, &both], 5.0, 0.5, f64::from(*i) / 1000.0).which == 1);
    assert_eq!(share.count(), 250);
}

/// Nobody switches without a hazard.
#[test]
fn without_a_hazard_there_is_no_switch() {
    let hazard = PiecewiseHazard::constant(0.0);
    assert_eq!(draw(&[0.5], &[&hazard], 3.0, 0.5, 0.5).none, 1.0);
}
