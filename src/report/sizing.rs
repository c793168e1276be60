//! A sizing study as people read it: the page, the figure, the table of its points, the JSON object.

use super::{
    figures::{Figure, PowerCurve, PowerCurveLine},
    numbers::{count, decimals, fixed, interval, percent},
    results::{Effect, capitalised, in_sentence},
};
use crate::{
    scenario::Scenario,
    sizing::{
        Find, Goal, Share, Study, Z95,
        study::{SizeCurve, WhatIf},
    },
    trial::Trial,
};
use serde_json::{Value, json};

/// A sizing study with the scenario it is of.
#[derive(Clone, Copy)]
pub struct Sized<'a> {
    pub scenario: &'a Scenario,
    pub study: &'a Study,
    pub seconds: f64,
}

/// `80.1 ± 0.1%`.
fn plus_minus(share: Share) -> String {
    let digits = decimals(100.0 * share.mcse, 2).max(1);
    format!("{} ± {}%", percent(share.value, digits), percent(share.mcse, digits))
}

fn range(low: usize, high: usize) -> String {
    interval(&count(low as f64), &count(high as f64))
}

/// A share of the benefit in words.
fn benefit(share: f64) -> String {
    match share {
        1.0 => "As stated".into(),
        0.75 => "Three quarters".into(),
        0.5 => "Half".into(),
        0.0 => "None".into(),
        other => format!("{} of it", fixed(other, 2)),
    }
}

