//! The registry against its targets.

use crate::population::{committed, document, text};
use shocktrial::calibration::fitted::{Fitted, fingerprint};
use shocktrial::calibration::target::TargetKind;
use shocktrial::calibration::{CalibrationRow, calibrated, fit, is_out, table};
use shocktrial::evidence::{Claim, Origin, What, lookup};
use shocktrial::population::Registry;
use shocktrial::population::document::{ByCause, RegistryDocument};

fn row<'a>(rows: &'a [CalibrationRow], id: &str) -> &'a CalibrationRow {
    rows.iter().find(|r| r.id == id).unwrap_or_else(|| panic!("no target {id}"))
}

fn failing(rows: &[CalibrationRow]) -> Vec<&str> {
    rows.iter().filter(|r| r.pass == Some(false)).map(|r| r.id.as_str()).collect()
}

/// The document with the committed values in place, so that a change to it is not solved away.
fn solved() -> RegistryDocument {
    let mut document = document();
    Fitted::parse(&committed()).unwrap().apply(&mut document);
    document
}

/// The committed values belong to the file, meet every fitted target, and leave these checked ones unmet:
/// what cannot hold together stays visible.
#[test]
fn the_committed_registry_meets_its_fitted_targets() {
    let calibrated = calibrated(&document(), &text(), Some(&committed())).unwrap();
    assert_eq!(calibrated.refitted, None);
    let rows = table(&document(), &calibrated.registry).unwrap();
    let unmet = [
        "stage-de-arrest",
        "culprit-late",
        "death-stage-d",
        "score-ami-low",
        "renal-ecls",
        "renal-danger",
        "deaths-ami",
        "deaths-sec",
        "danger-home",
    ];
    assert_eq!(failing(&rows), unmet);
    assert!(rows.iter().all(|r| r.kind == TargetKind::Checked || r.pass == Some(true)));
    assert!(!is_out(&rows, false) && is_out(&rows, true));
    for cause in ["ami", "hf_de_novo", "hf_acute_on_chronic", "secondary", "mixed"] {
        let row = row(&rows, &format!("death-{cause}"));
        assert!((row.achieved - row.target).abs() < 1e-5, "{cause}: {}", row.achieved);
    }
}

/// Another text of the file: the values are not used, and it is said why.
#[test]
fn values_of_another_file_are_not_used() {
    let fitted = Fitted::parse(&committed()).unwrap();
    assert!(fitted.fits(&text()));
    assert!(fitted.fits(&format!("# a comment more\n\n{}", text())));
    assert!(!fitted.fits(&text().replace("seed = 20260", "seed = 20261")));
    assert_eq!(fingerprint("a = 1\n"), fingerprint("# note\n  a = 1"));
    let mut few = document();
    few.calibration_rows = 1 << 13;
    let again = calibrated(&few, "another text", Some(&committed())).unwrap();
    assert_eq!(
        again.refitted.as_deref(),
        Some("the fitted values belong to another version of the population")
    );
    assert_eq!(again.fitted.population, fingerprint("another text"));
}

/// Solving from elsewhere ends in the same place, on fewer rows.
#[test]
fn the_starting_values_do_not_matter() {
    let mut near = document();
    near.calibration_rows = 1 << 14;
    let mut far = near.clone();
    for event in &mut far.event {
        if let ByCause::Each(rates) = &mut event.log_rate {
            rates.values_mut().enumerate().for_each(|(i, r)| *r += if i % 2 == 0 { 0.8 } else { -0.6 });
        } else if event.log_rate != ByCause::Same(0.0) {
            event.log_rate = ByCause::Same(-4.5);
        }
    }
    // the differences between causes of other death are assumed, not solved: keep them
    let other = |d: &RegistryDocument| d.event.iter().position(|e| e.name == "other_death").unwrap();
    let rates = near.event[other(&near)].log_rate.clone();
    let place = other(&far);
    far.event[place].log_rate = rates;
    let (near, far) = (fit(&near).unwrap().1, fit(&far).unwrap().1);
    for (event, rates) in &near.log_rate {
        for (cause, rate) in rates {
            let other = far.log_rate[event][cause];
            assert!((rate - other).abs() < 2e-3, "{event} {cause}: {rate} and {other}");
        }
    }
}

