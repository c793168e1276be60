//! Data at the edge of what a method can answer: the number that is known is given, the one that is not is
//! missing with its true reason. Expected numbers are of R 4.2.2 (stats, survival, sandwich).

use super::{super::Folder, answer, data, say};
use serde_json::Value;

/// A table of these tests: `site_without_deaths.csv` has a site, D, in which nobody dies; `sites.csv` has
/// clusters.
fn table(name: &str) -> String {
    format!("tests/suite/cli/analyze/tables/{name}")
}

/// Fields against expected values, to a relative 1e-6.
fn is(found: &Value, expected: &[(&str, f64)]) {
    for (field, theirs) in expected {
        let ours = found[field].as_f64().unwrap_or_else(|| panic!("no {field}: {found}"));
        assert!((ours - theirs).abs() <= 1e-6 * theirs.abs(), "{field} {ours}, expected {theirs}: {found}");
    }
}

fn notes(found: &Value) -> &str {
    found["notes"].as_str().unwrap()
}

/// A site without deaths has no finite coefficient; the arm's is that of the other sites, as R finds it.
#[test]
fn a_level_without_events_leaves_the_arm_its_estimate() {
    let path = table("site_without_deaths.csv");
    for reference in ["site", "site:D"] {
        let risks = [path.as_str(), "--arm", "arm", "--event", "ev", "--adjust", reference];
        let times = [path.as_str(), "--arm", "arm", "--event", "ev", "--time", "time", "--adjust", reference];
        let of = |flags: &[&str], method: &str| {
            let found = answer(flags, method);
            let infinite = if reference == "site" { "the coefficient of site D v A is" } else { "v D are" };
            assert!(notes(&found).contains(infinite), "{found}");
            assert!(notes(&found).contains("infinite: the 31 patients whose outcome"), "{found}");
            assert_eq!(found["n"], 120);
            found
        };
        let wald = [
            ("estimate", 0.5828711428),
            ("se", 0.4602351352),
            ("lower", 0.236493766),
            ("upper", 1.436565432),
        ];
        is(&of(&risks, "logistic"), &wald);
        is(&of(&risks, "logistic_likelihood_ratio"), &[("statistic", -(1.391712403f64.sqrt()))]);
        is(&of(&risks, "modified_poisson"), &[("estimate", 0.7367802932), ("se", 0.2594557005)]);
        is(
            &of(&risks, "standardised_risk_difference"),
            &[("estimate", -0.09178503506), ("se", 0.07746816087)],
        );
        let wald = [
            ("estimate", 0.8738960349),
            ("se", 0.3470632694),
            ("lower", 0.4426280969),
            ("upper", 1.725363313),
        ];
        is(&of(&times, "cox"), &wald);
        is(&of(&times, "cox_likelihood_ratio"), &[("statistic", -(0.1509409554f64.sqrt()))]);
        is(&of(&times, "cox_score"), &[("estimate", 0.8738960349)]);
        is(&of(&times, "proportional_hazards"), &[("statistic", 0.04046683071), ("p_value", 0.8405705812)]);
    }
    // Where the arm itself separates, its own estimate is infinite.
    let separated = [&data("zero_arm"), "--arm", "arm", "--time", "time", "--event", "status"];
    assert!(answer(&separated, "cox")["estimate"].is_null());
}

#[test]
fn a_risk_at_the_edge_is_not_separation() {
    let path = table("sites.csv");
    let found = answer(&[&path, "--arm", "arm", "--event", "dead", "--adjust", "age"], "log_binomial");
    assert!(found["estimate"].is_null());
    let said = "no answer: a fitted risk reaches 1, where the likelihood has its maximum at the edge";
    assert!(notes(&found).starts_with(said), "{found}");
    assert!(notes(&found).contains("modified_poisson estimates the same risk ratio"), "{found}");
}

/// Twenty pairs of patients, the treated living longer than all controls.
fn all_won(folder: &Folder) -> String {
    let rows: String = (0..20).map(|i| format!("0,{},1\n1,{},1\n", 1 + i, 101 + i)).collect();
    folder.write("won.csv", &format!("arm,t,e\n{rows}"))
}

#[test]
fn pairs_all_won_are_counted_and_tested() {
    let folder = Folder::new("all-won");
    let path = all_won(&folder);
    let flags = [path.as_str(), "--arm", "arm", "--tiers", "time:t:e"];
    // Scores of −39 to 39 by 2, those of the treated adding to 400; z = −400/√(20·20/(40·39)·ΣU²).
    let squares: f64 = (0..40).map(|i| f64::from(2 * i - 39).powi(2)).sum();
    let z = -400.0 / (400.0 / (40.0 * 39.0) * squares).sqrt();
    let test = answer(&flags, "finkelstein_schoenfeld");
    is(&test, &[("estimate", 1.0), ("statistic", z)]);
    assert!(test["p_value"].as_f64().unwrap() < 1e-6 && test["lower"].is_null(), "{test}");
    let benefit = answer(&flags, "net_benefit");
    is(&benefit, &[("estimate", 1.0)]);
    assert!(benefit["p_value"].is_null() && benefit["upper"].is_null());
    for words in ["no interval: every pair goes one way", "won 400, lost 0, tied 0"] {
        assert!(notes(&benefit).contains(words), "{benefit}");
    }
    let ratio = answer(&flags, "win_ratio");
    assert!(ratio["estimate"].is_null() && notes(&ratio).contains("won 400, lost 0"), "{ratio}");
}

