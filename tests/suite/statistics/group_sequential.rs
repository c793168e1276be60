use shocktrial::statistics::{
    Boundary, Crossing, Futility, Sides, Spending, Stopped, conditional_crossing, crossing_probabilities,
    drift_for_power, efficacy_boundary, fixed_drift, normal_survival, repeated_p, spend_alpha_and_beta,
};

use super::reference::{EXACT, Expected, Within};

const PROBABILITY: Within = Within(1e-8, 0.0);
const BOUND: Within = Within(1e-8, 1e-8);
const DRIFT: Within = Within(1e-6, 0.0);
const ESTIMATE: Within = Within(1e-6, 0.0);

fn boundary(name: &str) -> Boundary {
    match name {
        "OF" => Boundary::WangTsiatis(0.0),
        "P" => Boundary::WangTsiatis(0.5),
        "WT_0.25" => Boundary::WangTsiatis(0.25),
        "HP_3" => Boundary::HaybittlePeto(3.0),
        name => Boundary::Spending(spending(name)),
    }
}

fn spending(name: &str) -> Spending {
    match name {
        "asOF" | "bsOF" => Spending::OBrienFleming,
        "asP" | "bsP" => Spending::Pocock,
        "asHSD_m4" | "HSD_m4" => Spending::HwangShihDeCani(-4.0),
        "asHSD_m2" | "HSD_m2" | "bsHSD_m2" => Spending::HwangShihDeCani(-2.0),
        "asHSD_1" | "HSD_1" => Spending::HwangShihDeCani(1.0),
        "asKD_1" | "KD_1" => Spending::Power(1.0),
        "asKD_3" | "KD_3" => Spending::Power(3.0),
        "bsKD_2" => Spending::Power(2.0),
        other => panic!("unknown spending function {other}"),
    }
}

fn sum_by_look(p: &Crossing, sides: Sides) -> Vec<f64> {
    match sides {
        Sides::One => p.above.clone(),
        Sides::Two => p.above.iter().zip(&p.below).map(|(a, b)| a + b).collect(),
    }
}

/// Eleven rules at eight sets of looks, in one and two directions, against our own recursion in R, which
/// rpact confirms to its own 1e-7.
fn designs(expected: &Expected, side: &str) {
    for case in expected.children("designs") {
        if !case.ends_with(side) {
            continue;
        }
        let at = |name: &str| format!("designs/{case}/{name}");
        let sides = if side == "two" { Sides::Two } else { Sides::One };
        let name = case.rsplitn(3, '_').nth(2).unwrap();
        let level = expected.setting(&at("alpha")).unwrap() / expected.setting(&at("sided")).unwrap();
        let power = 1.0 - expected.setting(&at("beta")).unwrap();
        let information = expected.setting_list(&at("info"));
        let upper = efficacy_boundary(boundary(name), level, &information, sides, None).unwrap();
        let lower: Vec<f64> =
            upper.iter().map(|u| if sides == Sides::Two { -u } else { f64::NEG_INFINITY }).collect();
        if name == "HP_3" || name.starts_with("as") {
            expected.setting(&at("constant"));
        } else {
            expected.check(&at("constant"), *upper.last().unwrap(), BOUND);
        }
        expected.check_list(&at("critical_z"), &upper, BOUND);
        let nominal: Vec<f64> = upper.iter().map(|&u| normal_survival(u)).collect();
        expected.check_list(&at("nominal_stage_level_one_sided"), &nominal, PROBABILITY);
        let at_drift = |drift: f64| crossing_probabilities(&lower, &upper, &information, drift);
        let null = at_drift(0.0);
        let mut spent = 0.0;
        for (k, p) in sum_by_look(&null, sides).iter().enumerate() {
            spent += p;
            expected.check(&at(&format!("cum_alpha_spent/{k}")), spent, PROBABILITY);
        }
        let drift = drift_for_power(&lower, &upper, &information, power, sides == Sides::Two).unwrap();
        expected.check(&at("drift"), drift, DRIFT);
        let one_tail = drift_for_power(&lower, &upper, &information, power, false).unwrap();
        expected.check(&at("drift_upper_tail_power_only"), one_tail, DRIFT);
        let fixed = fixed_drift(level, power, sides).unwrap();
        let inflation = (drift / fixed).powi(2);
        expected.check(&at("inflation_factor"), inflation, DRIFT);
        let simple = (one_tail / fixed_drift(level, power, Sides::One).unwrap()).powi(2);
        expected.check(&at("inflation_factor_upper_tail_only"), simple, DRIFT);
        let (half, effect) = (at_drift(drift / 2.0), at_drift(drift));
        expected.check_list(&at("reject_prob_stage_h1"), &sum_by_look(&effect, sides), PROBABILITY);
        expected.check_list(&at("reject_prob_stage_half_drift"), &sum_by_look(&half, sides), PROBABILITY);
        for (name, p) in [("h0", &null), ("half_drift", &half), ("h1", &effect)] {
            let p = Crossing { above: sum_by_look(p, sides), below: vec![0.0; information.len()] };
            let ratio = inflation * p.expected_information(&information);
            expected.check(&at(&format!("expected_info_ratio_to_fixed/{name}")), ratio, DRIFT);
        }
    }
}