/// Half as much coma again: the rows about brain injury move out, stages do not.
#[test]
fn more_coma_is_noticed() {
    let mut document = solved();
    let coma = document.covariate.iter_mut().find(|c| c.name == "comatose").unwrap();
    let given = coma.flag.as_mut().unwrap().given.as_mut().unwrap();
    let ByCause::Each(yes) = &mut given.yes else { panic!("coma by cause") };
    yes.values_mut().for_each(|p| *p *= 1.5);
    let rows = table(&document, &Registry::new(&document).unwrap()).unwrap();
    let failing = failing(&rows);
    for id in ["brain-share", "brain-share-arrest", "mode-shock", "death-ami"] {
        assert!(failing.contains(&id), "{id} should fail: {failing:?}");
    }
    for id in ["stage-d", "danger-lactate-50", "death-hf_acute_on_chronic", "volume-q1"] {
        assert!(!failing.contains(&id), "{id} should pass");
    }
    assert!(is_out(&rows, false));
}

/// Infarct shock a third more lethal: infarct rows move out, heart failure stays.
#[test]
fn a_higher_infarct_hazard_is_noticed() {
    let mut document = solved();
    let shock = document.event.iter_mut().find(|e| e.name == "death_from_shock").unwrap();
    let ByCause::Each(rates) = &mut shock.log_rate else { panic!("rates by cause") };
    *rates.get_mut("ami").unwrap() += 0.3;
    let rows = table(&document, &Registry::new(&document).unwrap()).unwrap();
    let failing = failing(&rows);
    for id in ["death-ami", "score-mid", "death-all"] {
        assert!(failing.contains(&id), "{id} should fail: {failing:?}");
    }
    for id in ["death-hf_de_novo", "death-secondary", "death-mixed", "share-ami"] {
        assert!(!failing.contains(&id), "{id} should pass");
    }
}

/// Targets are the figures they name, where one figure is named; memory never decides.
#[test]
fn targets_agree_with_the_ledger() {
    // targets that stand between figures or restate one, each with its reason in the file
    let between = ["rv-other", "ami-day-7", "shock-trial-median"];
    for target in document().target {
        for id in &target.source {
            let figure = lookup(id).unwrap_or_else(|| panic!("{id}"));
            assert_ne!(figure.origin, Origin::Memory, "{} rests on memory", target.id);
        }
        if let [id] = &target.source[..]
            && !between.contains(&target.id.as_str())
            && target.id != "stroke"
        {
            let claim = Claim { value: target.target, what: What::Unstated, horizon_days: None };
            lookup(id).unwrap().agrees(&claim).unwrap_or_else(|e| panic!("{}: {e}", target.id));
        }
        assert!(target.tolerance.is_some() != target.between.is_some(), "{} needs one range", target.id);
        assert!(!target.because.is_empty());
    }
}

/// A figure is used to fit or to check, never both. Two exceptions, each with its reason in the file: other
/// shock only has to show more right-ventricular involvement than infarct shock; and of three brain-injury
/// shares one combination is fitted, which leaves two to be checked.
#[test]
fn no_figure_fits_and_checks() {
    let document = document();
    let used = |kind| {
        let targets = document.target.iter().filter(move |t| t.kind == kind);
        targets.flat_map(|t| t.source.iter().map(|s| (s.as_str(), t.id.as_str()))).collect::<Vec<_>>()
    };
    let checked = used(TargetKind::Checked);
    for (figure, target) in used(TargetKind::Fitted) {
        let both = checked.iter().find(|(f, _)| *f == figure);
        let allowed = ["rv-ami", "deaths-after-arrest"].contains(&target);
        assert!(both.is_none() || allowed, "{figure} fits {target} and checks {both:?}");
    }
}
