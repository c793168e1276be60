//! Whatever the data: no panic, and no number that is not one.

use proptest::{prelude::*, test_runner::RngSeed};
use shocktrial::analysis::{
    answer::Answer,
    catalogue::MethodName,
    dataset::{Covariate, Dataset, Outcome, Tier},
    methods::{analyse, can_read, interaction_of},
    settings::Settings,
};
use shocktrial::statistics::Ties;

/// One patient: arm, small whole numbers, flags, a stratum, and a value that may be far out.
type Row = (u32, u8, bool, bool, u32, f64);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let far = prop_oneof![
        4 => (-3i8..4).prop_map(f64::from),
        1 => prop_oneof![Just(1e300), Just(-1e300), Just(1e-300), Just(0.0), Just(1e16)],
        2 => -5.0f64..5.0,
    ];
    prop::collection::vec((0u32..3, 0u8..6, any::<bool>(), any::<bool>(), 0u32..3, far), 0..24)
}

fn dataset(rows: &[Row], outcome: Outcome, adjusted: bool) -> Dataset {
    let number = |f: &dyn Fn(&Row) -> f64| rows.iter().map(f).collect::<Vec<f64>>();
    let covariates = match adjusted {
        false => Vec::new(),
        true => vec![
            Covariate { name: "x".into(), values: number(&|r| r.5) },
            Covariate { name: "t".into(), values: number(&|r| f64::from(r.1)) },
        ],
    };
    Dataset {
        arm: rows.iter().map(|r| r.0).collect(),
        arms: vec!["a".into(), "b".into(), "c".into()],
        treatment: 1,
        control: 0,
        outcome,
        stratum: Some(rows.iter().map(|r| r.4).collect()),
        cluster: adjusted.then(|| rows.iter().map(|r| r.4).collect()),
        covariates,
        subgroup: Some(rows.iter().map(|r| r.4).collect()),
    }
}

fn sane(answer: &Answer) -> Result<(), TestCaseError> {
    let a = answer;
    prop_assert!(!a.statistic.is_infinite(), "{a:?}");
    prop_assert!(a.p_value.is_nan() || (0.0..=1.0).contains(&a.p_value), "{a:?}");
    prop_assert!(a.se.is_nan() || a.se >= 0.0, "{a:?}");
    prop_assert!(a.estimate.is_nan() == a.estimate.is_nan() && a.estimate != f64::INFINITY, "{a:?}");
    if a.lower.is_finite() && a.upper.is_finite() {
        prop_assert!(a.lower <= a.upper, "{a:?}");
    }
    // An interval contains its estimate.
    if a.estimate.is_finite() && a.lower.is_finite() && a.upper.is_finite() {
        let room = 1e-6 * (1.0 + a.estimate.abs());
        prop_assert!(a.lower <= a.estimate + room && a.estimate <= a.upper + room, "{a:?}");
    }
    let answered = a.estimate.is_finite() || a.p_value.is_finite();
    prop_assert!(answered || a.reason.is_some(), "{a:?}");
    Ok(())
}

fn every_method(data: &Dataset, settings: &Settings) -> Result<(), TestCaseError> {
    let fits = |m: &&MethodName| can_read(**m, &data.outcome);
    for &method in MethodName::ALL.iter().filter(fits) {
        let mut levels = Vec::new();
        for answer in analyse(method, data, settings) {
            sane(&answer)?;
        }
        for level in 0..3 {
            let part = data.filter(|i| data.subgroup.as_ref().unwrap()[i] == level);
            levels.extend(analyse(method, &part, settings).into_iter().next());
        }
        if let Some(answer) = interaction_of(&levels, settings.confidence, false) {
            sane(&answer)?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(48) })]

    #[test]
    fn small_tables_never_break_a_method(
        rows in rows(), adjusted in any::<bool>(), breslow in any::<bool>(), higher in any::<bool>(),
        horizon in 0.5f64..7.0, margin in 0.01f64..1.5,
    ) {
        let settings = Settings {
            horizon: Some(horizon),
            margin: Some(margin),
            delay: Some(2.0),
            higher_is_better: higher,
            ties: if breslow { Ties::Breslow } else { Ties::Efron },
            ..Settings::default()
        };
        let time: Vec<f64> = rows.iter().map(|r| f64::from(r.1)).collect();
        let event: Vec<bool> = rows.iter().map(|r| r.2).collect();
        let known: Vec<bool> = rows.iter().map(|r| r.2 || r.3).collect();
        let cause: Vec<u8> = rows.iter().map(|r| u8::from(r.2) * (1 + u8::from(r.3))).collect();
        let value: Vec<f64> = rows.iter().map(|r| r.5).collect();
        let tiers = vec![
            Tier::Time { time: time.clone(), event: event.clone() },
            Tier::Higher { value: value.clone(), margin: 1.0 },
            Tier::Lower { value: value.clone(), margin: 0.0 },
        ];
        for outcome in [
            Outcome::Event { event, known, time: Some(time.clone()) },
            Outcome::Cause { time: time.clone(), cause },
            Outcome::Value(value),
            Outcome::Count { count: time.clone(), exposure: None },
            Outcome::Count { count: time.clone(), exposure: Some(time.iter().map(|t| t + 0.5).collect()) },
            Outcome::Tiers(tiers),
        ] {
            every_method(&dataset(&rows, outcome, adjusted), &settings)?;
        }
    }
}
