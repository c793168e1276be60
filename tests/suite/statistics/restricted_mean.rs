use shocktrial::statistics::{KaplanMeier, RestrictedMeans, two_sided_p};

use super::{
    reference::{Data, EXACT, Expected},
    shared::table_of,
};

#[test]
fn agrees_with_r() {
    let expected = Expected::open("04_rmst");
    for set in expected.children("") {
        let data = match set.as_str() {
            "lung_by_sex" => Data::read("lung")
                .with("arm", |row| row("sex") - 1.0)
                .with("status", |row| row("status") - 1.0),
            name => Data::read(name),
        };
        for case in expected.children(&set) {
            let at = |name: &str| format!("{set}/{case}/{name}");
            let horizon = expected.setting(&at("tau")).unwrap();
            let curve = |name: &str| {
                let arm = expected.setting(&at(name)).unwrap();
                let part = data.filter(|row| row("arm") == arm);
                KaplanMeier::new(&part.column("time"), &part.flags("status"))
            };
            let means = RestrictedMeans::new(&curve("arm1"), &curve("arm0"), horizon).unwrap();
            for (arm, mean) in [("1", means.treatment), ("0", means.control)] {
                expected.check(&at(&format!("rmst{arm}")), mean.mean, EXACT);
                expected.check(&at(&format!("se{arm}")), mean.variance.sqrt(), EXACT);
                expected.check(&at(&format!("se{arm}_aalen_type")), mean.variance_aalen.sqrt(), EXACT);
                expected.check(&at(&format!("rmtl{arm}")), horizon - mean.mean, EXACT);
            }
            let gain = means.gain();
            expected.check(&at("diff"), gain.value, EXACT);
            expected.check(&at("se_diff"), gain.standard_error, EXACT);
            expected.check_interval(&at("diff_ci95"), means.gain_interval(0.95), EXACT);
            // R's z is of the gain, ours of the loss.
            expected.check(&at("z"), -means.z(), EXACT);
            expected.check(&at("p_two_sided"), means.p_two_sided(), EXACT);
            let ratio = means.log_ratio().unwrap();
            expected.check(&at("ratio"), ratio.value.exp(), EXACT);
            expected.check(&at("se_log_ratio"), ratio.standard_error, EXACT);
            expected.check_interval(&at("ratio_ci95"), ratio.interval(0.95).exp(), EXACT);
            expected.check(&at("p_ratio"), two_sided_p(ratio.z()), EXACT);
            let Ok(ratio) = means.log_ratio_lost() else { continue };
            expected.check(&at("rmtl_ratio"), ratio.value.exp(), EXACT);
            expected.check(&at("se_log_rmtl_ratio"), ratio.standard_error, EXACT);
            expected.check_interval(&at("rmtl_ratio_ci95"), ratio.interval(0.95).exp(), EXACT);
            expected.check(&at("p_rmtl_ratio"), two_sided_p(ratio.z()), EXACT);
        }
    }
    expected.finish(&[("zero_arm/*rmtl_ratio*", "nobody dies in one arm, so no ratio of time lost")]);
}

/// The table of both groups gives the same restricted mean as the curve of one.
#[test]
fn table_gives_the_same_mean() {
    for file in ["small20", "ecls_like", "all_events"] {
        let data = Data::read(file);
        let table = table_of(&data);
        for group in [0u8, 1] {
            let part = data.filter(|row| row("arm") == f64::from(group));
            let curve = KaplanMeier::new(&part.column("time"), &part.flags("status"));
            for horizon in [1.0, 14.5, 30.0] {
                let plain = curve.restricted_mean(horizon);
                let (mean, variance) = table.restricted_mean(group, horizon);
                assert!((mean - plain.mean).abs() < 1e-10);
                assert!((variance - plain.variance).abs() < 1e-10);
            }
        }
    }
}
