use shocktrial::statistics::{
    CensoredOnTheDay, Level, Weight, Wins, compare_pairs, compare_pairs_stratified, finkelstein_schoenfeld,
    log_rank, mann_whitney,
};

use super::reference::{Data, EXACT, Expected};

struct Columns {
    data: Data,
    death: (Vec<f64>, Vec<bool>),
    hospital: (Vec<f64>, Vec<bool>),
    ordinal: Vec<f64>,
    support: Vec<f64>,
}

impl Columns {
    fn hierarchical() -> Self {
        let data = Data::read("hier");
        Columns {
            death: (data.column("death_time"), data.flags("death")),
            hospital: (data.column("hosp_time"), data.flags("hosp")),
            ordinal: data.column("ordinal"),
            support: Vec::new(),
            data,
        }
    }

    fn ecls() -> Self {
        let data = Data::read("ecls_like");
        Columns {
            death: (data.column("time"), data.flags("status")),
            hospital: Default::default(),
            ordinal: data.column("ordinal"),
            support: data.column("dafos"),
            data,
        }
    }

    fn levels(&self, case: &str) -> Vec<Level<'_>> {
        let death = Level::Time { time: &self.death.0, event: &self.death.1 };
        let hospital = Level::Time { time: &self.hospital.0, event: &self.hospital.1 };
        let support = Level::Higher(&self.support);
        match case {
            "hier_death_only_km_rule" => vec![death],
            "hier_2level_km_rule" => vec![death, hospital],
            "ecls_death_then_dafos" => vec![death, support],
            "ecls_ordinal_only" => vec![Level::Lower(&self.ordinal)],
            "ecls_dafos_only" => vec![support],
            _ => vec![death, hospital, Level::Lower(&self.ordinal)],
        }
    }
}

#[test]
fn agrees_with_r() {
    let expected = Expected::open("10_hierarchical");
    let (hierarchical, ecls) = (Columns::hierarchical(), Columns::ecls());
    for case in expected.children("") {
        let columns = if case.starts_with("ecls") { &ecls } else { &hierarchical };
        let rule = if case.contains("strict") { CensoredOnTheDay::Undecided } else { CensoredOnTheDay::Wins };
        let levels = columns.levels(&case);
        let group = columns.data.groups("arm");
        let at = |name: &str| format!("{case}/{name}");
        if case == "hier_stratified_km_rule" {
            let strata = columns.data.codes("stratum");
            let made = compare_pairs_stratified(&levels, &group, &strata, rule).unwrap();
            let ratio = made.log_win_ratio().unwrap();
            expected.check(&at("win_ratio"), ratio.value.exp(), EXACT);
            expected.check(&at("se_log_win_ratio"), ratio.standard_error, EXACT);
            // R's z is above 0 when treatment does better.
            expected.check(&at("z"), -ratio.z(), EXACT);
            let net = made.net_benefit().unwrap();
            expected.check(&at("net_benefit"), net.value, EXACT);
            expected.check(&at("se_net_benefit"), net.standard_error, EXACT);
            continue;
        }
        let made: Wins = compare_pairs(&levels, &group, rule).unwrap();
        expected.check(&at("n1"), made.n_treatment as f64, EXACT);
        expected.check(&at("n0"), made.n_control as f64, EXACT);
        expected.check(&at("wins"), made.wins as f64, EXACT);
        expected.check(&at("losses"), made.losses as f64, EXACT);
        expected.check(&at("ties"), made.ties() as f64, EXACT);
        expected.check(&at("win_prob"), made.win_probability(), EXACT);
        expected.check(&at("loss_prob"), made.loss_probability(), EXACT);
        for (k, (wins, losses)) in made.by_level.iter().enumerate() {
            let path = |name: &str| {
                let listed = at(&format!("by_level/{name}/{k}"));
                if expected.has(&listed) { listed } else { at(&format!("by_level/{name}")) }
            };
            expected.check(&path("wins"), *wins as f64, EXACT);
            expected.check(&path("losses"), *losses as f64, EXACT);
        }
        let [win, loss, cross] = made.covariance();
        expected.check(&at("projection_n_minus_1/var_w"), win, EXACT);
        expected.check(&at("projection_n_minus_1/var_l"), loss, EXACT);
        expected.check(&at("projection_n_minus_1/cov_wl"), cross, EXACT);
        let net = made.net_benefit().unwrap();
        expected.check(&at("net_benefit"), net.value, EXACT);
        expected.check_interval(&at("net_benefit_ci95"), net.interval(0.95), EXACT);
        for (name, estimate) in [
            ("win_ratio", made.log_win_ratio().unwrap()),
            ("win_odds", made.log_win_odds().unwrap()),
            ("net_benefit", net),
        ] {
            let log = if name == "net_benefit" { "" } else { "log_" };
            let error = at(&format!("projection_n_minus_1/se_{log}{name}"));
            expected.check(&error, estimate.standard_error, EXACT);
            expected.check(&at(&format!("projection_n_minus_1/z_{name}")), -estimate.z(), EXACT);
            if name != "net_benefit" {
                expected.check(&at(name), estimate.value.exp(), EXACT);
                expected.check_interval(&at(&format!("{name}_ci95")), estimate.interval(0.95).exp(), EXACT);
            }
        }
        let test = finkelstein_schoenfeld(&levels, &group, rule).unwrap();
        expected.check(&at("finkelstein_schoenfeld/T"), test.score, EXACT);
        expected.check(&at("finkelstein_schoenfeld/V"), test.variance, EXACT);
        expected.check(&at("finkelstein_schoenfeld/z"), -test.z(), EXACT);
        expected.check(&at("finkelstein_schoenfeld/p_two_sided"), test.p_two_sided(), EXACT);
    }
    expected.finish(&[
        ("*/projection_n/*", "covariances over n: we use n − 1"),
        ("*/bootstrap_check/*", "Monte Carlo, for orientation only"),
        ("*/note", "a remark"),
    ]);
}

/// Net benefit on death alone is Gehan's statistic; on a single score it is Mann and Whitney's.
#[test]
fn one_level_is_a_known_test() {
    let columns = Columns::hierarchical();
    let group = columns.data.groups("arm");
    let levels = columns.levels("hier_death_only_km_rule");
    let made = compare_pairs(&levels, &group, CensoredOnTheDay::Wins).unwrap();
    let gehan = log_rank(&columns.death.0, &columns.death.1, &group, None, Weight::Gehan).unwrap();
    let net = made.wins as f64 - made.losses as f64;
    assert!((net + gehan.observed_less_expected).abs() < 1e-6);

    let columns = Columns::ecls();
    let group = columns.data.groups("arm");
    let levels = columns.levels("ecls_dafos_only");
    let made = compare_pairs(&levels, &group, CensoredOnTheDay::Wins).unwrap();
    let of = |g: f64| columns.data.filter(|row| row("arm") == g).column("dafos");
    let ranks = mann_whitney(&of(1.0), &of(0.0)).unwrap();
    assert!((made.wins as f64 + made.ties() as f64 / 2.0 - ranks.u).abs() < 1e-9);
}
