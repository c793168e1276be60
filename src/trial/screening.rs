//! The screening log: what becomes of the patients who are screened, as the model expects it.

use super::pool::Pool;

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Why they are not enrolled, or that they are.
    pub reason: String,
    /// Part of those screened.
    pub share: f64,
}

/// The log of one run. `failing` is, for each entry rule in the order written, the part of all patients who
/// meet those before and not this one; `alive` and `consent` are the chances of each row of the pool, and
/// `eligible` says which rows meet all rules.
pub fn screening_log(
    failing: Vec<(String, f64)>,
    pool: &Pool,
    eligible: impl Fn(usize) -> bool,
    alive: &[f64],
    consent: &[f64],
) -> Vec<Line> {
    let rows: Vec<usize> = (0..pool.len()).filter(|&row| eligible(row)).collect();
    let mean = |value: &dyn Fn(usize) -> f64| {
        rows.iter().map(|&row| value(row)).sum::<f64>() / rows.len().max(1) as f64
    };
    let left = 1.0 - failing.iter().map(|(_, share)| share).sum::<f64>();
    let mut lines: Vec<Line> = failing.into_iter().map(|(reason, share)| Line { reason, share }).collect();
    let (gone, refused) =
        (left * mean(&|row| 1.0 - alive[row]), left * mean(&|row| alive[row] * (1.0 - consent[row])));
    for (reason, share) in [("Dead or discharged before randomisation", gone), ("Refused", refused)] {
        if share > 0.0 {
            lines.push(Line { reason: reason.into(), share });
        }
    }
    lines.push(Line { reason: "Enrolled".into(), share: left - gone - refused });
    lines
}
