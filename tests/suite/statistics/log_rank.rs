use shocktrial::statistics::{
    GroupsLogRank, Weight, log_rank, log_rank_of_groups, pike_hazard_ratio, two_sided_p,
};

use super::reference::{Data, EXACT, Expected};

fn weight(name: &str, delay: f64) -> Weight {
    match name {
        "gehan" => Weight::Gehan,
        "tarone_ware" => Weight::TaroneWare,
        "peto_S_at_t_nplus1" => Weight::PetoPeto,
        "magirr_burman" => Weight::Modest { delay },
        _ => {
            let mut parts = name.strip_prefix("FH_").unwrap().split('_').map(|x| x.parse().unwrap());
            Weight::FlemingHarrington { rho: parts.next().unwrap(), gamma: parts.next().unwrap() }
        }
    }
}

/// Every weight, stratified or not, against our own recursion in R, which `survdiff` confirms.
#[test]
fn agrees_with_r() {
    let expected = Expected::open("02_logrank");
    for set in expected.children("") {
        if set == "k_sample" {
            continue;
        }
        let data = match set.strip_suffix("_vs_0").and_then(|s| s.split_once("_arm")) {
            Some((file, arm)) => {
                let arm: f64 = arm.parse().unwrap();
                Data::read(file)
                    .filter(|row| row("arm") == 0.0 || row("arm") == arm)
                    .with("arm", |row| f64::from(u8::from(row("arm") == arm)))
            }
            None => Data::read(&set),
        };
        let (time, event) = (data.column("time"), data.flags("status"));
        let (group, stratum) = (data.groups("arm"), data.codes("stratum"));
        let delay_path = format!("{set}/tstar_magirr_burman");
        let delay = expected.setting(&delay_path).unwrap_or(0.0);
        for (part, strata) in [("unstratified", None), ("stratified_by_stratum", Some(&stratum[..]))] {
            for name in expected.children(&format!("{set}/{part}")) {
                let at = |field: &str| format!("{set}/{part}/{name}/{field}");
                let test = log_rank(&time, &event, &group, strata, weight(&name, delay)).unwrap();
                expected.check(&at("U_obs_minus_exp"), test.observed_less_expected, EXACT);
                expected.check(&at("var"), test.variance, EXACT);
                expected.check(&at("z"), test.z, EXACT);
                expected.check(&at("chisq"), test.chi_square(), EXACT);
                expected.check(&at("p_two_sided"), test.p_two_sided(), EXACT);
            }
        }
        let codes = data.codes("arm");
        for rho in [0.0, 1.0] {
            let test = log_rank_of_groups(&time, &event, &codes, None, rho).unwrap();
            check_groups(&expected, &format!("{set}/survdiff_rho{rho}"), &test);
        }
        let at = |name: &str| format!("{set}/{name}");
        let test = log_rank(&time, &event, &group, Some(&stratum), Weight::Constant).unwrap();
        expected.check(&at("survdiff_rho0_stratified/chisq"), test.chi_square(), EXACT);
        expected.check(&at("survdiff_rho0_stratified/p"), test.p_two_sided(), EXACT);
        let pike = pike_hazard_ratio(&time, &event, &group);
        expected.check(&at("pike_hr_O1E1_over_O0E0"), pike.unwrap(), EXACT);
        let test = log_rank(&time, &event, &group, None, Weight::Constant).unwrap();
        let (estimate, error) = test.peto_log_hazard_ratio();
        expected.check(&at("peto_one_step_log_hr/FH_0_0"), estimate, EXACT);
        expected.check(&at("peto_one_step_se/FH_0_0"), error, EXACT);
    }
    for case in expected.children("k_sample") {
        let lung = Data::read("lung").with("status", |row| row("status") - 1.0);
        let (data, group, stratum) = match case.as_str() {
            "network3_3arm" => (Data::read("network3"), "arm", None),
            "network3_3arm_stratified" => (Data::read("network3"), "arm", Some("stratum")),
            "veteran_celltype_4groups" | "veteran_celltype_rho1" => (Data::read("veteran"), "celltype", None),
            "colon_rx_3groups" => (Data::read("colon_death"), "rx", None),
            "lung_sex" => (lung, "sex", None),
            "lung_sex_strat_inst" => (lung.filter(|row| !row("inst").is_nan()), "sex", Some("inst")),
            other => panic!("unknown case {other}"),
        };
        let stratum = stratum.map(|name| data.codes(name));
        let rho = if case.ends_with("rho1") { 1.0 } else { 0.0 };
        let (time, event) = (data.column("time"), data.flags("status"));
        let test = log_rank_of_groups(&time, &event, &data.codes(group), stratum.as_deref(), rho).unwrap();
        let at = |name: &str| format!("k_sample/{case}/{name}");
        expected.check(&at("chisq"), test.chi_square, EXACT);
        expected.check(&at("p"), test.p(), EXACT);
        if !expected.has(&at("df")) {
            continue;
        }
        check_groups(&expected, &format!("k_sample/{case}"), &test);
        let scores = expected.setting_list(&at("trend_scores"));
        let trend = test.trend(&scores).unwrap();
        expected.check(&at("trend_z"), trend, EXACT);
        expected.check(&at("trend_p_two_sided"), two_sided_p(trend), EXACT);
    }
    expected.finish(&[("*/maxcombo_*", "compared in max_combo.rs")]);
}

fn check_groups(expected: &Expected, path: &str, test: &GroupsLogRank) {
    let at = |name: &str| format!("{path}/{name}");
    expected.check(&at("chisq"), test.chi_square, EXACT);
    expected.check(&at("df"), test.degrees as f64, EXACT);
    expected.check(&at("p"), test.p(), EXACT);
    expected.check_list(&at("obs"), &test.observed, EXACT);
    expected.check_list(&at("exp"), &test.expected, EXACT);
    for i in 0..test.groups.len() {
        for j in 0..test.groups.len() {
            expected.check(&at(&format!("var/{i}/{j}")), test.covariance.get(i, j), EXACT);
        }
    }
}
