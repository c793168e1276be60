use shocktrial::statistics::{Weight, max_combo};

use super::reference::{Data, EXACT, Expected, Within};

/// P values against a quadrature on the sphere that a simulation of ten million draws confirms.
#[test]
fn agrees_with_r() {
    let expected = Expected::open("02_logrank");
    for set in expected.children("") {
        let data = match set.strip_suffix("_vs_0").and_then(|s| s.split_once("_arm")) {
            Some((file, arm)) => {
                let arm: f64 = arm.parse().unwrap();
                Data::read(file)
                    .filter(|row| row("arm") == 0.0 || row("arm") == arm)
                    .with("arm", |row| f64::from(u8::from(row("arm") == arm)))
            }
            None if set == "k_sample" => continue,
            None => Data::read(&set),
        };
        let (time, event) = (data.column("time"), data.flags("status"));
        let (group, stratum) = (data.groups("arm"), data.codes("stratum"));
        let weights = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
            .map(|(rho, gamma)| Weight::FlemingHarrington { rho, gamma });
        for (case, weights, strata) in [
            ("maxcombo_4", &weights[..], None),
            ("maxcombo_3", &weights[..3], None),
            ("maxcombo_4_stratified", &weights[..], Some(&stratum[..])),
        ] {
            let at = |name: &str| format!("{set}/{case}/{name}");
            if !expected.has(&at("corr_rank")) {
                continue;
            }
            let test = max_combo(&time, &event, &group, strata, weights).unwrap();
            expected.check_list(&at("z"), &test.z, EXACT);
            for i in 0..weights.len() {
                for j in 0..weights.len() {
                    expected.check(&at(&format!("corr/{i}/{j}")), test.correlation.get(i, j), EXACT);
                }
            }
            expected.check(&at("max_abs_stat"), test.largest, EXACT);
            expected.check(&at("max_benefit_stat"), test.largest_benefit, EXACT);
            let p = Within(1e-9, 1e-3);
            let tight = Within(1e-6, 0.0);
            expected.check(&at("p_two_sided"), test.p_two_sided, tight);
            expected.check(&at("p_two_sided"), test.p_two_sided, p);
            expected.check_option(&at("p_one_sided"), test.p_benefit, tight);
            expected.check_option(&at("p_one_sided"), test.p_benefit, p);
            let (values, _) = test.correlation.eigen().unwrap();
            let rank = values.iter().filter(|&&v| v > 1e-9).count();
            expected.check(&at("corr_rank"), rank as f64, EXACT);
        }
    }
    expected.finish(&[
        ("*genzbretz*", "wrong in the far tail of a singular correlation; the quadrature is compared"),
        ("*/stratified_by_stratum/*", "compared in log_rank.rs"),
        ("*/unstratified/*", "compared in log_rank.rs"),
        ("*/survdiff_*", "compared in log_rank.rs"),
        ("*/peto_one_step*", "compared in log_rank.rs"),
        ("*/pike_hr*", "compared in log_rank.rs"),
        ("*/tstar*", "compared in log_rank.rs"),
        ("k_sample/*", "compared in log_rank.rs"),
    ]);
}