#[test]
fn clusters_reach_every_method_that_takes_them() {
    let path = table("sites.csv");
    let risks = [path.as_str(), "--arm", "arm", "--event", "dead", "--adjust", "age", "--cluster", "site"];
    let times = [path.as_str(), "--arm", "arm", "--event", "status", "--time", "time"];
    let found = answer(&risks, "standardised_risk_difference");
    is(&found, &[("estimate", -0.07504439987), ("se", 0.04901831669)]);
    let by = [risks.as_slice(), &["--by", "sex"]].concat();
    let found = answer(&by, "logistic_interaction");
    is(&found, &[("estimate", 0.9830493219), ("se", 0.4241185736), ("statistic", 0.001624851528)]);
    let more = ["--by", "sex", "--adjust", "age", "--stratum", "stratum", "--cluster", "site"];
    let found = answer(&[times.as_slice(), &more].concat(), "cox_interaction");
    is(&found, &[("estimate", 1.086339178), ("se", 0.2548469084), ("statistic", 0.105595024)]);
    // Levels that share clusters are not independent, and their estimates are not set against each other.
    let list = super::answers(&[&by[..], &["--method", "logistic"]].concat());
    let interaction = list.iter().find(|a| a["level"] == "interaction").unwrap();
    assert!(interaction["p_value"].is_null() && interaction["estimate"].is_null(), "{interaction}");
    assert!(notes(interaction).contains("clusters have patients of several levels"), "{interaction}");
    // Two clusters, or one to an arm, say nothing of the error between clusters.
    for few in ["sex", "stratum_of_arm"] {
        let folder = Folder::new(&format!("few-clusters-{few}"));
        let text = std::fs::read_to_string(crate::simulation::at(&path)).unwrap();
        let text: String = text
            .lines()
            .enumerate()
            .map(|(i, line)| match (i, line.starts_with('1')) {
                (0, _) => format!("{line},stratum_of_arm\n"),
                (_, true) => format!("{line},one\n"),
                _ => format!("{line},{}\n", i % 5),
            })
            .collect();
        let path = folder.write("few.csv", &text);
        let found = answer(&[&path, "--arm", "arm", "--event", "dead", "--cluster", few], "logistic");
        assert!(found["estimate"].is_f64() && found["se"].is_null() && found["p_value"].is_null(), "{found}");
        assert!(notes(&found).contains("there are too few clusters for a sandwich error"), "{found}");
    }
}

#[test]
fn firths_cox_regression_is_judged_by_its_profile() {
    let zero = [&data("zero_arm"), "--arm", "arm", "--time", "time", "--event", "status"];
    let found = answer(&zero, "firth_cox");
    let profile = [("estimate", 0.02692956859), ("lower", 0.000210919075), ("upper", 0.1997930611)];
    is(&found, &profile);
    is(&found, &[("statistic", -(20.52213984f64.sqrt()))]);
    assert!(
        notes(&answer(&zero, "cox"))
            .contains("Firth's hazard ratio 0.0269 (profile interval 0.0002 to 0.1998)")
    );
    let path = table("sites.csv");
    let flags =
        [&path, "--arm", "arm", "--time", "time", "--event", "status", "--adjust", "age", "--adjust", "sex"];
    let found = answer(&flags, "firth_cox");
    assert!((found["statistic"].as_f64().unwrap() + 2.0405).abs() < 1e-4, "{found}");
}