#[test]
fn one_sided_designs_agree_with_r() {
    let expected = Expected::open("11_group_sequential");
    designs(&expected, "one");
    expected.finish(&[("designs/*_two/*", "compared below"), REST[0], REST[1], REST[2], REST[3]]);
}

#[test]
fn two_sided_designs_agree_with_r() {
    let expected = Expected::open("11_group_sequential");
    designs(&expected, "two");
    expected.finish(&[("designs/*_one/*", "compared above"), REST[0], REST[1], REST[2], REST[3]]);
}

const REST: [(&str, &str); 4] = [
    ("futility_designs/*", "compared in another test"),
    ("spending_functions/*", "compared in another test"),
    ("estimation/*", "compared in another test"),
    ("max_abs_diff*", "a remark"),
];

#[test]
fn futility_agrees_with_r() {
    let expected = Expected::open("11_group_sequential");
    for case in expected.children("futility_designs") {
        let at = |name: &str| format!("futility_designs/{case}/{name}");
        let alpha = expected.setting(&at("alpha")).unwrap();
        let beta = expected.setting(&at("beta")).unwrap();
        let information = expected.setting_list(&at("info"));
        let looks = information.len();
        let kind = if case.ends_with("nonbinding") { Futility::NonBinding } else { Futility::Binding };
        let (upper, mut lower, drift);
        if case.contains("fixed") {
            lower = expected.setting_list(&at("futility_z"));
            let binding = (kind == Futility::Binding).then_some(&lower[..]);
            let rule = Boundary::Spending(Spending::OBrienFleming);
            upper = efficacy_boundary(rule, alpha, &information, Sides::One, binding).unwrap();
            lower.push(f64::NEG_INFINITY);
            drift = drift_for_power(&lower, &upper, &information, 1.0 - beta, false).unwrap();
        } else {
            let (first, rest) = case.split_once('_').unwrap();
            let second = rest.rsplitn(3, '_').nth(2).unwrap();
            let design =
                spend_alpha_and_beta((spending(first), alpha), (spending(second), beta), &information, kind)
                    .unwrap();
            upper = design.efficacy;
            lower = design.futility;
            drift = design.drift;
            expected.check_list(&at("futility_z"), &lower[..looks - 1], DRIFT);
            let fixed = fixed_drift(alpha, 1.0 - beta, Sides::One).unwrap();
            let inflation = (drift / fixed).powi(2);
            expected.check(&at("inflation_factor"), inflation, DRIFT);
            for (name, drift) in [("h0", 0.0), ("h1", drift)] {
                let p = crossing_probabilities(&lower, &upper, &information, drift);
                let ratio = inflation * p.expected_information(&information);
                expected.check(&at(&format!("expected_info_ratio_to_fixed/{name}")), ratio, DRIFT);
            }
        }
        expected.check_list(&at("critical_z"), &upper, DRIFT);
        expected.check(&at("drift"), drift, DRIFT);
        for (name, drift) in [("h0", 0.0), ("h1", drift)] {
            let p = crossing_probabilities(&lower, &upper, &information, drift);
            let path = at(&format!("reject_prob_stage_{name}"));
            expected.check_list(&path, &p.above, PROBABILITY);
            let path = at(&format!("futility_prob_stage_{name}"));
            let listed = if case.contains("fixed") { looks - 1 } else { looks };
            expected.check_list(&path, &p.below[..listed], PROBABILITY);
        }
    }
    let times = expected.setting_list("spending_functions/t");
    let at = |name: &str| format!("spending_functions/{name}");
    for name in ["asOF", "asP", "HSD_m4", "HSD_m2", "HSD_1", "KD_1", "KD_3"] {
        let spent: Vec<f64> = times.iter().map(|&t| spending(name).spent(t, 0.025)).collect();
        expected.check_list(&at(&format!("one_sided_alpha_0.025/{name}")), &spent, EXACT);
    }
    // In two directions, twice what one direction spends; the naive form spends the whole level at once.
    let of = |level: f64, times_over: f64| -> Vec<f64> {
        times.iter().map(|&t| times_over * Spending::OBrienFleming.spent(t, level)).collect()
    };
    expected.check_list(&at("two_sided_alpha_0.05_asOF_rpact_convention"), &of(0.025, 2.0), EXACT);
    expected.check_list(
        &at("two_sided_alpha_0.05_asOF_naive_2minus2Phi_z_alpha_over_2"),
        &of(0.05, 1.0),
        EXACT,
    );
    expected.finish(&[
        ("designs/*", "compared in another test"),
        ("estimation/*", "compared in another test"),
        ("max_abs_diff*", "a remark"),
    ]);
}

