//! How the trial is run: accrual, allocation.

use super::{Builder, spoken};
use crate::{
    analysis::comparison::Test,
    outcome::{endpoint::Endpoint, recipe::Recipe},
    population::Reading,
    scenario::text::{AllocationText, ClustersText, MinimiseText},
    trial::{
        Arm, Trial,
        accrual::Enrolment,
        allocation::{Allocation, Scheme},
        clusters::Clusters,
        minimisation::{Factor, Minimisation},
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
        let consent = self.consent(pool);
        let probability: Vec<f64> = (0..pool.len())
            .map(|row| if eligible.evaluate(&pool.columns, row) { consent[row] * alive[row] } else { 0.0 })
            .collect();
        let measurements = self.measurements(pool, text.null);
        let accrual = self.accrual(share_taken_by_base);
        let sites = usize::from(accrual.sites);
        if text.trial.patients < 2 {
            self.wrong("trial.patients", format!("{} patients make no trial", text.trial.patients));
        }
        let loss_rate = self.loss_rate();
        let leaving = self.leaving(pool, &probability);
        let mut course = recipe.course();
        if course.circumstances.trend != 0.0 {
            // A design that takes fewer of those who come takes longer.
            let taken = probability.iter().sum::<f64>() / probability.len() as f64;
            course.circumstances.days = accrual.expected_days(text.trial.patients as usize, taken);
        }
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
            course,
            allocation,
            accrual,
            enrolment,
            narrower,
            patients: text.trial.patients as usize,
            follow_up: text.trial.follow_up.0,
            loss_rate,
            leaving,
            adjudication: text.trial.adjudication.map_or(0.0, |d| d.0),
            endpoints,
            measurements,
            subgroups,
            estimands,
            design,
        }
    }

    /// Probability that a patient of each row takes part if asked.
    pub fn consent(&mut self, pool: &Pool) -> Vec<f64> {
        let usual = self.probability("trial.consent", self.text.trial.consent);
        let mut consent = vec![usual; pool.len()];
        for (i, among) in self.text.trial.consent_if.iter().enumerate().rev() {
            let rule = self.rule(&format!("trial.consent_if.{i}.rule"), &among.rule, Reading::Recorded);
            let share = self.probability(&format!("trial.consent_if.{i}.share"), among.share);
            let held = |row: &usize| rule.evaluate(&pool.columns, *row);
            (0..pool.len()).filter(held).for_each(|row| consent[row] = share);
        }
        consent
    }

    /// Minimisation or whole sites, where stated; the rest of the keys have to fit.
    fn scheme(&mut self, text: &AllocationText, ratio: &[u32], pool: &Pool) -> Scheme {
        if text.minimise.is_some() && text.clusters.is_some() {
            self.wrong("trial.allocation", "patients are minimised or whole sites randomised, not both");
        }
        if (text.minimise.is_some() || text.clusters.is_some())
            && !(text.blocks.is_empty() && text.stratify_by.is_empty())
        {
            let message = "blocks and strata belong to randomisation in blocks; leave them out";
            self.wrong("trial.allocation.blocks", message);
        }
        if let Some(minimise) = &text.minimise {
            return self.minimisation(minimise, ratio, pool);
        }
        let Some(clusters) = &text.clusters else { return Scheme::Patients };
        let path = "trial.allocation.clusters";
        if self.text.trial.sites.as_ref().is_none_or(|s| (s.count as usize) < 2 * ratio.len()) {
            self.wrong(path, "whole sites are randomised; trial.sites needs two for each arm at least");
        }
        match clusters {
            ClustersText::Parallel {} => Scheme::Clusters(Clusters::Parallel),
            ClustersText::SteppedWedge(wedge) => {
                let path = format!("{path}.stepped_wedge");
                let from = self.arm(&format!("{path}.from"), &wedge.from) as u8;
                let to = self.arm(&format!("{path}.to"), &wedge.to) as u8;
                if from == to {
                    self.wrong(&path, "sites have to change to another arm");
                }
                let sites = self.text.trial.sites.as_ref().map_or(0, |s| s.count);
                if wedge.steps == 0 || u32::from(wedge.steps) > sites {
                    let message = format!("{} steps cannot be made with {sites} sites", wedge.steps);
                    self.wrong(&format!("{path}.steps"), message);
                }
                let every = self.positive(&format!("{path}.every"), wedge.every.0, "time");
                let steps = wedge.steps.max(1);
                Scheme::Clusters(Clusters::SteppedWedge { from, to, first: wedge.first.0, every, steps })
            }
        }
    }

    fn minimisation(&mut self, text: &MinimiseText, ratio: &[u32], pool: &Pool) -> Scheme {
        let path = "trial.allocation.minimise";
        let least = 1.0 / ratio.iter().filter(|r| **r > 0).count().max(1) as f64;
        if !(text.probability > least && text.probability < 1.0) {
            let message = format!(
                "the best arm is chosen with a probability between {least:.2} (pure chance) and 1 (none)"
            );
            self.wrong(&format!("{path}.probability"), message);
        }
        if text.over.is_empty() {
            self.wrong(&format!("{path}.over"), "say what is to be balanced, such as over = [\"site\"]");
        }
        let mut factors = Vec::new();
        for (i, name) in text.over.iter().enumerate() {
            if name == "site" {
                factors.push(Factor::Site);
                continue;
            }
            let split = self.split(&format!("{path}.over.{i}"), name, &pool.columns, pool.len());
            let split = split.with_missing_as_level();
            factors.push(Factor::Covariate { levels: split.levels.len(), code: split.code });
        }
        Scheme::Minimisation(Minimisation { factors, probability: text.probability.clamp(0.01, 0.99) })
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
        let scheme = self.scheme(text, &ratio, pool);
        self.cluster_tests(&scheme);
        Allocation {
            ratio,
            blocks: text.blocks.clone(),
            by_site: text.stratify_by.iter().any(|s| s == "site"),
            sites,
            stratum: if strata > 1 { stratum } else { Vec::new() },
            strata,
            scheme,
        }
    }

    /// Tests by site need sites, and a test of site summaries whole sites in one arm.
    fn cluster_tests(&mut self, scheme: &Scheme) {
        for (name, estimand) in &self.text.estimand.0 {
            let Some(test) = estimand.test.filter(|test| test.by_cluster()) else { continue };
            let path = format!("estimand.{name}.test");
            if self.text.trial.sites.is_none() {
                self.wrong(&path, "this test reads which site a patient belongs to; add trial.sites");
            } else if test == Test::ClusterT && *scheme != Scheme::Clusters(Clusters::Parallel) {
                let message = "summaries of sites need whole sites in one arm; add clusters = { parallel = {} } to trial.allocation, or write cluster_robust";
                self.wrong(&path, message);
            }
        }
    }
}
