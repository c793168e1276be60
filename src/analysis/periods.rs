//! Risks compared within periods of a trial: stretches in which the shares of the arms stayed the same.
//!
//! Where shares change, arms differ in when their patients came, and so in how they would have fared anyway if
//! mortality changes over the trial. Within a period they do not.

use super::comparison::{CONFIDENCE, Comparison, Summary};
use crate::{
    outcome::endpoint::Observed,
    statistics::{StratifiedTables, TwoByTwo},
};

/// Compares two arms by the tables of the periods: Cochran, Mantel and Haenszel's test beside their estimate with
/// its Wald interval. A period in which one of the arms had nobody says nothing; its patients are still counted in
/// the row.
pub fn compare_periods(
    seen: &Observed,
    group: &[u8],
    period: &dyn Fn(usize) -> usize,
    summary: Summary,
    member: &dyn Fn(usize) -> bool,
) -> Comparison {
    let mut tables: Vec<TwoByTwo> = Vec::new();
    let mut whole = TwoByTwo::new(0, 0, 0, 0);
    for i in (0..group.len()).filter(|&i| group[i] < 2 && seen.known[i] && member(i)) {
        let at = period(i);
        if tables.len() <= at {
            tables.resize(at + 1, TwoByTwo::new(0, 0, 0, 0));
        }
        for table in [&mut tables[at], &mut whole] {
            let (n, events) = match group[i] {
                1 => (&mut table.n_treatment, &mut table.events_treatment),
                _ => (&mut table.n_control, &mut table.events_control),
            };
            *n += 1;
            *events += u32::from(seen.event[i]);
        }
    }
    let mut result = Comparison::counted(whole);
    let strata = StratifiedTables(&tables);
    let estimate = match summary {
        Summary::RiskDifference => strata.risk_difference(),
        Summary::OddsRatio => strata.log_odds_ratio(),
        _ => strata.log_risk_ratio(),
    };
    if let Ok(estimate) = estimate {
        result.measured(estimate.value, estimate.standard_error, estimate.interval(CONFIDENCE));
    }
    result.tested(strata.mantel_haenszel_z());
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two periods of very different risk, arms unevenly spread over them and alike within: the pooled table shows a
    /// difference, the periods none.
    #[test]
    fn a_trend_is_no_effect() {
        let mut seen = Observed::default();
        let (mut group, mut period) = (Vec::new(), Vec::new());
        // Period, group, patients, events.
        for (at, arm, n, events) in [(0, 0, 80, 40), (0, 1, 20, 10), (1, 0, 20, 4), (1, 1, 80, 16)] {
            for k in 0..n {
                seen.event.push(k < events);
                group.push(arm);
                period.push(at);
            }
        }
        seen.known = vec![true; group.len()];
        let at = |i: usize| period[i];
        let within = compare_periods(&seen, &group, &at, Summary::RiskRatio, &|_| true);
        assert!(within.statistic.abs() < 1e-12 && within.estimate.abs() < 1e-12, "{within:?}");
        assert_eq!((within.events_treatment, within.events_control), (26, 44));
        let pooled = compare_periods(&seen, &group, &|_| 0, Summary::RiskRatio, &|_| true);
        assert!(pooled.statistic < -2.5, "{pooled:?}");
    }
}
