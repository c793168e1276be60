//! The ledger: what it holds, and whether numbers agree with it.

use shocktrial::evidence::{Claim, Disagreement, Origin, What, figures, lookup, search, suggest, version};
use std::collections::HashSet;

fn claim(value: f64, what: What) -> Claim {
    Claim { value, what, horizon_days: None }
}

#[test]
fn every_row_is_read() {
    assert_eq!(figures().len(), 673);
    let ids: HashSet<&str> = figures().iter().map(|f| f.id.as_str()).collect();
    assert_eq!(ids.len(), 673, "ids are unique");
    let count = |origin| figures().iter().filter(|f| f.origin == origin).count();
    assert_eq!((count(Origin::Review), count(Origin::Memory), count(Origin::Derived)), (102, 82, 16));
    for f in figures() {
        assert_eq!(
            f.value.is_some(),
            !f.printed.is_empty(),
            "{} is a number where something is printed",
            f.id
        );
        if let (Some(low), Some(value), Some(high)) = (f.ci_low, f.value, f.ci_high) {
            assert!(low <= value && value <= high, "{} lies in its interval", f.id);
        }
    }
}

/// Percentages with counts are the ratio of the counts, to 0.6 points.
#[test]
fn percentages_follow_from_their_counts() {
    for f in figures().iter().filter(|f| f.unit == "%") {
        if let (Some(value), Some(n), Some(events)) = (f.value, f.n, f.events) {
            assert!((100.0 * events / n - value).abs() <= 0.6, "{}", f.id);
        }
    }
}

#[test]
fn a_figure_is_found_by_id_and_by_word() {
    let f = lookup("rev-mort-ami").unwrap();
    assert_eq!((f.value, f.unit.as_str(), f.origin), (Some(41.0), "%", Origin::Review));
    assert!(lookup("rev-mort-amy").is_none());
    assert_eq!(suggest("rev-mort-amy"), Some("rev-mort-ami"));
    assert_eq!(suggest("xyzzy"), None);
    assert!(search("danger-SHOCK").len() > 20);
    assert!(search("no such thing").is_empty());
}

#[test]
fn the_version_is_that_of_the_text() {
    assert_eq!(version().len(), 16);
    assert_eq!(version(), version());
}

#[test]
fn a_share_agrees_with_its_percentage_within_the_printed_rounding() {
    let f = lookup("rev-mort-ami").unwrap(); // printed 41
    assert_eq!(f.agrees(&claim(0.41, What::Share)), Ok(()));
    assert_eq!(f.agrees(&claim(0.414, What::Share)), Ok(()));
    assert_eq!(f.agrees(&claim(0.41, What::Unstated)), Ok(()));
    assert_eq!(f.agrees(&claim(41.0, What::Unstated)), Ok(()));
    let error = f.agrees(&claim(0.42, What::Share)).unwrap_err();
    assert_eq!(error.to_string(), "this says 0.42, but `rev-mort-ami` in the evidence ledger is 0.41");
    let f = lookup("cit-frail-share").unwrap(); // printed 70.8
    assert_eq!(f.agrees(&claim(0.708, What::Share)), Ok(()));
    assert!(f.agrees(&claim(0.71, What::Share)).is_err());
}

/// Percentages printed to a digit that binary cannot hold exactly still agree with themselves.
#[test]
fn every_figure_agrees_with_itself() {
    for f in figures() {
        let Some(value) = f.value else { continue };
        assert_eq!(f.agrees(&claim(value, What::Unstated)), Ok(()), "{}", f.id);
        assert_eq!(f.agrees(&claim(value, What::Unit(&f.unit))), Ok(()), "{}", f.id);
        if f.unit.starts_with('%') {
            assert_eq!(f.agrees(&claim(value / 100.0, What::Share)), Ok(()), "{}", f.id);
        }
    }
}

#[test]
fn an_odds_ratio_is_not_a_risk_ratio() {
    let f = lookup("cit-danger-rrt-rr").unwrap();
    assert_eq!(f.agrees(&claim(1.98, What::OddsRatio)), Ok(()));
    for what in [What::RiskRatio, What::HazardRatio] {
        assert!(matches!(f.agrees(&claim(1.98, what)), Err(Disagreement::Kind { .. })));
    }
    let error = f.agrees(&claim(1.98, What::RiskRatio)).unwrap_err();
    let wanted = "this is a risk ratio, but `cit-danger-rrt-rr` in the evidence ledger is an odds ratio";
    assert_eq!(error.to_string(), wanted);
}

#[test]
fn another_horizon_is_refused() {
    let f = lookup("cit-ecls-bleed-ctl").unwrap();
    let by = |day| Claim { value: 0.096, what: What::Share, horizon_days: Some(day) };
    assert_eq!(f.agrees(&by(30.0)), Ok(()));
    assert!(matches!(f.agrees(&by(180.0)), Err(Disagreement::Horizon { .. })));
    // in hospital, or not stated: nothing to hold against the claim
    assert_eq!(
        lookup("rev-mort-ami").unwrap().agrees(&Claim {
            value: 0.41,
            what: What::Share,
            horizon_days: Some(30.0)
        }),
        Ok(())
    );
}

#[test]
fn times_are_compared_in_days() {
    let f = lookup("cit-shock-ttd-cardiac").unwrap(); // 41 h
    assert_eq!(f.agrees(&claim(41.0 / 24.0, What::Days)), Ok(()));
    assert!(f.agrees(&claim(2.0, What::Days)).is_err());
}
