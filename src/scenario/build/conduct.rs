//! How the trial is run and what it asks: subgroups, estimands, accrual, allocation.

use super::{Builder, spoken};
use crate::{
    analysis::{
        comparison::{Method, Summary, Test},
        subgroup::Subgroup,
    },
    outcome::{
        endpoint::Endpoint,
        kinds::{AtDeath, Kind},
        recipe::Recipe,
    },
    scenario::text::{AllocationText, Better, EstimandText},
    trial::{
        Arm, Trial,
        accrual::{Accrual, Enrolment},
        allocation::Allocation,
        estimand::Estimand,
        pool::Pool,
    },
};

impl Builder<'_> {
    /// The whole trial, on a recipe whose numbers are all known.
    pub fn trial(
        &mut self,
        recipe: &Recipe,
        endpoints: Vec<Endpoint>,
        pool: &Pool,
        alive: &[f64],
        share_taken_by_base: f64,
    ) -> Trial {
        let text = self.text;
        let mut subgroups = Vec::new();
        let mut estimands = self.estimands(&endpoints, pool, &mut subgroups);
        let design = self.design(&mut estimands);
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
            allocation: self.allocation(&text.trial.allocation, sites, pool),
            accrual,
            enrolment: Enrolment { probability },
            narrower: Vec::new(),
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

    fn estimands(
        &mut self,
        endpoints: &[Endpoint],
        pool: &Pool,
        subgroups: &mut Vec<Subgroup>,
    ) -> Vec<Estimand> {
        let mut list = Vec::new();
        if self.text.estimand.0.is_empty() {
            self.wrong("estimand", "a trial asks something; add [estimand.primary]");
        }
        for (name, text) in &self.text.estimand.0 {
            let path = format!("estimand.{name}");
            let first = self.estimand(&path, name, text, endpoints, pool, subgroups);
            let treatment = self.text.trial.allocation.ratio.get(&text.compare.treatment);
            let control = self.text.trial.allocation.ratio.get(&text.compare.control);
            let both_are_arms = [&text.compare.treatment, &text.compare.control]
                .iter()
                .all(|name| self.text.arm.get(name).is_some());
            if both_are_arms && (treatment.is_none() || control.is_none()) {
                self.wrong(
                    &format!("{path}.compare"),
                    "both arms of a comparison need a share in trial.allocation.ratio",
                );
            }
            for (i, summary) in text.also.iter().enumerate() {
                let timed = matches!(summary, Summary::HazardRatio | Summary::KaplanMeierDifference);
                let test = if timed { Test::Wald } else { Test::usual_for(*summary) };
                if summary.reads() != first.method.summary.reads() {
                    self.wrong(&format!("{path}.also.{i}"), "this end point has no such summary measure");
                }
                if *summary == text.summary {
                    self.wrong(&format!("{path}.also.{i}"), "this is the summary measure itself");
                }
                list.push(Estimand {
                    name: format!("{name}.{}", summary.name()),
                    method: Method { summary: *summary, test },
                    subgroups: Vec::new(),
                    ..first.clone()
                });
            }
            let at = list.len() - text.also.len();
            list.insert(at, first);
        }
        list
    }

    fn estimand(
        &mut self,
        path: &str,
        name: &str,
        text: &EstimandText,
        endpoints: &[Endpoint],
        pool: &Pool,
        subgroups: &mut Vec<Subgroup>,
    ) -> Estimand {
        let endpoint = self.endpoint_index(&format!("{path}.endpoint"), &text.endpoint);
        let treatment = self.arm(&format!("{path}.compare.treatment"), &text.compare.treatment);
        let control = self.arm(&format!("{path}.compare.control"), &text.compare.control);
        if text.compare.treatment == text.compare.control {
            self.wrong(&format!("{path}.compare"), "an arm cannot be compared with itself");
        }
        if let (Some(better), Some(endpoint)) = (text.better, endpoints.get(endpoint))
            && (better == Better::Higher) != endpoint.higher_is_better
        {
            self.wrong(&format!("{path}.better"), "the end point says the opposite; state it in one place");
        }
        let test = text.test.unwrap_or_else(|| Test::usual_for(text.summary));
        if !test.fits(text.summary) {
            let fitting: Vec<&str> =
                Test::ALL.into_iter().filter(|test| test.fits(text.summary)).map(Test::word).collect();
            let summary = text.summary.label().to_lowercase();
            let message = format!("this test does not go with a {summary}; write {}", fitting.join(" or "));
            self.wrong(&format!("{path}.test"), message);
        }
        self.fits(path, text, test, endpoints.get(endpoint));
        if test.is_stratified() == text.strata.is_empty() {
            self.wrong(
                &format!("{path}.test"),
                "a stratified test needs strata, and strata a stratified test",
            );
        }
        if text.strata.len() > 1 {
            self.wrong(
                &format!("{path}.strata"),
                "write one covariate or expression; combine several with “and”",
            );
        }
        let strata =
            text.strata.first().map(|s| self.stratum(&format!("{path}.strata.0"), s, pool, subgroups));
        let mut indices = Vec::new();
        for (i, s) in text.subgroups.iter().enumerate() {
            indices.push(self.subgroup(&format!("{path}.subgroups.{i}"), s, pool, subgroups));
        }
        Estimand {
            name: name.to_owned(),
            endpoint,
            treatment: treatment as u8,
            control: control as u8,
            method: Method { summary: text.summary, test },
            subgroups: indices,
            strata,
            after_stopping: None,
        }
    }

    /// Whether the summary measure and the test can read the end point.
    fn fits(&mut self, path: &str, text: &EstimandText, test: Test, endpoint: Option<&Endpoint>) {
        let Some(endpoint) = endpoint else { return };
        let yields = endpoint.kind.yields();
        if text.summary.reads() != yields {
            let fitting: Vec<&str> =
                Summary::ALL.into_iter().filter(|s| s.reads() == yields).map(Summary::name).collect();
            let message =
                format!("this end point has no such summary measure; write {}", fitting.join(" or "));
            return self.wrong(&format!("{path}.summary"), message);
        }
        if let Kind::Value(value) = &endpoint.kind
            && value.at_death == AtDeath::Worst
            && !matches!(test, Test::MannWhitney | Test::VanElteren)
        {
            let message =
                "those who die rank behind everybody; write test = \"mann_whitney\" or \"van_elteren\"";
            self.wrong(path, message);
        }
        if test == Test::Ancova && !matches!(endpoint.kind, Kind::Value(_)) {
            self.wrong(&format!("{path}.test"), "this end point has no baseline to adjust for");
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
