//! What is believed of each arm's risk at a look: beta distributions of the primary end point.

use super::Evidence;
use crate::{
    statistics::{BetaRisk, chance_of_lowest},
    trial::record::Slice,
};

/// For each open arm, in the order of the arms, the chance that it is the best of them; 0 for others.
///
/// The counts of an arm are those of any comparison of the primary end point it takes part in.
pub(super) fn chance_of_best(evidence: &Evidence, ratio: &[u32], prior: BetaRisk, chances: &mut Vec<f64>) {
    let trial = evidence.trial;
    let endpoint = trial.estimands[0].endpoint;
    let higher = trial.endpoints[endpoint].higher_is_better;
    let (mut arms, mut risks) = (Vec::new(), Vec::new());
    for arm in (0..ratio.len()).filter(|&arm| ratio[arm] > 0) {
        let counts = evidence.rows.iter().find_map(|row| {
            let estimand = &trial.estimands[usize::from(row.estimand)];
            let c = &row.comparison;
            match row.slice {
                Slice::All if estimand.endpoint != endpoint => None,
                Slice::All if usize::from(estimand.treatment) == arm => {
                    Some((c.events_treatment, c.n_treatment))
                }
                Slice::All if usize::from(estimand.control) == arm => Some((c.events_control, c.n_control)),
                _ => None,
            }
        });
        let (events, n) = counts.unwrap_or_default();
        let bad = if higher { n - events } else { events };
        arms.push(arm);
        risks.push(prior.updated(f64::from(bad), f64::from(n), 1.0));
    }
    chances.clear();
    chances.resize(ratio.len(), 0.0);
    for (arm, chance) in arms.into_iter().zip(chance_of_lowest(&risks)) {
        chances[arm] = chance;
    }
}
