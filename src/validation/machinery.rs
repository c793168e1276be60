//! Whether simulated trials spread as the two-binomial calculation says they must.

use crate::{
    error::Result,
    outcome::kinds::Yields,
    scenario::Scenario,
    simulation::{Block, Plan, Run, Sink},
    trial::design::{Design, Fixed},
};
use std::sync::atomic::AtomicBool;

/// Simulated trials that are compared.
const REPLICATES: u64 = 400;

/// Whether looks may change how many patients there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// All planned patients in one analysis.
    Planned,
    /// As the design decides.
    AsDesigned,
}

/// Error of an analysis whose decisions nobody reads.
const LEVEL: f64 = 0.025;

/// The spread of the risk difference over simulated trials, beside the exact one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machinery {
    pub simulated: f64,
    /// Monte Carlo error of the simulated spread.
    pub error: f64,
    pub exact: f64,
    /// Mean duration, months.
    pub months: f64,
    pub replicates: u64,
}

/// What is kept of each simulated trial: both arms' risks, estimate and standard error of the first
/// estimand, and the months.
#[derive(Default)]
pub(super) struct Kept {
    risks: Vec<[f64; 2]>,
    estimates: Vec<f64>,
    errors: Vec<f64>,
    months: Vec<f64>,
}

impl Kept {
    /// Mean months of a trial.
    pub(super) fn months(&self) -> f64 {
        self.months.iter().sum::<f64>() / self.months.len() as f64
    }

    /// Mean estimate and mean standard error, on the analysis scale, over trials that gave both.
    pub(super) fn estimate(&self) -> (f64, f64) {
        let given: Vec<(f64, f64)> = self
            .estimates
            .iter()
            .copied()
            .zip(self.errors.iter().copied())
            .filter(|(b, se)| b.is_finite() && se.is_finite())
            .collect();
        let n = given.len() as f64;
        (given.iter().map(|g| g.0).sum::<f64>() / n, given.iter().map(|g| g.1).sum::<f64>() / n)
    }
}

impl Sink for Kept {
    fn take(&mut self, block: &Block) -> Result<()> {
        let run = &block.runs[0];
        let mut start = 0;
        for (&end, trial) in run.ends.iter().zip(&run.trials) {
            let c = &run.rows[start].comparison;
            let share = |events: u32, n: u32| f64::from(events) / f64::from(n.max(1));
            self.risks.push([share(c.events_treatment, c.n_treatment), share(c.events_control, c.n_control)]);
            self.estimates.push(c.estimate);
            self.errors.push(c.se);
            self.months.push(trial.months);
            start = end;
        }
        Ok(())
    }
}

impl Machinery {
    /// Simulates the base run; none where its primary end point is no event of fixed horizon.
    pub fn new(scenario: &Scenario) -> Result<Option<Self>> {
        let trial = &scenario.runs[0].trial;
        let estimand = &trial.estimands[0];
        if trial.endpoints[estimand.endpoint].kind.yields() != Yields::Event || trial.loss_rate > 0.0 {
            return Ok(None);
        }
        let kept = simulate(scenario, Size::Planned)?;
        let n = kept.risks.len() as f64;
        let mean = |of: usize| kept.risks.iter().map(|r| r[of]).sum::<f64>() / n;
        let differences: Vec<f64> = kept.risks.iter().map(|r| r[0] - r[1]).collect();
        let centre = differences.iter().sum::<f64>() / n;
        let variance = differences.iter().map(|d| (d - centre).powi(2)).sum::<f64>() / (n - 1.0);
        let ratio = &trial.allocation.ratio;
        let whole: u32 = ratio.iter().sum();
        let patients =
            |arm: u8| trial.patients as f64 * f64::from(ratio[usize::from(arm)]) / f64::from(whole);
        let part = |risk: f64, n: f64| risk * (1.0 - risk) / n;
        let exact = part(mean(0), patients(estimand.treatment)) + part(mean(1), patients(estimand.control));
        let simulated = variance.sqrt();
        Ok(Some(Machinery {
            simulated,
            error: simulated / (2.0 * (n - 1.0)).sqrt(),
            exact: exact.sqrt(),
            months: kept.months(),
            replicates: kept.risks.len() as u64,
        }))
    }

    /// Whether the spreads agree within four Monte Carlo errors.
    pub fn agrees(&self) -> bool {
        (self.simulated - self.exact).abs() <= 4.0 * self.error
    }
}

/// Simulates the base run.
pub(super) fn simulate(scenario: &Scenario, size: Size) -> Result<Kept> {
    let mut run = Run { replicates: REPLICATES, ..scenario.runs[0].clone() };
    if size == Size::Planned {
        run.trial.design = Design::Fixed(Fixed::new(LEVEL));
    }
    let runs = [run];
    let plan = Plan { runs: &runs, pool: &scenario.pool, seed: scenario.seed };
    let mut kept = Kept::default();
    plan.simulate(0..REPLICATES, &AtomicBool::new(false), &mut kept)?;
    Ok(kept)
}
