//! The design: when the trial looks and what it decides, with every rule on its numbers.

use super::{Builder, families::Spoken};
use crate::{
    analysis::subgroup::Subgroup,
    scenario::{
        document::suggestion,
        text::{AlphaText, CoPrimaryText, DesignText},
    },
    trial::{
        design::{CoPrimary, Design, Fixed, StopOrGo},
        estimand::Estimand,
    },
};

impl Builder<'_> {
    pub(super) fn alpha(&mut self, path: &str, alpha: &AlphaText) -> f64 {
        let one = alpha.one_direction();
        if one > 0.0 && one < 0.5 {
            return one;
        }
        let (key, stated) = match alpha {
            AlphaText::OneSided(stated) => ("one_sided", *stated),
            AlphaText::TwoSided(stated) => ("two_sided", *stated),
        };
        let hint = if (1.0..50.0).contains(&stated) {
            format!("; write {} for {stated} %", stated / 100.0)
        } else {
            "; write a number above 0, such as two_sided = 0.05".into()
        };
        self.wrong(&format!("{path}.{key}"), format!("{stated} is not the error of a test{hint}"));
        0.025
    }

    /// The design; some designs add estimands of their own.
    pub(super) fn design(
        &mut self,
        estimands: &mut Vec<Estimand>,
        subgroups: &[Subgroup],
        ratio: &[u32],
    ) -> Design {
        if estimands.is_empty() {
            // Said where estimands are read.
            return Design::Fixed(Fixed::new(0.025));
        }
        if let DesignText::GroupSequential(text) = &self.text.trial.design {
            return self.group_sequential(text, estimands);
        }
        let spoken = Spoken { estimands, subgroups, ratio };
        match &self.text.trial.design {
            DesignText::GroupSequential(_) => unreachable!("read above, because it adds estimands"),
            DesignText::CoPrimary(text) => self.co_primary(text, estimands),
            DesignText::ReEstimation(text) => self.re_estimation(text, estimands),
            DesignText::Bayesian(text) => self.bayesian(text, estimands, subgroups),
            DesignText::Fixed(fixed) => {
                Design::Fixed(Fixed::new(self.alpha("trial.design.fixed.alpha", &fixed.alpha)))
            }
            DesignText::StopOrGo(text) => {
                let alpha = self.alpha("trial.design.stop_or_go.alpha", &text.alpha);
                if !(text.first_stage > 0.0 && text.first_stage < 1.0) {
                    self.wrong(
                        "trial.design.stop_or_go.first_stage",
                        "the first stage is a share between 0 and 1",
                    );
                }
                Design::StopOrGo(StopOrGo {
                    first_stage: text.first_stage,
                    go_if_benefit_above: text.go_if_benefit_above,
                    last: Fixed::new(alpha),
                })
            }
            DesignText::ClosedTest(text) => self.closed_test(text, spoken),
            DesignText::Graphical(text) => self.graphical(text, spoken),
            DesignText::Hierarchical(text) => self.hierarchical(text, spoken),
            DesignText::AlphaSplit(text) => self.alpha_split(text, spoken),
            DesignText::Factorial(text) => self.factorial(text, spoken),
            DesignText::MultiArmMultiStage(text) => self.multi_stage(text, spoken),
            DesignText::DropTheLoser(text) => self.drop_the_loser(text, spoken),
            DesignText::ResponseAdaptive(text) => self.response_adaptive(text, spoken),
            DesignText::Platform(text) => self.platform(text, spoken),
            DesignText::BayesianArms(text) => self.bayesian_arms(text, spoken),
            DesignText::Enrichment(text) => self.enrichment(text, spoken),
        }
    }

    fn co_primary(&mut self, text: &CoPrimaryText, estimands: &[Estimand]) -> Design {
        const PATH: &str = "trial.design.co_primary";
        let alpha = self.alpha(&format!("{PATH}.alpha"), &text.alpha);
        let names: Vec<&str> = estimands.iter().map(|estimand| estimand.name.as_str()).collect();
        let mut list = Vec::new();
        for (i, name) in text.estimands.iter().enumerate() {
            let path = format!("{PATH}.estimands.{i}");
            match names.iter().position(|known| known == name) {
                None => {
                    self.wrong(&path, format!("there is no estimand “{name}”{}", suggestion(name, &names)))
                }
                Some(e) if list.contains(&e) => self.wrong(&path, format!("“{name}” is named twice")),
                Some(e) => list.push(e),
            }
        }
        if text.estimands.len() < 2 {
            self.wrong(
                &format!("{PATH}.estimands"),
                "co-primary means two or more; one alone is a fixed design",
            );
        } else if self.findings.is_empty() && !list.contains(&0) {
            self.wrong(
                &format!("{PATH}.estimands"),
                format!("the first estimand, “{}”, is one of them", names[0]),
            );
        }
        Design::CoPrimary(CoPrimary::new(list, alpha))
    }
}
