//! How the trial is run: accrual, allocation.

use super::{Builder, spoken};
use crate::{
    outcome::{endpoint::Endpoint, recipe::Recipe},
    scenario::text::AllocationText,
    trial::{
        Arm, Trial,
        accrual::{Accrual, Enrolment},
        allocation::Allocation,
        pool::Pool,
    },
};

impl Builder<'_> {
    /// The whole trial, on a recipe whose numbers are all known.
    pub fn trial(
        &mut self,
        recipe: &Recipe,
        mut endpoints: Vec<Endpoint>,
        pool: &Pool,
        alive: &[f64],
        share_taken_by_base: f64,
    ) -> Trial {
        let text = self.text;
        let mut subgroups = Vec::new();
        let mut estimands = self.estimands(&mut endpoints, pool, &mut subgroups);
        let eligible = self.eligible();
        let consent = self.probability("trial.consent", text.trial.consent);
        let probability: Vec<f64> = (0..pool.len())
            .map(|row| if eligible.evaluate(&pool.columns, row) { consent * alive[row] } else { 0.0 })
            .collect();
        let measurements = self.measurements(pool, text.null);
        let accrual = self.accrual(share_taken_by_base);
        let sites = usize::from(accrual.sites);
        if text.trial.patients < 2 {
            self.wrong("trial.patients", format!("{} patients make no trial", text.trial.patients));
        }
        let loss_rate = match &text.trial.loss {
            None => 0.0,
            Some(loss) => {
                let share = self.probability("trial.loss.share", loss.share);
                let by = self.positive("trial.loss.by", loss.by.0, "time");
                -libm::log1p(-share.min(0.999_999)) / by
            }
        };
        let allocation = self.allocation(&text.trial.allocation, sites, pool);
        let enrolment = Enrolment { probability };
        let design = self.design(&mut estimands, &subgroups, &allocation.ratio);
        let narrower = self.narrower(&design, &enrolment, &subgroups);
        Trial {
            arms: text
                .arm
                .0
                .iter()
                .map(|(name, arm)| Arm {
                    name: name.clone(),
                    label: arm.label.clone().unwrap_or_else(|| spoken(name)),
                })
                .collect(),
            course: recipe.course(),
            allocation,
            accrual,
            enrolment,
            narrower,
            patients: text.trial.patients as usize,
            follow_up: text.trial.follow_up.0,
            loss_rate,
            endpoints,
            measurements,
            subgroups,
            estimands,
            design,
        }
    }

    fn accrual(&mut self, share_taken_by_base: f64) -> Accrual {
        let Some(sites) = &self.text.trial.sites else { return Accrual::immediate() };
        let rate =
            self.positive("trial.sites.patients_per_site_month", sites.patients_per_site_month, "rate");
        if sites.count == 0 || sites.count > 10_000 {
            self.wrong("trial.sites.count", format!("{} is not a number of sites", sites.count));
        }
        let opening = sites.opening.map_or(0.0, |d| d.0);
        Accrual::new(sites.count.clamp(1, 10_000) as u16, opening, rate, share_taken_by_base)
    }

    fn allocation(&mut self, text: &AllocationText, sites: usize, pool: &Pool) -> Allocation {
        let mut ratio = vec![0; self.text.arm.0.len()];
        for (name, weight) in &text.ratio.0 {
            let arm = self.arm(&format!("trial.allocation.ratio.{name}"), name);
            ratio[arm] = *weight;
            if *weight == 0 {
                self.wrong(
                    &format!("trial.allocation.ratio.{name}"),
                    "a ratio of 0 gives the arm no patients; leave it out",
                );
            }
        }
        let whole: u32 = ratio.iter().sum();
        for (i, block) in text.blocks.iter().enumerate() {
            if whole > 0 && (*block == 0 || block % whole != 0) {
                let message = format!("a block of {block} does not hold the ratio, which adds up to {whole}");
                self.wrong(&format!("trial.allocation.blocks.{i}"), message);
            }
        }
        if !text.stratify_by.is_empty() && text.blocks.is_empty() {
            self.wrong("trial.allocation.stratify_by", "strata need blocks; add blocks = [4]");
        }
        let (mut stratum, mut strata) = (vec![0u16; pool.len()], 1usize);
        for (i, name) in text.stratify_by.iter().enumerate().filter(|(_, name)| *name != "site") {
            let split =
                self.split(&format!("trial.allocation.stratify_by.{i}"), name, &pool.columns, pool.len());
            let split = split.with_missing_as_level();
            for (s, &code) in stratum.iter_mut().zip(&split.code) {
                *s = *s * split.levels.len() as u16 + u16::from(code);
            }
            strata *= split.levels.len();
        }
        Allocation {
            ratio,
            blocks: text.blocks.clone(),
            by_site: text.stratify_by.iter().any(|s| s == "site"),
            sites,
            stratum: if strata > 1 { stratum } else { Vec::new() },
            strata,
        }
    }
}
