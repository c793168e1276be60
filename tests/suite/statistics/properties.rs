//! Identities that hold whatever the data.

use proptest::{prelude::*, test_runner::RngSeed};
use shocktrial::statistics::*;

/// Rows of a small trial: time, event, group, stratum; ties are common when `whole_days`.
fn rows(whole_days: bool) -> impl Strategy<Value = Vec<(f64, bool, u8, u32)>> {
    let time = if whole_days { (1u32..12).prop_map(f64::from).boxed() } else { (0.1f64..30.0).boxed() };
    prop::collection::vec((time, prop::bool::weighted(0.7), 0u8..2, 0u32..3), 8..60)
}

type Columns = (Vec<f64>, Vec<bool>, Vec<u8>, Vec<u32>);

fn columns(rows: &[(f64, bool, u8, u32)]) -> Columns {
    let mut out: Columns = Default::default();
    for &(time, event, group, stratum) in rows {
        out.0.push(time);
        out.1.push(event);
        out.2.push(group);
        out.3.push(stratum);
    }
    out
}

fn tally(time: &[f64], event: &[bool], group: &[u8]) -> TwoGroupTable {
    let mut order = Vec::new();
    sort_by_time(time, &mut order);
    let mut table = TwoGroupTable::new();
    table.tally(SortedExits { order: &order, time, event, group });
    table
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-8 * (1.0 + a.abs())
}

/// Events and patients by group.
fn counted(event: &[bool], group: &[u8]) -> TwoByTwo {
    let patients = |g: u8| group.iter().filter(|&&x| x == g).count() as u32;
    let events = |g: u8| event.iter().zip(group).filter(|(e, x)| **e && **x == g).count() as u32;
    TwoByTwo::new(events(1), patients(1), events(0), patients(0))
}

