//! Comparisons of pairs of patients by a hierarchy of end points.

use super::comparison::{CONFIDENCE, Comparison, Method, Summary, Test};
use crate::{
    outcome::{
        endpoint::Observed,
        kinds::{Measured, Tier},
    },
    statistics::{CensoredOnTheDay, Level, Reason, compare_pairs, finkelstein_schoenfeld},
};

/// Compares all pairs of one patient of each arm among those for whom `member` holds.
///
/// `higher_is_better(e)` says which direction is benefit for end point `e`. A number that is not known
/// decides nothing.
pub fn compare_tiers(
    tiers: &[Tier],
    seen: &[Observed],
    measured: &[Measured],
    higher_is_better: impl Fn(usize) -> bool,
    group: &[u8],
    method: Method,
    member: impl Fn(usize) -> bool,
) -> Comparison {
    let among: Vec<u8> = group.iter().enumerate().map(|(i, &g)| if member(i) { g } else { 2 }).collect();
    let mut result = Comparison::none(Reason::EmptyArm);
    for (i, &g) in among.iter().enumerate().filter(|(_, g)| **g <= 1) {
        let event = match tiers[0] {
            Tier::Later(e) | Tier::FreeOf(e) => u32::from(seen[e].event[i]),
            Tier::Value(_) => 0,
        };
        if g == 1 {
            result.n_treatment += 1;
            result.events_treatment += event;
        } else {
            result.n_control += 1;
            result.events_control += event;
        }
    }
    if result.n_treatment == 0 || result.n_control == 0 {
        return result;
    }
    let rule = CensoredOnTheDay::Wins;
    with_hierarchy(tiers, seen, measured, higher_is_better, |hierarchy| {
        let wins = compare_pairs(hierarchy, &among, rule);
        let estimate = wins.and_then(|wins| match method.summary {
            Summary::WinRatio => wins.log_win_ratio(),
            _ => wins.log_win_odds(),
        });
        if let Ok(estimate) = estimate {
            result.measured(estimate.value, estimate.standard_error, estimate.interval(CONFIDENCE));
        }
        match method.test {
            Test::FinkelsteinSchoenfeld => {
                result.tested(finkelstein_schoenfeld(hierarchy, &among, rule).map(|test| test.z()));
            }
            _ => result.tested(estimate.map(|estimate| estimate.z())),
        }
    });
    result
}

/// Pairs won and lost by the treatment at each tier.
pub fn pairs_by_tier(
    tiers: &[Tier],
    seen: &[Observed],
    measured: &[Measured],
    higher_is_better: impl Fn(usize) -> bool,
    group: &[u8],
) -> Result<Vec<(u64, u64)>, Reason> {
    with_hierarchy(tiers, seen, measured, higher_is_better, |hierarchy| {
        compare_pairs(hierarchy, group, CensoredOnTheDay::Wins).map(|wins| wins.by_level)
    })
}

/// Hands over the tiers as the statistics read them.
fn with_hierarchy<T>(
    tiers: &[Tier],
    seen: &[Observed],
    measured: &[Measured],
    higher_is_better: impl Fn(usize) -> bool,
    work: impl FnOnce(&[Level<'_>]) -> T,
) -> T {
    let had = |e: usize| -> Vec<f64> { seen[e].event.iter().map(|&x| f64::from(u8::from(x))).collect() };
    // A patient without a number stands in nobody's way: not a number compares as neither more nor less.
    let number = |e: usize| -> Vec<f64> {
        measured[e]
            .value
            .iter()
            .zip(&measured[e].known)
            .map(|(&x, &k)| if k { x } else { f64::NAN })
            .collect()
    };
    let columns: Vec<Vec<f64>> = tiers
        .iter()
        .map(|tier| match *tier {
            Tier::Later(_) => Vec::new(),
            Tier::FreeOf(e) => had(e),
            Tier::Value(e) => number(e),
        })
        .collect();
    let hierarchy: Vec<Level<'_>> = tiers
        .iter()
        .zip(&columns)
        .map(|(tier, column)| match *tier {
            Tier::Later(e) => Level::Time { time: &seen[e].time, event: &seen[e].event },
            Tier::FreeOf(_) => Level::Lower(column),
            Tier::Value(e) if higher_is_better(e) => Level::Higher(column),
            Tier::Value(_) => Level::Lower(column),
        })
        .collect();
    work(&hierarchy)
}
