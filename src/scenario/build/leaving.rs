//! Who leaves the trial before its end: loss to follow-up, refusal of deferred consent.

use super::Builder;
use crate::{
    outcome::events::EventKind,
    scenario::text::RefusedText,
    statistics::solve::root,
    trial::{
        leaving::{DeferredConsent, InformativeLoss, Leaving, Refused},
        pool::Pool,
    },
};

impl Builder<'_> {
    /// The hazard of loss per day, as if it had to do with nothing.
    pub(super) fn loss_rate(&mut self) -> f64 {
        let Some(loss) = &self.text.trial.loss else { return 0.0 };
        let share = self.probability("trial.loss.share", loss.share);
        let by = self.positive("trial.loss.by", loss.by.0, "time");
        -libm::log1p(-share.min(0.999_999)) / by
    }

    /// Loss and withdrawal that have to do with how patients fare; `weight` is that of each row of the pool.
    pub(super) fn leaving(&mut self, pool: &Pool, weight: &[f64]) -> Leaving {
        Leaving { loss: self.informative_loss(pool, weight), deferred: self.deferred_consent() }
    }

    fn informative_loss(&mut self, pool: &Pool, weight: &[f64]) -> Option<InformativeLoss> {
        let loss = self.text.trial.loss.as_ref()?;
        if loss.follows_risk == 0.0 && loss.hazard_ratio.0.is_empty() {
            return None;
        }
        let by_arm = self.by_arm("trial.loss.hazard_ratio", &loss.hazard_ratio.0, 1.0);
        for (name, ratio) in &loss.hazard_ratio.0 {
            if ratio.is_nan() || *ratio < 0.0 {
                let path = format!("trial.loss.hazard_ratio.{name}");
                self.wrong(&path, format!("{ratio} is not a hazard ratio; it has to be 0 or more"));
            }
        }
        let event = self.events().of_kind(EventKind::Death).next().unwrap_or(0);
        let risks: Vec<f64> = (0..pool.len())
            .map(|row| libm::pow(pool.patient(row as u32).rates[event], loss.follows_risk))
            .collect();
        let total: f64 = weight.iter().sum();
        // The rate at which the stated share would be lost by the stated day in an arm of ratio 1, were
        // everybody to live.
        let lost = |log_rate: f64| {
            let rate = libm::exp(log_rate) * loss.by.0;
            let sum: f64 = risks.iter().zip(weight).map(|(r, w)| -w * libm::expm1(-rate * r)).sum();
            sum / total - loss.share
        };
        let rate = if loss.share > 0.0 && total > 0.0 {
            root(lost, -40.0, 20.0).map_or(0.0, libm::exp)
        } else {
            0.0
        };
        Some(InformativeLoss { rate, follows: (event, loss.follows_risk), by_arm })
    }

    fn deferred_consent(&mut self) -> Option<DeferredConsent> {
        let text = self.text.trial.deferred_consent.as_ref()?;
        let refuse = self.probability("trial.deferred_consent.refuse", text.refuse);
        let by_arm = self.by_arm("trial.deferred_consent.refuse_in", &text.refuse_in.0, refuse);
        for (name, share) in &text.refuse_in.0 {
            self.probability(&format!("trial.deferred_consent.refuse_in.{name}"), *share);
        }
        if text.asked > self.text.trial.follow_up {
            let message =
                format!("nobody is left to ask after the follow-up of {}", self.text.trial.follow_up);
            self.wrong("trial.deferred_consent.asked", message);
        }
        let data = match text.data {
            RefusedText::Removed => Refused::Removed,
            RefusedText::KeptUntilThen => Refused::KeptUntilThen,
        };
        Some(DeferredConsent { asked: text.asked.0, refuse: by_arm, data })
    }

    /// A number for each arm: those named, and the usual one for the rest.
    fn by_arm(&mut self, path: &str, named: &[(String, f64)], usual: f64) -> Vec<f64> {
        let mut list = vec![usual; self.text.arm.0.len()];
        for (name, value) in named {
            let arm = self.arm(&format!("{path}.{name}"), name);
            list[arm] = *value;
        }
        list
    }
}