fn swap(group: &[u8]) -> Vec<u8> {
    group.iter().map(|g| 1 - g).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(64) })]

    #[test]
    fn swapping_arms_flips_the_log_rank(rows in rows(true), rho in 0.0f64..2.0, gamma in 0.0f64..2.0) {
        let (time, event, group, stratum) = columns(&rows);
        for weight in [
            Weight::Constant,
            Weight::Gehan,
            Weight::Modest { delay: 5.0 },
            Weight::FlemingHarrington { rho, gamma },
        ] {
            let here = log_rank(&time, &event, &group, Some(&stratum), weight);
            let there = log_rank(&time, &event, &swap(&group), Some(&stratum), weight);
            match (here, there) {
                (Ok(a), Ok(b)) => prop_assert!(close(a.z, -b.z)),
                (a, b) => prop_assert_eq!(a.err(), b.err()),
            }
        }
    }

    #[test]
    fn one_stratum_is_none(rows in rows(true)) {
        let (time, event, group, _) = columns(&rows);
        let one = vec![7; time.len()];
        let plain = log_rank(&time, &event, &group, None, Weight::Constant);
        prop_assert_eq!(plain, log_rank(&time, &event, &group, Some(&one), Weight::Constant));
    }

    #[test]
    fn row_order_does_not_matter(rows in rows(true), shift in 1usize..7) {
        let (time, event, group, stratum) = columns(&rows);
        let mut turned = rows.clone();
        let size = turned.len();
        turned.rotate_left(shift % size);
        turned.reverse();
        let (time_2, event_2, group_2, stratum_2) = columns(&turned);
        let here = log_rank(&time, &event, &group, Some(&stratum), Weight::TaroneWare);
        let there = log_rank(&time_2, &event_2, &group_2, Some(&stratum_2), Weight::TaroneWare);
        prop_assert_eq!(here, there);
        let (a, b) = (tally(&time, &event, &group), tally(&time_2, &event_2, &group_2));
        prop_assert_eq!(a.rows(), b.rows());
        prop_assert_eq!(a.cox(), b.cox());
    }

    #[test]
    fn fast_log_rank_is_the_k_sample_one(rows in rows(true)) {
        let (time, event, group, _) = columns(&rows);
        let codes: Vec<u32> = group.iter().map(|&g| u32::from(g)).collect();
        if let (Ok(fast), Ok(plain)) =
            (tally(&time, &event, &group).log_rank(), log_rank_of_groups(&time, &event, &codes, None, 0.0))
        {
            prop_assert!(close(fast.chi_square(), plain.chi_square));
        }
    }

    #[test]
    fn fast_cox_is_the_general_one(rows in rows(true)) {
        let (time, event, group, stratum) = columns(&rows);
        let mut order = Vec::new();
        sort_by_time(&time, &mut order);
        let exits = SortedExits { order: &order, time: &time, event: &event, group: &group };
        let small: Vec<u8> = stratum.iter().map(|&s| s as u8).collect();
        let mut table = TwoGroupTable::new();
        table.tally_stratified(exits, &small, 3);
        let arm: Vec<f64> = group.iter().map(|&g| f64::from(g)).collect();
        let covariates = [&arm[..]];
        let data = CoxData { stratum: Some(&stratum), ..CoxData::new(&time, &event, &covariates) };
        let plain = cox(data, Ties::Efron).and_then(|fit| fit.estimate);
        match (table.cox(), plain) {
            (Ok(fast), Ok(slow)) => {
                prop_assert!(close(fast.log_hazard_ratio, slow.coefficients[0]), "{fast:?} {slow:?}");
                prop_assert!(close(fast.standard_error, slow.standard_errors()[0]));
            }
            (Err(Reason::MonotoneLikelihood), Err(reason)) => {
                prop_assert_eq!(reason, Reason::MonotoneLikelihood);
            }
            (fast, slow) => prop_assert!(fast.is_err() && slow.is_err(), "{:?} {:?}", fast, slow),
        }
    }

    #[test]
    fn levels_counted_together_are_levels_counted_alone(rows in rows(true)) {
        let (time, event, group, stratum) = columns(&rows);
        let mut order = Vec::new();
        sort_by_time(&time, &mut order);
        let exits = SortedExits { order: &order, time: &time, event: &event, group: &group };
        let level: Vec<u8> = stratum.iter().map(|&s| s as u8).collect();
        let mut together = vec![TwoGroupTable::new(); 2];
        TwoGroupTable::tally_levels(&mut together, exits, &level, |_| Staying::default());
        for (k, table) in together.iter().enumerate() {
            let mut alone = TwoGroupTable::new();
            alone.append(exits, |row| usize::from(level[row]) == k);
            prop_assert_eq!(table.rows(), alone.rows());
        }
    }

    #[test]
    fn packed_order_is_the_plain_one(rows in rows(true)) {
        let (time, _, _, _) = columns(&rows);
        let mut plain = Vec::new();
        sort_by_time(&time, &mut plain);
        let mut packed = TimeOrder::new();
        prop_assert_eq!(packed.sort(&time, |_| true), &plain[..]);
        let odd: Vec<u32> = plain.into_iter().filter(|row| row % 2 == 1).collect();
        prop_assert_eq!(packed.sort(&time, |row| row % 2 == 1), &odd[..]);
    }

    #[test]
    fn win_counts_are_those_of_single_pairs(rows in rows(true)) {
        let (time, event, group, score) = columns(&rows);
        let score: Vec<f64> = score.iter().map(|&s| f64::from(s)).collect();
        let levels = [Level::Time { time: &time, event: &event }, Level::Lower(&score)];
        for rule in [CensoredOnTheDay::Wins, CensoredOnTheDay::Undecided] {
            let (Ok(made), Ok(test)) =
                (compare_pairs(&levels, &group, rule), finkelstein_schoenfeld(&levels, &group, rule))
            else {
                continue;
            };
            // Within an arm every win is another's loss, so the score is the net over the arms.
            prop_assert_eq!(made.wins as f64 - made.losses as f64, test.score);
            let other = compare_pairs(&levels, &swap(&group), rule).unwrap();
            prop_assert_eq!((made.wins, made.losses), (other.losses, other.wins));
        }
    }

    #[test]
    fn max_combo_decides_as_its_p_value(rows in rows(false), level in 0.01f64..0.5) {
        let (time, event, group, _) = columns(&rows);
        let weights = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)]
            .map(|(rho, gamma)| Weight::FlemingHarrington { rho, gamma });
        if let Ok(tests) = weighted_log_ranks(&time, &event, &group, None, &weights) {
            let full = max_combo_of(&tests).unwrap();
            let decided = max_combo_rejects(&tests, level, true).unwrap();
            prop_assert_eq!(decided, full.p_two_sided <= level);
            let decided = max_combo_rejects(&tests, level, false).unwrap();
            prop_assert_eq!(decided, full.p_benefit.is_some_and(|p| p <= level));
        }
    }

    #[test]
    fn cox_intervals_contain_their_estimate(rows in rows(true)) {
        let (time, event, group, _) = columns(&rows);
        if let Ok(fit) = tally(&time, &event, &group).cox() {
            let limits = fit.interval(0.95);
            prop_assert!(limits.contains(fit.hazard_ratio()));
            // Wald's interval and test agree.
            prop_assert_eq!(limits.contains(1.0), fit.p_two_sided() >= 0.05);
        }
    }

    #[test]
    fn no_answer_is_not_a_number(rows in rows(true), few in 0usize..12) {
        let (time, event, group, stratum) = columns(&rows[..few.min(rows.len())]);
        let finite = |x: f64| -> Result<(), TestCaseError> {
            prop_assert!(!x.is_nan());
            Ok(())
        };
        for weight in [Weight::Constant, Weight::Gehan, Weight::Modest { delay: 3.0 }] {
            if let Ok(test) = log_rank(&time, &event, &group, Some(&stratum), weight) {
                finite(test.z)?;
            }
        }
        if let Ok(fit) = tally(&time, &event, &group).cox() {
            finite(fit.z())?;
        }
        let of = |g: u8| -> (Vec<f64>, Vec<bool>) {
            (0..time.len()).filter(|&i| group[i] == g).map(|i| (time[i], event[i])).unzip()
        };
        let ((t1, e1), (t0, e0)) = (of(1), of(0));
        let (one, zero) = (KaplanMeier::new(&t1, &e1), KaplanMeier::new(&t0, &e0));
        if let Ok(difference) = milestone_difference(&one, &zero, 5.0) {
            finite(difference.z())?;
        }
        if let Ok(means) = RestrictedMeans::new(&one, &zero, 8.0) {
            finite(means.z())?;
        }
        if let Ok(test) = mann_whitney(&t1, &t0) {
            finite(test.z())?;
        }
        if let Ok(test) = welch(&t1, &t0) {
            finite(test.t())?;
        }
        let count = |e: &[bool]| e.iter().filter(|&&e| e).count() as u32;
        let table = TwoByTwo::new(count(&e1), e1.len() as u32, count(&e0), e0.len() as u32);
        for value in [table.pooled_z(), table.yates_chi_square(), table.risk_difference().map(|d| d.z())] {
            finite(value.unwrap_or(0.0))?;
        }
        finite(table.fisher().two_sided)?;
        if let Ok(limits) = table.difference_score_interval(ScoreVariance::MiettinenNurminen, 0.95) {
            finite(limits.lower)?;
            finite(limits.upper)?;
        }
        let score: Vec<f64> = stratum.iter().map(|&s| f64::from(s)).collect();
        let levels = [Level::Time { time: &time, event: &event }, Level::Higher(&score)];
        if let Ok(wins) = compare_pairs(&levels, &group, CensoredOnTheDay::Wins) {
            finite(wins.log_win_odds().map_or(0.0, |w| w.z()))?;
            finite(wins.log_win_ratio().map_or(0.0, |w| w.z()))?;
        }
    }

    #[test]
    fn efron_is_breslow_without_ties(rows in rows(false)) {
        let (time, event, group, _) = columns(&rows);
        let arm: Vec<f64> = group.iter().map(|&g| f64::from(g)).collect();
        let covariates = [&arm[..]];
        let data = CoxData::new(&time, &event, &covariates);
        let fit = |ties| cox(data, ties).and_then(|f| f.estimate).map(|e| e.coefficients[0]);
        if let (Ok(a), Ok(b)) = (fit(Ties::Efron), fit(Ties::Breslow)) {
            prop_assert!(close(a, b));
        }
    }

    #[test]
    fn swapping_arms_flips_cox(rows in rows(true)) {
        let (time, event, group, _) = columns(&rows);
        match (tally(&time, &event, &group).cox(), tally(&time, &event, &swap(&group)).cox()) {
            (Ok(a), Ok(b)) => prop_assert!(close(a.log_hazard_ratio, -b.log_hazard_ratio)),
            (a, b) => prop_assert_eq!(a.err(), b.err()),
        }
    }

    #[test]
    fn without_censoring_kaplan_meier_counts_survivors(times in prop::collection::vec(1u32..20, 1..40)) {
        let time: Vec<f64> = times.iter().map(|&t| f64::from(t)).collect();
        let curve = KaplanMeier::new(&time, &vec![true; time.len()]);
        for step in &curve.steps {
            let alive = time.iter().filter(|&&t| t > step.time).count() as f64;
            prop_assert!(close(step.survival, alive / time.len() as f64));
        }
    }

    #[test]
    fn survival_intervals_contain_survival(rows in rows(true)) {
        let (time, event, _, _) = columns(&rows);
        for step in KaplanMeier::new(&time, &event).steps {
            for scale in [IntervalScale::Plain, IntervalScale::Log, IntervalScale::LogLog] {
                if let Some(limits) = step.interval(scale, 0.9) {
                    prop_assert!(limits.lower <= step.survival + 1e-12);
                    prop_assert!(step.survival <= limits.upper + 1e-12);
                }
            }
        }
    }

    #[test]
    fn two_risks_flip_with_the_arms(
        n1 in 2u32..60, n0 in 2u32..60, a in 0.0f64..1.0, b in 0.0f64..1.0,
    ) {
        let table = TwoByTwo::new((a * f64::from(n1)) as u32, n1, (b * f64::from(n0)) as u32, n0);
        let other = table.swapped();
        match (table.pooled_z(), other.pooled_z()) {
            (Ok(x), Ok(y)) => prop_assert!(close(x, -y)),
            (x, y) => prop_assert_eq!(x.err(), y.err()),
        }
        let (here, there) = (table.newcombe_interval(0.95).unwrap(), other.newcombe_interval(0.95).unwrap());
        prop_assert!(close(here.lower, -there.upper) && close(here.upper, -there.lower));
        prop_assert!(close(table.fisher().two_sided, other.fisher().two_sided));
        prop_assert!(here.contains(table.risk_difference().unwrap().value));
    }

    /// At the limits of an interval made by inverting a test, that test is just significant.
    #[test]
    fn inverted_intervals_agree_with_their_tests(
        n1 in 5u32..80, n0 in 5u32..80, a in 0.05f64..0.95, b in 0.05f64..0.95,
    ) {
        let events = |share: f64, n: u32| ((share * f64::from(n)) as u32).clamp(1, n - 1);
        let table = TwoByTwo::new(events(a, n1), n1, events(b, n0), n0);
        let z = interval_multiplier(0.95);
        for variance in [ScoreVariance::Plain, ScoreVariance::MiettinenNurminen] {
            let limits = table.difference_score_interval(variance, 0.95).unwrap();
            for (end, sign) in [(limits.lower, 1.0), (limits.upper, -1.0)] {
                prop_assert!((table.difference_test(end, variance).unwrap().z - sign * z).abs() < 1e-5);
            }
            let limits = table.ratio_score_interval(variance, 0.95).unwrap();
            for (end, sign) in [(limits.lower, 1.0), (limits.upper, -1.0)] {
                prop_assert!((table.ratio_test(end, variance).unwrap().z - sign * z).abs() < 1e-7);
            }
            let limits = table.odds_ratio_score_interval(variance, 0.95).unwrap();
            for (end, sign) in [(limits.lower, 1.0), (limits.upper, -1.0)] {
                prop_assert!((table.odds_ratio_test(end, variance).unwrap().z - sign * z).abs() < 1e-7);
            }
        }
        let wald = table.risk_difference().unwrap();
        let excludes = !wald.interval(0.95).contains(0.0);
        prop_assert_eq!(excludes, wald.p_two_sided() < 0.05);
    }

    #[test]
    fn two_levels_interact_as_their_difference(
        a in -2.0f64..2.0, b in -2.0f64..2.0, sa in 0.1f64..1.0, sb in 0.1f64..1.0,
    ) {
        let test = interaction(&[Some((a, sa)), None, Some((b, sb))]).unwrap();
        prop_assert_eq!(test.degrees, 1);
        prop_assert!(close(test.chi_square, (a - b) * (a - b) / (sa * sa + sb * sb)));
    }

    /// Strata of one level change nothing, in any method that takes them.
    #[test]
    fn one_stratum_is_none_in_every_family(rows in rows(true)) {
        let (time, event, group, score) = columns(&rows);
        let one = vec![3u32; time.len()];
        let value: Vec<f64> = score.iter().map(|&s| f64::from(s)).collect();
        let arm: Vec<f64> = group.iter().map(|&g| f64::from(g)).collect();
        let covariates = [&arm[..], &value[..]];
        let plain = CoxData::new(&time, &event, &covariates);
        let stratified = CoxData { stratum: Some(&one), ..plain };
        prop_assert_eq!(cox(plain, Ties::Efron), cox(stratified, Ties::Efron));
        let cause: Vec<u8> = event.iter().zip(&score).map(|(&e, &s)| u8::from(e) * (1 + (s % 2) as u8)).collect();
        let codes: Vec<u32> = group.iter().map(|&g| u32::from(g)).collect();
        let gray = |stratum| gray_test(&time, &cause, &codes, stratum, 1, 0.0);
        prop_assert_eq!(gray(None), gray(Some(&one)));
        let levels = [Level::Time { time: &time, event: &event }, Level::Lower(&value)];
        let rule = CensoredOnTheDay::Wins;
        let wins = compare_pairs(&levels, &group, rule).and_then(|w| w.log_win_ratio());
        let stratified =
            compare_pairs_stratified(&levels, &group, &one, rule).and_then(|w| w.log_win_ratio());
        match (wins, stratified) {
            (Ok(a), Ok(b)) => prop_assert!(close(a.value, b.value) && close(a.standard_error, b.standard_error)),
            (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
        }
        let of = |g: u8| -> Vec<f64> {
            (0..time.len()).filter(|&i| group[i] == g).map(|i| value[i]).collect()
        };
        if let (Ok(ranks), Ok(test)) =
            (van_elteren(&value, &group, &one), mann_whitney(&of(1), &of(0)))
        {
            prop_assert!(close(ranks.z(), test.z()));
        }
        let table = counted(&event, &group);
        let pooled = StratifiedTables(&[table]).log_odds_ratio();
        match (table.log_odds_ratio(), pooled) {
            (Ok(a), Ok(b)) => prop_assert!(close(a.value, b.value) && close(a.standard_error, b.standard_error)),
            (a, b) => prop_assert!(a.is_err() || b.is_err()),
        }
    }

    /// Neither the order of rows nor the numbers that name strata and clusters matter.
    #[test]
    fn names_and_order_do_not_matter(rows in rows(true), shift in 1usize..7) {
        let (time, event, group, stratum) = columns(&rows);
        let mut turned = rows.clone();
        let size = turned.len();
        turned.rotate_left(shift % size);
        let (time_2, event_2, group_2, stratum_2) = columns(&turned);
        let renamed: Vec<u32> = stratum_2.iter().map(|s| 90 - 7 * s).collect();
        let fit = |time: &[f64], event: &[bool], group: &[u8], stratum: &[u32]| {
            let arm: Vec<f64> = group.iter().map(|&g| f64::from(g)).collect();
            let covariates = [&arm[..]];
            let data = CoxData {
                stratum: Some(stratum),
                cluster: Some(stratum),
                ..CoxData::new(time, event, &covariates)
            };
            cox(data, Ties::Efron).and_then(|fit| fit.estimate)
        };
        match (fit(&time, &event, &group, &stratum), fit(&time_2, &event_2, &group_2, &renamed)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(close(a.coefficients[0], b.coefficients[0]));
                prop_assert!(close(a.robust_standard_errors()[0], b.robust_standard_errors()[0]));
            }
            (a, b) => prop_assert_eq!(a.err(), b.err()),
        }
        let here = log_rank(&time, &event, &group, Some(&stratum), Weight::Constant);
        let there = log_rank(&time_2, &event_2, &group_2, Some(&renamed), Weight::Constant);
        match (here, there) {
            (Ok(a), Ok(b)) => prop_assert!(close(a.z, b.z)),
            (a, b) => prop_assert_eq!(a.err(), b.err()),
        }
    }

    #[test]
    fn fine_gray_without_competing_events_is_cox(rows in rows(true)) {
        let (time, event, group, score) = columns(&rows);
        let arm: Vec<f64> = group.iter().map(|&g| f64::from(g)).collect();
        let other: Vec<f64> = score.iter().map(|&s| f64::from(s)).collect();
        let covariates = [&arm[..], &other[..]];
        let cause: Vec<u8> = event.iter().map(|&e| u8::from(e)).collect();
        let plain = cox(CoxData::new(&time, &event, &covariates), Ties::Breslow).and_then(|f| f.estimate);
        let fit = fine_gray(&time, &cause, &covariates, 1, CensoringTies::Together);
        if let (Ok(plain), Ok(fit)) = (plain, fit) {
            for j in 0..2 {
                prop_assert!(close(plain.coefficients[j], fit.coefficients[j]));
                prop_assert!(close(plain.standard_errors()[j], fit.covariance.standard_errors()[j]));
            }
        }
    }

    /// Wins less losses on death alone are Gehan's statistic: pairs that treatment loses, less those it wins.
    #[test]
    fn win_ratio_on_death_orders_as_gehan(rows in rows(true)) {
        let (time, event, group, _) = columns(&rows);
        let levels = [Level::Time { time: &time, event: &event }];
        let (Ok(wins), Ok(gehan)) = (
            compare_pairs(&levels, &group, CensoredOnTheDay::Wins),
            log_rank(&time, &event, &group, None, Weight::Gehan),
        ) else {
            return Ok(());
        };
        prop_assert!(close(gehan.observed_less_expected, wins.losses as f64 - wins.wins as f64));
    }

    /// The profile interval holds no effect exactly when the likelihood-ratio test does not reject it, and the
    /// Hodges-Lehmann interval when the Mann-Whitney test does not.
    #[test]
    fn profile_and_rank_intervals_agree_with_their_tests(rows in rows(true)) {
        let (time, event, group, _) = columns(&rows);
        let arm: Vec<f64> = group.iter().map(|&g| f64::from(g)).collect();
        let covariates = [&arm[..]];
        let data = CoxData::new(&time, &event, &covariates);
        if let (Ok(fit), Ok(limits)) =
            (cox(data, Ties::Efron), cox_profile_interval(data, Ties::Efron, 0, 0.95))
        {
            let p = fit.likelihood_ratio_p(1);
            prop_assert!(limits.contains(fit.estimate.clone().unwrap().coefficients[0]));
            if (p - 0.05).abs() > 1e-6 {
                prop_assert_eq!(limits.contains(0.0), p > 0.05);
            }
        }
        let of = |g: u8| -> Vec<f64> {
            (0..time.len()).filter(|&i| group[i] == g).map(|i| time[i]).collect()
        };
        if let (Ok(limits), Ok(test)) =
            (hodges_lehmann_interval(&of(1), &of(0), 0.95), mann_whitney(&of(1), &of(0)))
            && !limits.contains(0.0)
        {
            prop_assert!(test.p_two_sided() < 0.05);
        }
    }

    /// A margin on a tier decides the pairs that differ by at least as much, whatever the order of rows.
    #[test]
    fn margins_decide_by_distance(rows in rows(true), margin in 0.0f64..3.0) {
        let (time, _, group, _) = columns(&rows);
        let higher = [Level::HigherBy { value: &time, margin }];
        let Ok(wins) = compare_pairs(&higher, &group, CensoredOnTheDay::Wins) else { return Ok(()) };
        let (mut won, mut lost) = (0, 0);
        for i in (0..time.len()).filter(|&i| group[i] == 1) {
            for j in (0..time.len()).filter(|&j| group[j] == 0) {
                let apart = time[i] - time[j];
                won += u64::from(apart > 0.0 && apart >= margin);
                lost += u64::from(apart < 0.0 && -apart >= margin);
            }
        }
        prop_assert_eq!((wins.wins, wins.losses), (won, lost));
        let lower = [Level::LowerBy { value: &time, margin }];
        let other = compare_pairs(&lower, &group, CensoredOnTheDay::Wins).unwrap();
        prop_assert_eq!((other.wins, other.losses), (lost, won));
        if margin == 0.0 {
            let plain = compare_pairs(&[Level::Higher(&time)], &group, CensoredOnTheDay::Wins).unwrap();
            prop_assert_eq!(plain.wins, wins.wins);
        }
    }
}
