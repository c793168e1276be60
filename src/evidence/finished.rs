//! What finished trials assumed of their treatment, and what they saw.

use super::{Figure, csv, lookup};
use std::sync::OnceLock;

/// The finished trials: what each assumed, and the ledger figure of what it saw.
const FINISHED: &str = include_str!("finished.csv");

/// A finished trial of shock: the effect its size was planned for, beside the effect it saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    pub trial: String,
    /// What was assumed, and how it is known.
    pub assumed: String,
    /// What was seen, as printed, with its ledger id.
    pub observed: String,
    pub observed_id: String,
    /// The effect seen as a share of the effect assumed: of log ratios (of risks, or of hazards where a
    /// hazard ratio was printed), or of differences. Below 0, the treatment did worse.
    pub share: f64,
    /// Standard error of the share, from the interval printed.
    pub error: f64,
}

/// All finished trials with an assumption that is known, in the order of their years.
pub fn finished_trials() -> &'static [Finished] {
    static TRIALS: OnceLock<Vec<Finished>> = OnceLock::new();
    TRIALS.get_or_init(|| csv::rows(FINISHED).skip(1).filter_map(|row| read(&row)).collect())
}

fn read(row: &[String]) -> Option<Finished> {
    let [trial, control, treatment, points, observed, assumed_from] = row else { return None };
    let figure = lookup(observed)?;
    let (value, low, high) = (figure.value?, figure.ci_low?, figure.ci_high?);
    let risk = |text: &str| text.parse::<f64>().ok().map(|percent| percent / 100.0);
    let (assumed, seen, error) = match (points.parse::<f64>(), risk(control), risk(treatment)) {
        (Ok(points), ..) => (points, value, (high - low) / WIDTH),
        (_, Some(control), Some(treatment)) => {
            let assumed = if figure.unit == "HR" {
                libm::log(libm::log1p(-treatment) / libm::log1p(-control))
            } else {
                libm::log(treatment / control)
            };
            (assumed, libm::log(value), (libm::log(high) - libm::log(low)) / WIDTH)
        }
        _ => return None,
    };
    Some(Finished {
        trial: trial.clone(),
        assumed: assumed_from.clone(),
        observed: printed(figure),
        observed_id: observed.clone(),
        share: seen / assumed,
        error: error / assumed.abs(),
    })
}

/// `0.83 (0.71–0.96)`, as the source has it.
fn printed(figure: &Figure) -> String {
    let side = |x: Option<f64>| x.map_or(String::new(), |x| format!("{x}"));
    format!("{} {} ({} to {})", figure.unit, figure.printed, side(figure.ci_low), side(figure.ci_high))
}

/// Standard errors between the limits of a 95 % interval.
const WIDTH: f64 = 2.0 * 1.959_963_984_540_054;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_arithmetic_on_the_ledger() {
        let trials = finished_trials();
        assert_eq!(trials.len(), 6);
        let of = |name: &str| trials.iter().find(|t| t.trial == name).unwrap();
        assert!((of("SHOCK").share - 9.3 / 20.0).abs() < 1e-12);
        let ecls = of("ECLS-SHOCK");
        assert!((ecls.share - 0.98_f64.ln() / (0.35_f64 / 0.49).ln()).abs() < 1e-12);
        assert!((ecls.error - (1.19_f64 / 0.80).ln() / WIDTH / (0.49_f64 / 0.35).ln()).abs() < 1e-12);
        assert!(of("TRIUMPH").share < 0.0);
    }
}