impl Sized<'_> {
    fn trial(&self) -> &Trial {
        &self.scenario.runs[self.study.run].trial
    }

    fn goal(&self) -> String {
        let goal = self.study.question.goal;
        format!("{}% {}", percent(goal.target(), decimals_of(100.0 * goal.target())), goal.name())
    }

    fn effect(&self, what_if: &WhatIf) -> String {
        let effect = Effect::of(&self.trial().estimands[0]);
        effect.words(effect.shown(what_if.effect))
    }

    /// The answer in one sentence, fit for a protocol.
    pub fn answer(&self) -> String {
        let study = self.study;
        let [low, n, high] = study.patients;
        let replicates = count(study.found.replicates as f64);
        let goal = self.goal();
        let got = plus_minus(study.found.share);
        let shown = format!("{got} of {replicates} simulated trials show a benefit");
        let three = |f: &dyn Fn(usize) -> f64| {
            (count(f(1).round()), interval(&count(f(0).round()), &count(f(2).round())))
        };
        match study.question.find {
            Find::Effect => {
                let Some([weakest, answer, strongest]) = &study.effects else { return String::new() };
                let label = in_sentence(self.trial().estimands[0].method.summary.label());
                format!(
                    "With {} patients, {goal} needs {} of the benefit stated (Monte Carlo interval {}): a true {label} of {} ({}). {shown}.",
                    count(n as f64),
                    fixed(answer.share, 2),
                    interval(&fixed(weakest.share, 2), &fixed(strongest.share, 2)),
                    self.effect(answer),
                    interval(&self.effect(weakest), &self.effect(strongest)),
                )
            }
            Find::Events => {
                let (events, range) = three(&|k| study.resources[k].events.value);
                format!(
                    "{events} primary events (Monte Carlo interval {range}) give {goal}: {} patients. {shown}.",
                    count(n as f64)
                )
            }
            Find::Months => {
                let (months, range) = three(&|k| study.resources[k].months.value);
                format!(
                    "{months} months (Monte Carlo interval {range}) give {goal}: {} patients. {shown}.",
                    count(n as f64)
                )
            }
            Find::Sites | Find::Patients => {
                let mut text = format!(
                    "{} patients (Monte Carlo interval {}) give {goal}: {shown}.",
                    count(n as f64),
                    range(low, high)
                );
                if let (Some(sites), Some(months)) = (&study.sites, study.question.months) {
                    let said = |s: Option<u16>| s.map_or("more than can be".into(), |s| s.to_string());
                    text += &format!(
                        " To be over in {} months it takes {} sites ({}).",
                        fixed(months, 0),
                        said(sites[1]),
                        interval(&said(sites[0]), &said(sites[2])),
                    );
                }
                text
            }
        }
    }

    /// What more replicates would buy.
    fn more(&self) -> String {
        let study = self.study;
        let width = percent(study.found.half_width(), 1);
        let by_effect = study.question.find == Find::Effect;
        let ends = |[low, high]: [usize; 2]| {
            if by_effect {
                let share = |x: usize| fixed(x as f64 / 1000.0, 2);
                interval(&share(low), &share(high))
            } else {
                range(low, high)
            }
        };
        let mut text = format!(
            "The interval is ±{width}% of the answer. With {} replicates it would be about {}",
            count(study.more.0 as f64),
            ends(study.more.1)
        );
        let wanted = percent(study.question.within, 1);
        text += &match (study.found.narrow, study.enough) {
            (true, _) => format!("; ±{wanted}% was asked for."),
            (false, Some(enough)) => {
                format!("; about {} would bring it to the ±{wanted}% wanted.", count(enough as f64))
            }
            (false, None) => format!(
                "; no number brings it to the ±{wanted}% wanted, because power stays level over these sizes."
            ),
        };
        text
    }

    fn assurance(&self) -> Option<String> {
        let study = self.study;
        let strata = study.assured.as_ref()?;
        let from = if study.usual_prior {
            "what finished trials of shock saw of what they assumed"
        } else {
            "the scenario's own"
        };
        Some(format!(
            "Assurance {}: the chance to show a benefit when the effect is not taken for granted. The prior, {from}, is {} of the benefit stated, standard deviation {}; {}% of the assurance comes from effects in its middle half ({}).",
            plus_minus(strata.assurance()),
            fixed(study.prior.mean, 2),
            fixed(study.prior.sd, 2),
            percent(strata.from_likely(), 0),
            interval(&fixed(study.prior.quantile(0.25), 2), &fixed(study.prior.quantile(0.75), 2)),
        ))
    }

    fn formula(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(formula) = &self.study.closed_form {
            let at = self
                .study
                .at_formula
                .map_or(String::new(), |s| format!("; simulated there {}", plus_minus(s)));
            lines.push(format!(
                "By formula {} patients ({}){at}.",
                count(formula.patients as f64),
                formula.formula
            ));
            lines.push(format!("Why they may differ: {}.", formula.differs));
        }
        if let Some(exact) = self.study.enumerated {
            lines.push(format!(
                "By adding up the probability of every table {} patients.",
                count(exact as f64)
            ));
        }
        lines
    }

    fn takes(&self) -> String {
        let taken = &self.study.resources[1];
        let number = |s: Share| format!("{} ± {}", count(s.value), fixed(s.mcse, decimals(s.mcse, 1)));
        let mut text = format!("Such a trial has {} primary events", number(taken.events));
        if taken.screened.value > 1.005 * self.study.patients[1] as f64 {
            text += &format!(", screens {} candidates", number(taken.screened));
        }
        if self.trial().accrual.candidates_per_site_day.is_finite() {
            text += &format!(", takes {} months", fixed(taken.months.value, 1));
        }
        text + "."
    }

    /// The page on the terminal.
    pub fn page(&self) -> String {
        let study = self.study;
        let run = &self.scenario.runs[study.run];
        let mut title = self.scenario.title.clone();
        if !run.variant.is_empty() {
            title += &format!(": {}", run.variant);
        }
        let mut lines = vec![title];
        let mut say = |text: &str| lines.extend(super::page::wrapped(text));
        say(&self.answer());
        self.formula().iter().for_each(|line| say(line));
        say(&self.more());
        say(&self.takes());
        if let Some(text) = self.assurance() {
            say(&text);
        }
        if !study.what_if.is_empty() {
            let label = in_sentence(self.trial().estimands[0].method.summary.label());
            let mut table = super::page::new_table(&[
                "If the benefit is".into(),
                format!("True {label}"),
                "Control".into(),
                "Treatment".into(),
                format!("Power with {} patients", count(study.patients[1] as f64)),
            ]);
            for row in &study.what_if {
                let risk = |x: f64| if x.is_finite() { format!("{}%", percent(x, 1)) } else { "–".into() };
                table.add_row(vec![
                    benefit(row.share),
                    self.effect(row),
                    risk(row.risks[0]),
                    risk(row.risks[1]),
                    plus_minus(row.power),
                ]);
            }
            lines.push(String::new());
            lines.push(table.to_string());
        }
        lines.push(String::new());
        lines.push(self.curve_table());
        lines.push(format!(
            "± Monte Carlo standard error; {} replicates behind the answer, {} behind the tables",
            count(study.found.replicates as f64),
            count(study.beside as f64)
        ));
        let text = lines.join("\n");
        text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    fn curve_table(&self) -> String {
        let mut head = vec!["Patients".to_owned()];
        head.extend(self.study.curves.iter().map(|curve| self.curve_label(curve)));
        let mut table = super::page::new_table(&head);
        let sizes = self.study.curves.first().map_or(0, |curve| curve.points.len());
        for k in 0..sizes {
            let mut row = vec![count(self.study.curves[0].points[k].0 as f64)];
            row.extend(self.study.curves.iter().map(|curve| plus_minus(curve.points[k].1)));
            table.add_row(row);
        }
        table.to_string()
    }

    fn curve_label(&self, curve: &SizeCurve) -> String {
        match curve.share {
            Some(1.0) => "Benefit as stated".into(),
            Some(share) => format!("{} of the benefit", benefit(share)),
            None => "Effect from the prior (assurance)".into(),
        }
    }

    /// Power by size, with the answer.
    pub fn figure(&self) -> Figure {
        let study = self.study;
        let line = |curve: &SizeCurve| PowerCurveLine {
            label: self.curve_label(curve),
            points: curve
                .points
                .iter()
                .map(|(n, s)| {
                    [*n as f64, s.value, (s.value - Z95 * s.mcse).max(0.0), (s.value + Z95 * s.mcse).min(1.0)]
                })
                .collect(),
        };
        let [low, n, high] = study.patients.map(|n| n as f64);
        PowerCurve {
            name: "power_by_size".into(),
            title: String::new(),
            caption: format!(
                "Power by the number of patients, for parts of the benefit stated and, as assurance, for an effect drawn from the prior. Bands are 95% Monte Carlo intervals of {} replicates at each point; points share their patients. The grey strip is the Monte Carlo interval of the size that gives {}.",
                count(study.beside as f64),
                self.goal(),
            ),
            size: "Patients randomised".into(),
            probability: "Trials that show a benefit".into(),
            curves: study.curves.iter().map(line).collect(),
            target: Some(study.question.goal.target()),
            found: (study.question.find != Find::Effect).then_some([low, n, high]),
        }
        .draw()
    }

    /// Every point behind the page and the figure.
    pub fn csv(&self) -> String {
        let mut text = String::from("what,share_of_benefit,patients,value,mcse,replicates\n");
        let mut line = |what: &str, share: String, n: f64, s: Share, replicates: u64| {
            text += &format!("{what},{share},{n},{},{},{replicates}\n", s.value, s.mcse);
        };
        let study = self.study;
        let by_effect = study.question.find == Find::Effect;
        let unit = if by_effect { 1 } else { study.patients[1] / study.found.rung };
        for point in &study.found.points {
            let (share, n) = if by_effect {
                (format!("{}", point.rung as f64 / 1000.0), study.patients[1])
            } else {
                (
                    String::from(if matches!(study.question.goal, Goal::Power(_)) { "1" } else { "" }),
                    point.rung * unit,
                )
            };
            line("search", share, n as f64, point.share, study.found.replicates);
        }
        for curve in &study.curves {
            let (what, share) = match curve.share {
                Some(share) => ("power", format!("{share}")),
                None => ("assurance", String::new()),
            };
            for (n, s) in &curve.points {
                line(what, share.clone(), *n as f64, *s, study.beside);
            }
        }
        for row in &study.what_if {
            line("what_if", format!("{}", row.share), study.patients[1] as f64, row.power, study.beside);
        }
        text
    }

    /// The object `--json` prints.
    pub fn json(&self) -> Value {
        let study = self.study;
        let effect = Effect::of(&self.trial().estimands[0]);
        let number = |x: f64| if x.is_finite() { json!(x) } else { Value::Null };
        let share = |s: Share| json!({ "value": s.value, "mcse": s.mcse });
        let what_if = |w: &WhatIf| {
            json!({
                "share_of_benefit": w.share, "effect": number(effect.shown(w.effect)),
                "risk_control": number(w.risks[0]), "risk_treatment": number(w.risks[1]),
                "power": number(w.power.value), "mcse": number(w.power.mcse),
            })
        };
        let each = |f: &dyn Fn(usize) -> Value| json!({ "lower": f(0), "value": f(1), "upper": f(2) });
        let [lower, patients, upper] = study.patients;
        let mut object = json!({
            "patients": patients, "lower": lower, "upper": upper,
            "power": study.found.share.value, "mcse": study.found.share.mcse,
            "replicates": study.found.replicates,
            "closed_form": study.closed_form.as_ref().map(|f| f.patients),
            "closed_form_method": study.closed_form.as_ref().map(|f| f.formula),
            "closed_form_differs": study.closed_form.as_ref().map(|f| f.differs),
            "enumerated": study.enumerated,
            "goal": study.question.goal.name(), "target": study.question.goal.target(),
            "find": format!("{:?}", study.question.find).to_lowercase(),
            "within": study.question.within, "within_reached": study.found.narrow,
            "step": study.step, "counted_in_tables": study.counted,
            "seed": self.scenario.seed, "seconds": self.seconds,
            "with_more": { "replicates": study.more.0, "lower": study.more.1[0], "upper": study.more.1[1] },
            "replicates_for_within": study.enough,
            "events": each(&|k| share(study.resources[k].events)),
            "screened": each(&|k| share(study.resources[k].screened)),
            "months": each(&|k| share(study.resources[k].months)),
            "prior": { "mean": study.prior.mean, "sd": study.prior.sd, "from_finished_trials": study.usual_prior },
            "assurance": study.assured.as_ref().map(|a| {
                let s = a.assurance();
                json!({ "value": s.value, "mcse": s.mcse, "from_likely": number(a.from_likely()), "replicates": study.beside })
            }),
            "what_if": study.what_if.iter().map(what_if).collect::<Vec<_>>(),
            "curves": study.curves.iter().map(|c| json!({
                "share_of_benefit": c.share,
                "points": c.points.iter().map(|(n, s)| json!({ "patients": n, "value": s.value, "mcse": s.mcse })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        });
        if let Some([low, answer, high]) = &study.effects {
            object["effect"] =
                json!({ "lower": what_if(low), "value": what_if(answer), "upper": what_if(high) });
        }
        if let Some([low, answer, high]) = &study.sites {
            object["sites"] = json!({ "lower": low, "value": answer, "upper": high });
        }
        object
    }

    /// Title for the page that holds the figure.
    pub fn title(&self) -> String {
        capitalised(&format!("how many patients: {}", self.scenario.title))
    }
}

fn decimals_of(percent: f64) -> usize {
    usize::from(percent.fract().abs() > 1e-9)
}
