use shocktrial::statistics::{IntervalScale, KaplanMeier, TwoGroupTable, milestone_difference};

use super::{
    reference::{Data, EXACT, Expected},
    shared::table_of,
};

/// Curves, limits, quantiles and milestones of each data set, as R's `survfit` gives them.
#[test]
fn agrees_with_r() {
    let expected = Expected::open("01_kaplan_meier");
    for set in expected.children("") {
        let data = match set.as_str() {
            "danger_like_delayed_entry" => continue,
            "lung_by_sex" => Data::read("lung")
                .with("arm", |row| row("sex") - 1.0)
                .with("status", |row| row("status") - 1.0),
            name => Data::read(name),
        };
        let curve = |arm: f64| {
            let part = data.filter(|row| row("arm") == arm);
            KaplanMeier::new(&part.column("time"), &part.flags("status"))
        };
        for arm in expected.children(&format!("{set}/arms")) {
            let at = |name: &str| format!("{set}/arms/{arm}/{name}");
            let curve = curve(arm[3..].parse().unwrap());
            expected.check(&at("n"), curve.at_risk(0.0), EXACT);
            expected.check(&at("events"), curve.steps.iter().map(|s| s.events).sum(), EXACT);
            for (i, t) in expected.setting_list(&at("time")).into_iter().enumerate() {
                let at = |name: &str| format!("{}/{i}", at(name));
                let step = curve.step_at(t);
                expected.check(&at("n_risk"), curve.at_risk(t), EXACT);
                expected.check(&at("surv"), curve.survival_at(t), EXACT);
                expected.check_option(&at("se_greenwood"), curve.standard_error_at(t), EXACT);
                for (name, scale) in SCALES {
                    let limits = curve.interval_at(t, scale, 0.95);
                    expected.check_option(&at(&format!("{name}_lower")), limits.map(|x| x.lower), EXACT);
                    expected.check_option(&at(&format!("{name}_upper")), limits.map(|x| x.upper), EXACT);
                }
                let hazard = step.map_or((0.0, 0.0, 0.0), |s| {
                    (s.cumulative_hazard, s.cumulative_hazard_variance.sqrt(), s.cumulative_hazard_untied)
                });
                expected.check(&at("nelson_aalen"), hazard.0, EXACT);
                expected.check(&at("nelson_aalen_se"), hazard.1, EXACT);
                expected.check(&at("fleming_harrington_cumhaz_ctype2"), hazard.2, EXACT);
            }
            for (i, p) in expected.setting_list(&at("quantiles/p")).into_iter().enumerate() {
                for (name, scale) in SCALES {
                    let q = curve.quantile(p, scale, 0.95);
                    expected.check_option(&at(&format!("quantiles/estimate/{i}")), q.estimate, EXACT);
                    expected.check_option(&at(&format!("quantiles/{name}_lower/{i}")), q.lower, EXACT);
                    expected.check_option(&at(&format!("quantiles/{name}_upper/{i}")), q.upper, EXACT);
                }
            }
        }
        for i in expected.children(&format!("{set}/milestones")) {
            let at = |name: &str| format!("{set}/milestones/{i}/{name}");
            let t = expected.setting(&at("t")).unwrap();
            let arm1 = expected.setting(&at("arm1")).unwrap();
            let arm0 = expected.setting(&at("arm0")).unwrap();
            let (one, zero) = (curve(arm1), curve(arm0));
            expected.check(&at("s1"), one.survival_at(t), EXACT);
            expected.check(&at("s0"), zero.survival_at(t), EXACT);
            expected.check_option(&at("se1"), one.standard_error_at(t), EXACT);
            expected.check_option(&at("se0"), zero.standard_error_at(t), EXACT);
            // R's difference is of survival, ours of risk.
            let made = milestone_difference(&one, &zero, t).unwrap();
            expected.check(&at("diff_s1_minus_s0"), -made.risk_difference, EXACT);
            expected.check(&at("se"), made.standard_error, EXACT);
            expected.check_interval(&at("ci95"), made.interval(0.95).reflected(), EXACT);
            expected.check(&at("z"), -made.z(), EXACT);
            expected.check(&at("p_two_sided"), made.p_two_sided(), EXACT);
            let z = made.log_log_z;
            expected.check_option(&at("cloglog_z"), z, EXACT);
            expected.check_option(&at("cloglog_chisq"), z.map(|z| z * z), EXACT);
            let p = z.map(shocktrial::statistics::two_sided_p);
            expected.check_option(&at("cloglog_p_two_sided"), p, EXACT);
        }
    }
    let data = delayed_entry();
    let curve = KaplanMeier::with_entry(&data.column("entry"), &data.column("time"), &data.flags("status"));
    let at = |name: &str, i: usize| format!("danger_like_delayed_entry/{name}/{i}");
    for (i, t) in expected.setting_list("danger_like_delayed_entry/time").into_iter().enumerate() {
        expected.check(&at("n_risk", i), curve.at_risk(t), EXACT);
        expected.check(&at("surv", i), curve.survival_at(t), EXACT);
        expected.check_option(&at("se_greenwood", i), curve.standard_error_at(t), EXACT);
        let limits = curve.interval_at(t, IntervalScale::LogLog, 0.95);
        expected.check_option(&at("loglog_lower", i), limits.map(|x| x.lower), EXACT);
        expected.check_option(&at("loglog_upper", i), limits.map(|x| x.upper), EXACT);
    }
    expected.finish(&[]);
}

const SCALES: [(&str, IntervalScale); 3] =
    [("plain", IntervalScale::Plain), ("log", IntervalScale::Log), ("loglog", IntervalScale::LogLog)];

/// `danger_like` with the entry times the reference uses.
pub fn delayed_entry() -> Data {
    Data::read("danger_like").with("entry", |row| {
        if row("time") > 3.0 { ((row("id") % 5.0) / 2.0 * 10.0).round() / 10.0 } else { 0.0 }
    })
}

/// Four people: death at 1, censored at 2, deaths at 2 and 3.
///
/// At 1, 4 at risk: S = 3/4. At 2, 3 at risk, the censored one among them: S = 3/4 · 2/3 = 1/2. At 3 the
/// last one dies. The curve never runs at exactly 1/2 beyond 2, so the median is the middle of 2 and 3.
#[test]
fn by_hand() {
    let curve = KaplanMeier::new(&[1.0, 2.0, 2.0, 3.0], &[true, false, true, true]);
    let survival: Vec<f64> = curve.steps.iter().map(|s| s.survival).collect();
    assert!(survival.iter().zip([0.75, 0.5, 0.0]).all(|(a, b)| (a - b).abs() < 1e-15));
    assert_eq!(curve.median(0.95).estimate, Some(2.5));
    assert_eq!(curve.standard_error_at(3.0), None);
}

/// The table of both groups gives the same survival and restricted mean as the curve of one.
#[test]
fn table_gives_the_same_survival() {
    let data = Data::read("ecls_like");
    let table: TwoGroupTable = table_of(&data);
    for group in [0u8, 1] {
        let part = data.filter(|row| row("arm") == f64::from(group));
        let curve = KaplanMeier::new(&part.column("time"), &part.flags("status"));
        for t in [0.0, 1.0, 7.0, 30.0, 60.0] {
            let (survival, variance) = table.survival_at(group, t);
            assert!((survival - curve.survival_at(t)).abs() < 1e-12);
            assert!((variance.sqrt() - curve.standard_error_at(t).unwrap()).abs() < 1e-12);
        }
    }
}
