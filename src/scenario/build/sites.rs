//! Where patients come from: sites, their rates and kinds, how mortality differs between them and drifts.

use super::Builder;
use crate::{
    outcome::{
        circumstances::{Circumstances, SiteClass},
        events::EventKind,
    },
    scenario::text::SitesText,
    trial::{
        accrual::Accrual,
        sites::{ClassPlan, Pause, SitePlan},
    },
    units::DAYS_PER_YEAR,
};

impl Builder<'_> {
    /// Accrual as stated, of a base design that takes a share of the candidates.
    pub(super) fn accrual(&mut self, share_taken_by_base: f64) -> Accrual {
        let text = &self.text.trial;
        let Some(sites) = &text.sites else {
            for (path, stated) in [
                ("trial.recruitment_ends", text.recruitment_ends.is_some()),
                ("trial.external_stop", text.external_stop.is_some()),
                ("trial.trend", text.trend.is_some()),
            ] {
                if stated {
                    self.wrong(path, "this needs calendar time; say where patients come from in trial.sites");
                }
            }
            return Accrual::immediate();
        };
        let rate =
            self.positive("trial.sites.patients_per_site_month", sites.patients_per_site_month, "rate");
        if sites.count == 0 || sites.count > 10_000 {
            self.wrong("trial.sites.count", format!("{} is not a number of sites", sites.count));
        }
        let opening = sites.opening.map_or(0.0, |d| d.0);
        let mut accrual =
            Accrual::new(sites.count.clamp(1, 10_000) as u16, opening, rate, share_taken_by_base);
        accrual.plan = self.site_plan(sites);
        if let Some(ends) = text.recruitment_ends {
            accrual.ends = self.positive("trial.recruitment_ends", ends.0, "time");
        }
        if let Some(stop) = &text.external_stop {
            let risk = self.probability("trial.external_stop.risk", stop.risk);
            let by = self.positive("trial.external_stop.by", stop.by.0, "time");
            accrual.stop_rate = -libm::log1p(-risk.min(0.999_999)) / by;
        }
        accrual
    }

    /// How sites differ; none if they do not.
    fn site_plan(&mut self, sites: &SitesText) -> Option<SitePlan> {
        for (key, value) in [
            ("rate_variation", sites.rate_variation),
            ("death_sd", sites.death_sd),
            ("effect_sd", sites.effect_sd),
        ] {
            if !(0.0..=3.0).contains(&value) {
                let message =
                    format!("{value} is not a spread between sites; write 0 for none, 0.5 for much");
                self.wrong(&format!("trial.sites.{key}"), message);
            }
        }
        let total: f64 = sites.class.0.iter().map(|(_, class)| class.share).sum();
        if !sites.class.0.is_empty() && (total - 1.0).abs() > 1e-9 {
            let total = (total * 1e6).round() / 1e6;
            let message = format!("the shares of the kinds of sites add up to {total}; they have to be 1");
            self.wrong("trial.sites.class", message);
        }
        let mean: f64 = sites.class.0.iter().map(|(_, class)| class.share * class.rate).sum();
        let mut classes = Vec::new();
        for (name, class) in &sites.class.0 {
            let path = format!("trial.sites.class.{name}");
            self.probability(&format!("{path}.share"), class.share);
            let rate = self.positive(&format!("{path}.rate"), class.rate, "rate");
            let ratio = self.positive(
                &format!("{path}.death_hazard_ratio"),
                class.death_hazard_ratio,
                "hazard ratio",
            );
            let rate = if mean > 0.0 { rate / mean } else { 1.0 };
            classes.push(ClassPlan {
                name: name.clone(),
                share: class.share,
                rate,
                log_hazard_ratio: libm::log(ratio),
            });
        }
        let mut pauses = Vec::new();
        for pause in &sites.pauses {
            pauses.push(Pause { from: pause.from.0, until: pause.from.0 + pause.lasting.0 });
        }
        let most = sites.most_patients.map_or(usize::MAX, |most| most as usize);
        if most.saturating_mul(sites.count as usize) < self.text.trial.patients as usize {
            let message = format!(
                "{} sites with {most} patients each do not hold the {} of the trial",
                sites.count, self.text.trial.patients
            );
            self.wrong("trial.sites.most_patients", message);
        }
        let plain = classes.is_empty()
            && sites.rate_variation == 0.0
            && !sites.random_opening
            && pauses.is_empty()
            && most == usize::MAX
            && sites.death_sd == 0.0
            && sites.effect_sd == 0.0;
        if plain {
            return None;
        }
        if classes.is_empty() {
            classes.push(ClassPlan { name: String::new(), share: 1.0, rate: 1.0, log_hazard_ratio: 0.0 });
        }
        Some(SitePlan {
            classes,
            rate_variation: sites.rate_variation,
            random_opening: sites.random_opening,
            pauses,
            most_patients: most,
        })
    }

    /// The law of what multiplies hazards of death, at the pace of the base design.
    pub(super) fn circumstances(&mut self) -> Circumstances {
        let Some(sites) = &self.text.trial.sites else { return Circumstances::default() };
        let accrual = Accrual::new(
            sites.count.clamp(1, 10_000) as u16,
            sites.opening.map_or(0.0, |d| d.0),
            sites.patients_per_site_month.max(1e-9),
            1.0,
        );
        let mean: f64 = sites.class.0.iter().map(|(_, class)| class.share * class.rate).sum();
        let classes = sites
            .class
            .0
            .iter()
            .map(|(_, class)| SiteClass {
                // Sites enrol in proportion to their rate.
                share: class.share * class.rate / mean,
                log_hazard_ratio: libm::log(class.death_hazard_ratio.max(1e-9)),
            })
            .collect();
        let trend = match &self.text.trial.trend {
            None => 0.0,
            Some(trend) => {
                let path = "trial.trend.death_hazard_ratio_per_year";
                libm::log(self.positive(path, trend.death_hazard_ratio_per_year, "hazard ratio"))
                    / DAYS_PER_YEAR
            }
        };
        let law = Circumstances {
            classes,
            death_sd: sites.death_sd,
            effect_sd: sites.effect_sd,
            trend,
            days: if trend == 0.0 {
                Vec::new()
            } else {
                accrual.expected_days(self.text.trial.patients as usize, 1.0)
            },
        };
        let moved = self.events().list.iter().any(|e| e.kind == EventKind::Death && e.anchored);
        if !law.none() && !moved {
            self.wrong("trial.sites", "no event of this population is a death that sites or time could move");
        }
        law
    }
}