/// An error of 0 is none: no interval from a number to itself, no test of it.
#[test]
fn nothing_that_varies_is_no_interval() {
    let folder = Folder::new("no-variance");
    let write = |name: &str, heading: &str, row: &dyn Fn(usize) -> String| {
        let rows: String = (0..40).map(|i| row(i) + "\n").collect();
        folder.write(&format!("{name}.csv"), &format!("{heading}\n{rows}"))
    };
    let constant = write("constant", "arm,y", &|i| format!("{},5", i % 2));
    let counts = write("counts", "arm,y", &|i| format!("{},{}", i % 2, 2 + i % 2));
    let apart = write("apart", "arm,y", &|i| format!("{},{}", i % 2, i + 100 * (i % 2)));
    let tied = write("tied", "arm,t,e", &|i| format!("{},7,1", i % 2));
    let none = write("none", "arm,t,c", &|i| format!("{},{},{}", i % 2, i + 1, 1 - i % 2));
    let cases: [(&[&str], &str); 7] = [
        (&["--counts", "5/5,5/5"], "risk_ratio"),
        (&[&constant, "--arm", "arm", "--value", "y"], "geometric_mean_ratio"),
        (&[&counts, "--arm", "arm", "--value", "y", "--kind", "count"], "quasi_poisson"),
        (&[&apart, "--arm", "arm", "--value", "y"], "mann_whitney"),
        (&[&tied, "--arm", "arm", "--time", "t", "--event", "e"], "cox_robust"),
        (&[&none, "--arm", "arm", "--time", "t", "--cause", "c", "--horizon", "30"], "cumulative_incidence"),
        (&[&constant, "--arm", "arm", "--value", "y"], "welch"),
    ];
    for (flags, method) in cases {
        let found = super::answers(&[flags, &["--method", method]].concat()).remove(0);
        assert!(found["lower"].is_null() && found["upper"].is_null() && found["se"].is_null(), "{found}");
        assert_eq!(found["p_value"].is_null(), method != "mann_whitney", "{found}");
        let said = notes(&found);
        let reason = ["nothing varies", "nobody had the event by then"].iter().any(|r| said.contains(r));
        assert!(reason, "{found}");
        let printed = say(&[&["analyze"], flags, &["--method", method]].concat()).out;
        // The other arm of a method by arm has its interval.
        assert!(!printed.contains(" to ") || method == "cumulative_incidence", "{printed}");
    }
    let one = write("one", "arm,y", &|i| format!("{},{}", u8::from(i == 7), i * i));
    for method in ["welch", "brunner_munzel"] {
        let found = answer(&[&one, "--arm", "arm", "--value", "y"], method);
        assert!(notes(&found).contains("a group is too small for a variance"), "{found}");
    }
}

/// A limit that is known stands although the estimate does not.
#[test]
fn a_limit_without_an_estimate_is_given() {
    let folder = Folder::new("empty-arm");
    let rows: String = (0..40).map(|i| format!("{},{}\n", i % 2, u8::from(i % 10 == 0))).collect();
    let path = folder.write("counts.csv", &format!("arm,y\n{rows}"));
    let flags = [&path, "--arm", "arm", "--value", "y", "--kind", "count"];
    let found = answer(&flags, "rate_ratio_exact");
    // poisson.test(c(0, 4), c(20, 20))
    is(&found, &[("upper", 1.514867)]);
    assert!(found["estimate"].is_null() && found["lower"] == 0.0, "{found}");
    let found = answer(&["--counts", "0/20,5/18"], "fisher");
    assert!(found["estimate"].is_null() && found["lower"] == 0.0, "{found}");
    assert!((found["upper"].as_f64().unwrap() - 0.8609537).abs() < 1e-4, "{found}");
}

/// Tests of all arms take them all, in strata where they are named: R's survdiff and kruskal.test.
#[test]
fn tests_of_all_arms_take_all_arms() {
    let path = data("veteran");
    let times = [path.as_str(), "--arm", "celltype", "--time", "time", "--event", "status"];
    is(&answer(&times, "log_rank_groups"), &[("statistic", 25.40370035)]);
    let strata = [times.as_slice(), &["--stratum", "trt"]].concat();
    is(&answer(&strata, "log_rank_groups"), &[("statistic", 22.78211994)]);
    is(&answer(&strata, "log_rank_trend"), &[("statistic", 0.3254524229)]);
    let value = [path.as_str(), "--arm", "celltype", "--value", "time"];
    is(&answer(&value, "kruskal_wallis"), &[("statistic", 20.40746215)]);
    let printed = say(&[&["analyze"], value.as_slice(), &["--method", "kruskal_wallis"]].concat()).out;
    assert!(printed.starts_with("arms 1, 2, 3, 4, 137 patients, "), "{printed}");
    // A method asked for twice answers once.
    let twice = [value.as_slice(), &["--method", "kruskal_wallis", "--method", "kruskal_wallis"]].concat();
    assert_eq!(super::answers(&twice).len(), 1);
}

#[test]
fn a_mean_beyond_follow_up_is_said_to_be_carried_on() {
    let flags =
        [&data("zero_arm"), "--arm", "arm", "--time", "time", "--event", "status", "--horizon", "1e6"];
    let list = super::answers(&[flags.as_slice(), &["--method", "restricted_mean"]].concat());
    assert!(notes(&list[0]).contains("the curve is carried on"), "{}", list[0]);
}

#[test]
fn exact_methods_say_when_there_are_too_many() {
    for (counts, method) in [("300000/700000,310000/700000", "fisher"), ("100/900,120/900", "barnard")] {
        let found = answer(&["--counts", counts], method);
        assert!(notes(&found).contains("there are too many patients for this exact method"), "{found}");
    }
}
