//! Comparisons of an event that death can forestall.

use super::comparison::{CONFIDENCE, Comparison, count};
use crate::{
    outcome::endpoint::Observed,
    statistics::{CensoringTies, Interval, Reason, fine_gray},
};

/// Compares subdistribution hazards: patients who die without the event stay at risk of it.
pub fn compare_incidence(
    seen: &Observed,
    group: &[u8],
    horizon: f64,
    member: impl Fn(usize) -> bool,
) -> Comparison {
    let counts = count(seen, group, &member);
    let mut result = Comparison::counted(counts);
    if counts.n_treatment == 0 || counts.n_control == 0 {
        result.reason = Some(Reason::EmptyArm);
        return result;
    }
    let (mut time, mut cause, mut arm) = (Vec::new(), Vec::new(), Vec::new());
    for (i, &g) in group.iter().enumerate().filter(|&(i, &g)| g <= 1 && member(i)) {
        time.push(seen.time[i]);
        arm.push(f64::from(g));
        cause.push(match (seen.event[i], seen.known[i] && seen.time[i] < horizon) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => 0,
        });
    }
    match fine_gray(&time, &cause, &[&arm], 1, CensoringTies::Together) {
        Ok(fit) => {
            let (b, se) = (fit.coefficients[0], fit.standard_errors()[0]);
            result.measured(b, se, Interval::wald(b, se, CONFIDENCE));
            result.tested(if se > 0.0 { Ok(b / se) } else { Err(Reason::NoVariance) });
        }
        Err(reason) => result.tested(Err(reason)),
    }
    result
}
