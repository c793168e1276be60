//! What is asked: comparisons, their end points and what is made of bail-outs.

use super::Builder;
use crate::{
    analysis::{
        comparison::{Method, Summary, Test},
        subgroup::Subgroup,
    },
    outcome::{
        endpoint::Endpoint,
        kinds::{AtDeath, Kind, Yields},
    },
    scenario::text::{Better, ClaimText, CompareText, EstimandText, SideText},
    trial::{
        claim::Claim,
        estimand::{Estimand, Strategy},
        pool::Pool,
    },
};

impl Builder<'_> {
    /// All estimands; a strategy of its own adds its own reading of an end point.
    pub(super) fn estimands(
        &mut self,
        endpoints: &mut Vec<Endpoint>,
        pool: &Pool,
        subgroups: &mut Vec<Subgroup>,
    ) -> Vec<Estimand> {
        let mut list = Vec::new();
        if self.text.estimand.0.is_empty() {
            self.wrong("estimand", "a trial asks something; add [estimand.primary]");
        }
        for (name, text) in &self.text.estimand.0 {
            let path = format!("estimand.{name}");
            let mut first = self.estimand(&path, name, text, endpoints, pool, subgroups);
            self.strategy(&path, text, &mut first, endpoints);
            let compared: Vec<&String> = std::iter::once(&text.compare)
                .chain(&text.minus)
                .flat_map(|pair| pair.treatment.0.iter().chain(&pair.control.0))
                .collect();
            let all_are_arms = compared.iter().all(|name| self.text.arm.get(name).is_some());
            let without = |name: &&String| self.text.trial.allocation.ratio.get(name).is_none();
            if all_are_arms && compared.iter().any(without) {
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
                    claim: Claim::Superiority,
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
        let (treatment, treated) = self.side(&format!("{path}.compare.treatment"), &text.compare.treatment);
        let (control, controls) = self.side(&format!("{path}.compare.control"), &text.compare.control);
        if text.compare.treatment.0.iter().any(|name| text.compare.control.holds(name)) {
            self.wrong(&format!("{path}.compare"), "an arm cannot be compared with itself");
        }
        let minus = text.minus.as_ref().map(|minus| self.minus(&format!("{path}.minus"), text, minus));
        let plain = minus.is_none() && treated.is_empty() && controls.is_empty();
        let poolable = text.summary.has_closed_form() || text.summary.reads() == Yields::Value;
        if !plain && (!poolable || text.strategy == Strategy::PrincipalStratum) {
            let message = "arms are pooled, and effects subtracted, for risks, hazard ratios and numbers in all patients only";
            self.wrong(&format!("{path}.compare"), message);
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
            treatment,
            control,
            method: Method { summary: text.summary, test },
            strategy: Strategy::TreatmentPolicy,
            stratum: Vec::new(),
            subgroups: indices,
            strata,
            claim: self.claim(path, text, Method { summary: text.summary, test }),
            after_stopping: None,
            with: [treated, controls],
            minus,
        }
    }

    /// The comparison an interaction subtracts.
    fn minus(&mut self, path: &str, text: &EstimandText, minus: &CompareText) -> (u8, u8) {
        let (treatment, _) = self.side(&format!("{path}.treatment"), &minus.treatment);
        let (control, _) = self.side(&format!("{path}.control"), &minus.control);
        let sides = [&minus.treatment, &minus.control, &text.compare.treatment, &text.compare.control];
        let arms: std::collections::BTreeSet<&String> = sides.iter().flat_map(|s| &s.0).collect();
        if arms.len() != 4 || sides.iter().any(|s| s.0.len() != 1) {
            self.wrong(path, "an interaction compares two arms with each other and two others, four in all");
        }
        if !text.subgroups.is_empty() {
            self.wrong(path, "an interaction of two treatments is not repeated in subgroups");
        }
        (treatment, control)
    }

    /// The first arm of one side of a comparison, and the others pooled with it.
    fn side(&mut self, path: &str, side: &SideText) -> (u8, Vec<u8>) {
        if side.0.is_empty() {
            self.wrong(path, "a comparison needs an arm on each side");
        }
        let several = side.0.len() > 1;
        let mut arms = Vec::new();
        for (i, name) in side.0.iter().enumerate() {
            let path = if several { format!("{path}.{i}") } else { path.to_owned() };
            let arm = self.arm(&path, name) as u8;
            if arms.contains(&arm) {
                self.wrong(&path, format!("“{name}” stands here twice"));
            }
            arms.push(arm);
        }
        let first = arms.first().copied().unwrap_or(0);
        (first, arms.into_iter().skip(1).collect())
    }

    /// What the estimand is to show.
    fn claim(&mut self, path: &str, text: &EstimandText, method: Method) -> Claim {
        let (key, stated) = match text.claim {
            ClaimText::Superiority => return Claim::Superiority,
            ClaimText::NonInferiority(margin) => ("non_inferiority", margin),
            ClaimText::Equivalence(margin) => ("equivalence", margin),
        };
        let path = format!("{path}.claim.{key}");
        let margin = if text.summary.is_ratio() { libm::log(stated).abs() } else { stated };
        if !(margin > 0.0 && margin.is_finite()) {
            let example = if text.summary.is_ratio() {
                "a ratio such as 1.15"
            } else {
                "a number above 0, such as 0.05"
            };
            self.wrong(&path, format!("{stated} is not a margin; write {example}"));
            return Claim::Superiority;
        }
        let claim = match text.claim {
            ClaimText::Equivalence(_) => Claim::Equivalence(margin),
            _ => Claim::NonInferiority(margin),
        };
        if !claim.fits(method) {
            self.wrong(&path, "this test says nothing about a margin; write test = \"wald\", or summary = \"risk_difference\" with the usual test");
        }
        claim
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

    /// Gives an estimand its strategy, with a reading of the end point that obeys it.
    fn strategy(
        &mut self,
        path: &str,
        text: &EstimandText,
        estimand: &mut Estimand,
        endpoints: &mut Vec<Endpoint>,
    ) {
        let strategy = text.strategy;
        if strategy != Strategy::PrincipalStratum && !text.stratum.is_empty() {
            let message = "only a principal stratum has one; add strategy = \"principal_stratum\"";
            self.wrong(&format!("{path}.stratum"), message);
        }
        if strategy == Strategy::PrincipalStratum && text.summary.needs_times() {
            let message =
                "a principal stratum is compared by risks; choose risk_ratio, risk_difference or odds_ratio";
            self.wrong(&format!("{path}.summary"), message);
        }
        let Some(endpoint) = endpoints.get(estimand.endpoint) else { return };
        if strategy != Strategy::TreatmentPolicy && endpoint.kind != Kind::FirstOf {
            let message =
                "only an end point that is the first of some events can be read in another way at a bail-out";
            return self.wrong(&format!("{path}.strategy"), message);
        }
        if strategy == Strategy::Composite && endpoint.higher_is_better {
            let message = "a bail-out cannot be part of an end point that is a good thing";
            self.wrong(&format!("{path}.strategy"), message);
        }
        for (i, arm) in text.stratum.iter().enumerate() {
            let arm = self.arm(&format!("{path}.stratum.{i}"), arm) as u8;
            if arm != estimand.treatment && arm != estimand.control {
                self.wrong(&format!("{path}.stratum.{i}"), "this arm is not one of the two compared");
            }
            estimand.stratum.push(arm);
        }
        if strategy == Strategy::PrincipalStratum && text.stratum.is_empty() {
            estimand.stratum = vec![estimand.treatment, estimand.control];
        }
        estimand.strategy = strategy;
        if strategy == Strategy::TreatmentPolicy {
            return;
        }
        let own = Endpoint {
            name: format!("{}.{}", endpoint.name, strategy.word()),
            label: match strategy {
                Strategy::Composite => format!("{} or bail-out", endpoint.label),
                Strategy::WhileOnTreatment => format!("{} before a bail-out", endpoint.label),
                _ => format!("{}, without bail-out", endpoint.label),
            },
            at_bail_out: strategy.at_bail_out(),
            ..endpoint.clone()
        };
        estimand.endpoint = endpoints.iter().position(|e| *e == own).unwrap_or_else(|| {
            endpoints.push(own);
            endpoints.len() - 1
        });
    }
}
