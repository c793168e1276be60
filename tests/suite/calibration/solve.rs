//! Roots against algebra.

use shocktrial::calibration::solve::{NoRoot, root};

#[test]
fn a_root_is_found_from_either_side() {
    for start in [-3.0, 0.0, 2.9] {
        let x = root(|x: f64| x.exp(), 2.0, start, [-3.0, 3.0], 1e-12).unwrap();
        assert!((x - 2f64.ln()).abs() < 1e-12);
        let x = root(|x: f64| (-x).exp(), 2.0, start, [-3.0, 3.0], 1e-12).unwrap();
        assert!((x + 2f64.ln()).abs() < 1e-12);
    }
}

#[test]
fn a_root_needs_few_evaluations() {
    let mut count = 0;
    let f = |x: f64| {
        count += 1;
        1.0 / (1.0 + (-x).exp())
    };
    root(f, 0.49, 0.2, [-4.0, 4.0], 1e-9).unwrap();
    assert!(count <= 10, "{count}");
}

#[test]
fn what_cannot_be_reached_names_the_range() {
    let error = root(|x: f64| 0.2 + 0.1 * x, 0.49, 0.0, [-1.0, 1.0], 1e-9).unwrap_err();
    let NoRoot::OutOfReach { wanted, lowest, highest } = error else { panic!() };
    assert_eq!(wanted, 0.49);
    assert!((lowest - 0.1).abs() < 1e-12 && (highest - 0.3).abs() < 1e-12);
}

#[test]
fn a_model_without_an_answer_is_named() {
    assert_eq!(root(|_| f64::NAN, 0.0, 0.5, [0.0, 1.0], 1e-9), Err(NoRoot::NotANumber { at: 0.5 }));
}
