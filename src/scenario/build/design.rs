//! The design: when the trial looks and what it decides, with every rule on its numbers.

use super::Builder;
use crate::{
    scenario::text::{AlphaText, DesignText},
    trial::{
        design::{Design, Fixed, StopOrGo},
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
    pub(super) fn design(&mut self, estimands: &mut Vec<Estimand>) -> Design {
        match &self.text.trial.design {
            DesignText::GroupSequential(text) => self.group_sequential(text, estimands),
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
        }
    }
}