#[test]
fn estimates_after_stopping_agree_with_r() {
    let expected = Expected::open("11_group_sequential");
    for set in ["asOF_un3", "asP_eq4"] {
        for case in expected.children(&format!("estimation/{set}")) {
            let at = |name: &str| format!("estimation/{set}/{case}/{name}");
            let setting = |name: &str| expected.setting(&at(name)).unwrap();
            let information = expected.setting_list(&at("info_fraction"));
            let rule = boundary(set.split_once('_').unwrap().0);
            let upper = efficacy_boundary(rule, 0.025, &information, Sides::One, None).unwrap();
            expected.check_list(&at("critical_z"), &upper, BOUND);
            let lower = vec![f64::NEG_INFINITY; upper.len()];
            let stopped = Stopped {
                lower: &lower,
                upper: &upper,
                information: &information,
                full_information: setting("info_max"),
                look: setting("stage") as usize - 1,
                evidence: setting("z"),
            };
            expected.check(&at("naive_estimate"), stopped.naive_estimate(), ESTIMATE);
            expected.check(&at("naive_se"), stopped.standard_error(), ESTIMATE);
            expected.check(&at("p_stagewise_one_sided"), stopped.stagewise_p(0.0), PROBABILITY);
            expected.check(&at("median_unbiased"), stopped.median_unbiased().unwrap(), ESTIMATE);
            expected.check_interval(&at("ci95"), stopped.interval(0.95).unwrap(), ESTIMATE);
            expected.check_interval(&at("repeated_ci"), stopped.repeated_interval(), ESTIMATE);
        }
    }
    let rule = boundary("asOF");
    for case in ["stop_at_2", "final_reject", "final_accept"] {
        let at = |name: &str| format!("estimation/rpact_survival/{case}/{name}");
        let events = expected.setting_list(&at("cumulative_events"));
        let z = expected.setting_list(&at("cumulative_logrank_z"));
        let information = expected.setting_list(&at("information_rates"));
        let upper = efficacy_boundary(rule, 0.025, &information, Sides::One, None).unwrap();
        expected.check_list(&at("critical_z"), &upper, Within(1e-6, 0.0));
        let lower = vec![f64::NEG_INFINITY; upper.len()];
        let stopped = |look: usize| Stopped {
            lower: &lower,
            upper: &upper,
            information: &information,
            // A log hazard ratio's information is a quarter of the events.
            full_information: events[look] / 4.0 / information[look],
            look,
            evidence: -z[look],
        };
        let last = events.len() - 1;
        expected.check(&at("final_stage"), last as f64 + 1.0, EXACT);
        let end = stopped(last);
        expected.check(&at("final_p"), end.stagewise_p(0.0), ESTIMATE);
        expected.check(&at("median_unbiased_hr"), (-end.median_unbiased().unwrap()).exp(), ESTIMATE);
        let limits = end.interval(0.95).unwrap().reflected().exp();
        expected.check_interval(&at("final_ci_hr"), limits, ESTIMATE);
        for look in 0..3 {
            let known = look <= last;
            let b = z.get(look).map_or(0.0, |z| -z);
            let limits = known.then(|| stopped(look).repeated_interval().reflected().exp());
            let path = |name: &str| at(&format!("{name}/{look}"));
            expected.check_option(&path("repeated_ci_lower"), limits.map(|x| x.lower), Within(1e-5, 0.0));
            expected.check_option(&path("repeated_ci_upper"), limits.map(|x| x.upper), Within(1e-5, 0.0));
            let crp =
                (known && look < 2).then(|| conditional_crossing(&lower, &upper, &information, look, b, 0.0));
            expected.check_option(&path("crp"), crp, Within(1e-6, 0.0));
            if case == "final_accept" && look == 0 {
                continue;
            }
            let p = known.then(|| repeated_p(rule, &information, look, b).unwrap());
            expected.check_option(&path("repeated_p"), p, Within(1e-5, 0.0));
        }
        let own = format!("estimation/rpact_survival/own_{case}_hr");
        if expected.has(&format!("{own}/mue")) {
            expected.check(&format!("{own}/mue"), (-end.median_unbiased().unwrap()).exp(), ESTIMATE);
            expected.check_interval(&format!("{own}/ci95"), limits, ESTIMATE);
        }
    }
    let information = [0.4, 0.7, 1.0];
    for (name, look, evidence) in [("stage2_z_2.7", 1, 2.7), ("stage3_z_2.3", 2, 2.3)] {
        let path = format!("estimation/repeated_p_asOF_un3_own/{name}");
        expected.check(&path, repeated_p(rule, &information, look, evidence).unwrap(), Within(1e-8, 0.0));
    }
    expected.finish(&[
        ("designs/*", "compared in another test"),
        ("futility_designs/*", "compared in another test"),
        ("spending_functions/*", "compared in another test"),
        ("*/actions/*", "words"),
        ("*/final_accept/repeated_p/0", "rpact's search ends at 0.5"),
        ("max_abs_diff*", "a remark"),
    ]);
}

/// One look is the trial without looks, and ECLS-SHOCK's plan: one O'Brien-Fleming look at half of N
/// needs 390.9 patients where 388 would do without, and ends at P = 0.0480.
#[test]
fn known_designs() {
    let one = efficacy_boundary(Boundary::WangTsiatis(0.0), 0.025, &[1.0], Sides::Two, None).unwrap();
    assert!((one[0] - 1.959963984540054).abs() < 1e-12);
    let information = [0.5, 1.0];
    let rule = Boundary::WangTsiatis(0.0);
    let upper = efficacy_boundary(rule, 0.025, &information, Sides::Two, None).unwrap();
    let lower: Vec<f64> = upper.iter().map(|u| -u).collect();
    assert_eq!(format!("{:.4}", 2.0 * normal_survival(upper[1])), "0.0480");
    let drift = drift_for_power(&lower, &upper, &information, 0.8, true).unwrap();
    let inflation = (drift / fixed_drift(0.025, 0.8, Sides::Two).unwrap()).powi(2);
    assert_eq!(format!("{:.1}", 2.0 * 193.92 * inflation), "390.9");
}
