//! Published results come back from their counts.
//!
//! Counts: ECLS-SHOCK, death from any cause at 30 days, Thiele et al., N Engl J Med 2023;389:1286, 100 of 209
//! with early extracorporeal life support and 102 of 208 without. CULPRIT-SHOCK, death or renal replacement
//! at 30 days, Thiele et al., N Engl J Med 2017;377:2419, 158 of 344 with culprit-lesion-only and 189 of 341
//! with multivessel intervention. The printed results are those of Thiele & Hassager, N Engl J Med
//! 2026;394:62, after them.

use super::{answer, answers};

fn two(x: &serde_json::Value) -> String {
    format!("{:.2}", x.as_f64().unwrap())
}

#[test]
fn ecls_shock() {
    let found = answer(&["--counts", "100/209,102/208"], "chi_square");
    assert_eq!(two(&found["estimate"]), "0.98");
    assert_eq!((two(&found["lower"]), two(&found["upper"])), ("0.80".into(), "1.19".into()));
    assert_eq!(two(&found["p_value"]), "0.81");
    assert_eq!((found["n"].as_f64(), found["events"].as_f64()), (Some(417.0), Some(202.0)));
}

#[test]
fn culprit_shock() {
    let found = answer(&["--counts", "culprit=158/344,multivessel=189/341"], "risk_ratio");
    assert_eq!(two(&found["estimate"]), "0.83");
    assert_eq!((two(&found["lower"]), two(&found["upper"])), ("0.71".into(), "0.96".into()));
    assert_eq!(two(&found["p_value"]), "0.01");
    assert_eq!(
        (found["treatment"].as_str(), found["control"].as_str()),
        (Some("culprit"), Some("multivessel"))
    );
}

/// Each --counts is a stratum: two halves of one table give its own ratio.
#[test]
fn counts_in_strata() {
    let halves = ["--counts", "50/100,60/100", "--counts", "50/100,60/100"];
    let found = answer(&halves, "mantel_haenszel_risk_ratio");
    let whole = answer(&["--counts", "100/200,120/200"], "risk_ratio");
    let apart = |field: &str| (found[field].as_f64().unwrap() - whole[field].as_f64().unwrap()).abs();
    assert!(apart("estimate") < 1e-12);
    assert_eq!(answers(&halves).len(), 4);
}
