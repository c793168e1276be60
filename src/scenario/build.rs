//! From one run as written to a trial ready to be simulated, with every rule that spans several keys.

use super::{
    document::{Document, suggestion},
    text::{
        AllocationText, AlphaText, Better, Conditions, DesignText, EffectText, EndpointText, EstimandText,
        PeriodText, ScenarioText,
    },
};
use crate::{
    analysis::{
        comparison::{Method, Test},
        subgroup::Subgroup,
    },
    calibration::aim::{Adherence, Aim, Wanted},
    error::{Error, Finding, Result},
    outcome::{
        endpoint::Endpoint,
        events::{EventKind, Events},
        hazard::Regime,
        recipe::{ArmRecipe, BailOutRecipe, Effect, Knob, Recipe, Shift, Turns},
    },
    population::{Columns, CovariateKind, Dictionary, Expression, Population, Reading},
    trial::{
        Arm, Trial,
        accrual::{Accrual, Enrolment},
        allocation::Allocation,
        design::{Design, Fixed, StopOrGo},
        estimand::Estimand,
        pool::Pool,
    },
    units::Days,
};

/// A reader of one run: the text, where its parts stand, and what is wrong with it.
pub struct Builder<'a> {
    pub document: &'a Document<'a>,
    pub text: &'a ScenarioText,
    pub population: &'a Population,
    pub findings: Vec<Finding>,
}

impl<'a> Builder<'a> {
    pub fn new(document: &'a Document<'a>, text: &'a ScenarioText, population: &'a Population) -> Self {
        Builder { document, text, population, findings: Vec::new() }
    }

    /// Ends with what was found, all at once.
    pub fn finish<T>(self, value: T) -> Result<T> {
        if self.findings.is_empty() { Ok(value) } else { Err(Error::Input(self.findings)) }
    }

    fn wrong(&mut self, path: &str, message: impl Into<String>) {
        self.findings.push(self.document.finding(path, message));
    }

    fn dictionary(&self) -> &'a Dictionary {
        self.population.dictionary()
    }

    fn events(&self) -> &'a Events {
        self.population.events()
    }

    /// Reads a rule at `path`.
    fn rule(&mut self, path: &str, text: &str, reading: Reading) -> Expression {
        match Expression::parse(text, self.dictionary(), reading) {
            Ok(rule) => rule,
            Err(why) => {
                let mut span = self.document.span_of(path);
                // The text starts after its opening quote; point at the word that is wrong.
                if !span.is_empty() && span.len() >= why.offset + why.length + 2 {
                    span = span.start + 1 + why.offset..span.start + 1 + why.offset + why.length.max(1);
                    self.findings.push(Finding::new(why.to_string()).at(&self.document.source, span));
                } else {
                    self.wrong(path, why.to_string());
                }
                Expression::everybody()
            }
        }
    }

    /// A list of rules that all have to hold.
    pub fn rules(&mut self, path: &str, texts: &[String]) -> Expression {
        let rules: Vec<Expression> = texts
            .iter()
            .enumerate()
            .map(|(i, text)| self.rule(&format!("{path}.{i}"), text, Reading::Recorded))
            .collect();
        Expression::all(rules)
    }

    /// Entry criteria of the run.
    pub fn eligible(&mut self) -> Expression {
        self.rules("population.eligible", &self.text.population.eligible)
    }

    /// The rules within which effects hold, as written.
    pub fn within(&mut self) -> Vec<(String, Expression)> {
        let mut list = Vec::new();
        for (arm, what) in &self.text.arm.0 {
            for (event, effect) in &what.effect.0 {
                if let Some(within) = &effect.within {
                    let path = format!("arm.{arm}.effect.{event}.within");
                    list.push((within.clone(), self.rule(&path, within, Reading::True)));
                }
            }
        }
        list
    }

    fn arm(&mut self, path: &str, name: &str) -> usize {
        let names = self.text.arm.names();
        match names.iter().position(|n| *n == name) {
            Some(index) => index,
            None => {
                self.wrong(path, format!("there is no arm “{name}”{}", suggestion(name, &names)));
                0
            }
        }
    }

    fn event(&mut self, path: &str, name: &str) -> usize {
        let names: Vec<&str> = self.events().list.iter().map(|e| e.name.as_str()).collect();
        match self.events().index(name) {
            Some(index) => index,
            None => {
                self.wrong(
                    path,
                    format!("there is no event “{name}” in this population{}", suggestion(name, &names)),
                );
                0
            }
        }
    }

    /// The events a name stands for: itself, or for `death` every death.
    fn events_of(&mut self, path: &str, name: &str) -> Vec<usize> {
        if name == "death" {
            return self.events().of_kind(EventKind::Death).collect();
        }
        let mut names: Vec<&str> = self.events().list.iter().map(|e| e.name.as_str()).collect();
        names.push("death");
        match self.events().index(name) {
            Some(index) => vec![index],
            None => {
                self.wrong(
                    path,
                    format!("there is no event “{name}” in this population{}", suggestion(name, &names)),
                );
                Vec::new()
            }
        }
    }

    fn probability(&mut self, path: &str, value: f64) -> f64 {
        if (0.0..=1.0).contains(&value) {
            return value;
        }
        let hint = if value > 1.0 && value <= 100.0 {
            format!("; write {} for {value}%", (value * 1e6).round() / 1e8)
        } else {
            "; write a number between 0 and 1".into()
        };
        self.wrong(path, format!("{value} is not a probability{hint}"));
        0.5
    }

    fn positive(&mut self, path: &str, value: f64, what: &str) -> f64 {
        if value > 0.0 && value.is_finite() {
            return value;
        }
        self.wrong(path, format!("{value} is not a {what}; it has to be above 0"));
        1.0
    }

    /// All end points.
    pub fn endpoints(&mut self) -> Vec<Endpoint> {
        let deaths: Vec<usize> = self.events().of_kind(EventKind::Death).collect();
        let mut list = Vec::new();
        for (name, text) in &self.text.endpoint.0 {
            list.push(self.endpoint(name, text, &deaths));
        }
        list
    }

    fn endpoint(&mut self, name: &str, text: &EndpointText, deaths: &[usize]) -> Endpoint {
        let path = format!("endpoint.{name}");
        let mut any_of = Vec::new();
        if text.any_of.is_empty() {
            self.wrong(&path, "an end point needs at least one event; write any_of = [\"death\"]");
        }
        for (i, event) in text.any_of.iter().enumerate() {
            any_of.extend(self.events_of(&format!("{path}.any_of.{i}"), event));
        }
        any_of.sort_unstable();
        any_of.dedup();
        if text.by > self.text.trial.follow_up {
            let message = format!(
                "the horizon of {} is beyond the follow-up of {}; lengthen trial.follow_up or shorten the horizon",
                text.by, self.text.trial.follow_up
            );
            self.wrong(&format!("{path}.by"), message);
        }
        if text.by.0 <= 0.0 {
            self.wrong(&format!("{path}.by"), "the horizon has to be after randomisation");
        }
        Endpoint {
            name: name.to_owned(),
            label: text.label.clone().unwrap_or_else(|| spoken(name)),
            ended_by: deaths.iter().copied().filter(|d| !any_of.contains(d)).collect(),
            any_of,
            by: text.by.0,
            higher_is_better: text.better == Better::Higher,
        }
    }

    fn endpoint_index(&mut self, path: &str, name: &str) -> usize {
        let names = self.text.endpoint.names();
        match names.iter().position(|n| *n == name) {
            Some(index) => index,
            None => {
                self.wrong(path, format!("there is no end point “{name}”{}", suggestion(name, &names)));
                0
            }
        }
    }

    /// The recipe of the course and the aims that fix its free numbers, on the classes of the pool.
    pub fn recipe(&mut self, endpoints: &[Endpoint], pool: &Pool, cells: &Cells) -> (Recipe, Vec<Aim>) {
        let usual_care = cells.spread(self.population.baseline_regime());
        let excess = self.text.population.excess_after_complications;
        if !(0.0..=10.0).contains(&excess) {
            self.wrong(
                "population.excess_after_complications",
                format!("{excess} is not a factor on the excess hazard; write 0 for none, 1 for as the population says"),
            );
        }
        let delay = self.text.population.delay.map_or(0.0, |d| d.0);
        let horizon = self.text.trial.follow_up.0;
        let mut recipe = Recipe {
            events: self.events().clone(),
            usual_care: delayed(usual_care, delay),
            shifts: Vec::new(),
            arms: vec![ArmRecipe::default(); self.text.arm.0.len()],
            horizon,
        }
        .with_excess(excess);
        let mut aims = Vec::new();
        let eligible = self.eligible();
        let base: Vec<bool> = (0..pool.len()).map(|row| eligible.evaluate(&pool.columns, row)).collect();
        for arm in 0..self.text.arm.0.len() {
            self.effects(arm, endpoints, cells, pool, &base, &mut recipe, &mut aims);
            self.changes(arm, &base, &mut recipe, &mut aims);
        }
        self.anchors(endpoints, pool, &base, &mut recipe, &mut aims);
        (recipe, aims)
    }

    /// The rows a stated result is about: the scenario's own, or those of its `on`.
    fn reference(&mut self, path: &str, on: Option<&Vec<String>>, pool: &Pool, base: &[bool]) -> Vec<bool> {
        let Some(on) = on else { return base.to_vec() };
        let rule = self.rules(&format!("{path}.on"), on);
        (0..pool.len()).map(|row| base[row] && rule.evaluate(&pool.columns, row)).collect()
    }

    fn anchors(
        &mut self,
        endpoints: &[Endpoint],
        pool: &Pool,
        base: &[bool],
        recipe: &mut Recipe,
        aims: &mut Vec<Aim>,
    ) {
        for (i, anchor) in self.text.population.anchor.iter().enumerate() {
            let path = format!("population.anchor.{i}");
            let value = self.probability(&format!("{path}.risk"), anchor.risk);
            let arm = self.arm(&format!("{path}.arm"), &anchor.arm);
            let endpoint = self.endpoint_index(&format!("{path}.of"), &anchor.of);
            let Some(endpoint) = endpoints.get(endpoint) else { continue };
            let events = match &anchor.shifts {
                Some(names) => {
                    let mut list = Vec::new();
                    for (k, name) in names.iter().enumerate() {
                        list.extend(self.events_of(&format!("{path}.shifts.{k}"), name));
                    }
                    list
                }
                None => {
                    let anchored = |e: &usize| self.events().list[*e].anchored;
                    let deaths: Vec<usize> = endpoint.any_of.iter().copied().filter(anchored).collect();
                    if !deaths.is_empty()
                        && deaths.len() < endpoint.any_of.len()
                        && has_complication(self.events(), endpoint)
                    {
                        self.wrong(&path, "this end point holds deaths and complications; say which events the anchor shifts: shifts = [\"…\"]");
                    }
                    if deaths.is_empty() { endpoint.any_of.clone() } else { deaths }
                }
            };
            let knob = Knob::Shift(recipe.shifts.len());
            recipe.shifts.push(Shift { events, from: anchor.from.map_or(0.0, |d| d.0), log: 0.0 });
            aims.push(Aim {
                knob,
                wanted: Wanted::Risk { arm, events: endpoint.any_of.clone(), by: endpoint.by, value },
                adherence: adherence(anchor.conditions, Adherence::AsRun),
                rows: self.reference(&path, anchor.on.as_ref(), pool, base),
                label: format!("{} in {}", endpoint.label, self.text.arm.0[arm].0),
                path,
            });
        }
    }

    #[allow(clippy::too_many_arguments)] // the parts of a recipe, filled side by side
    fn effects(
        &mut self,
        arm: usize,
        endpoints: &[Endpoint],
        cells: &Cells,
        pool: &Pool,
        base: &[bool],
        recipe: &mut Recipe,
        aims: &mut Vec<Aim>,
    ) {
        let (name, text) = &self.text.arm.0[arm];
        for (index, (event_name, effect)) in text.effect.0.iter().enumerate() {
            let path = format!("arm.{name}.effect.{event_name}");
            let event = self.event(&path, event_name);
            let mut built = self.effect(&path, event, effect, cells, recipe.usual_care.classes());
            let knob = Knob::Effect(arm, index);
            if let Some(other) = &effect.same_as {
                match text.effect.index(other) {
                    Some(k) if k != index && text.effect.0[k].1.same_as.is_none() => {
                        built.turns = Turns::Like(k)
                    }
                    _ => self.wrong(
                        &format!("{path}.same_as"),
                        format!("“{other}” is not another event with an effect of its own in this arm"),
                    ),
                }
            }
            let by = self.text.trial.follow_up.0;
            if let Some(value) = effect.risk_ratio {
                built.turns = Turns::Value;
                let value = self.positive(&format!("{path}.risk_ratio"), value, "ratio");
                let control = self.control_of(&path, arm);
                aims.push(Aim {
                    knob,
                    wanted: Wanted::RiskRatio { arm, control, events: vec![event], by, value },
                    adherence: Adherence::AsRun,
                    rows: base.to_vec(),
                    label: format!("risk ratio of {event_name}"),
                    path: path.clone(),
                });
            }
            if let Some(such) = &effect.such_that {
                built.turns = if effect.by_period.is_some() { Turns::Factor } else { Turns::Value };
                built.turned = if effect.by_period.is_some() { 1.0 } else { 0.0 };
                let path = format!("{path}.such_that");
                let endpoint = self.endpoint_index(&format!("{path}.of"), &such.of);
                let Some(endpoint) = endpoints.get(endpoint) else { continue };
                let events = endpoint.any_of.clone();
                let wanted = match (such.risk, such.risk_ratio, such.hazard_ratio) {
                    (None, Some(ratio), None) => {
                        let value = self.positive(&format!("{path}.risk_ratio"), ratio, "ratio");
                        let control = self.control_of(&path, arm);
                        Wanted::RiskRatio { arm, control, events, by: endpoint.by, value }
                    }
                    (Some(risk), None, None) => {
                        let value = self.probability(&format!("{path}.risk"), risk);
                        Wanted::Risk { arm, events, by: endpoint.by, value }
                    }
                    (None, None, Some(ratio)) => {
                        let value = self.positive(&format!("{path}.hazard_ratio"), ratio, "hazard ratio");
                        let control = self.control_of(&path, arm);
                        Wanted::HazardRatio { arm, control, events, by: endpoint.by, value }
                    }
                    _ => {
                        self.wrong(&path, "write one result: risk = …, risk_ratio = … or hazard_ratio = …");
                        continue;
                    }
                };
                aims.push(Aim {
                    knob,
                    wanted,
                    adherence: adherence(such.conditions, Adherence::Full),
                    rows: self.reference(&path, such.on.as_ref(), pool, base),
                    label: format!("{} in {name}", endpoint.label),
                    path,
                });
            }
            recipe.arms[arm].effects.push(built);
        }
    }

    fn effect(
        &mut self,
        path: &str,
        event: usize,
        text: &EffectText,
        cells: &Cells,
        classes: usize,
    ) -> Effect {
        let ways = [
            text.hazard_ratio.is_some(),
            text.by_period.is_some() && text.such_that.is_none(),
            text.risk_ratio.is_some(),
            text.such_that.is_some(),
            text.same_as.is_some(),
        ];
        if ways.iter().filter(|&&w| w).count() != 1 {
            self.wrong(
                path,
                "state the effect in one way: hazard_ratio, by_period, risk_ratio, such_that or same_as",
            );
        }
        let (knots, log_hazard_ratio) = match (&text.by_period, text.hazard_ratio) {
            (Some(periods), _) => self.periods(&format!("{path}.by_period"), periods),
            (None, Some(ratio)) => (
                vec![0.0],
                vec![libm::log(self.positive(&format!("{path}.hazard_ratio"), ratio, "hazard ratio"))],
            ),
            _ => (vec![0.0], vec![0.0]),
        };
        Effect {
            event,
            knots,
            log_hazard_ratio,
            turned: 0.0,
            turns: Turns::Fixed,
            classes: cells.holds(text.within.as_deref(), classes),
        }
    }

    fn periods(&mut self, path: &str, periods: &[PeriodText]) -> (Vec<f64>, Vec<f64>) {
        let (mut knots, mut logs) = (Vec::new(), Vec::new());
        let mut start = 0.0;
        for (i, period) in periods.iter().enumerate() {
            knots.push(start);
            let ratio =
                self.positive(&format!("{path}.{i}.hazard_ratio"), period.hazard_ratio, "hazard ratio");
            logs.push(libm::log(ratio));
            match period.until {
                Some(Days(until)) if until > start => start = until,
                None if i + 1 == periods.len() => return (knots, logs),
                _ => {
                    self.wrong(
                        &format!("{path}.{i}"),
                        "each period ends after the one before; only the last has no “until”",
                    );
                    return (knots, logs);
                }
            }
        }
        knots.push(start);
        logs.push(0.0);
        (knots, logs)
    }

    /// The arm an arm is compared with, by the first estimand that does, on whichever side.
    fn control_of(&mut self, path: &str, arm: usize) -> usize {
        let name = &self.text.arm.0[arm].0;
        let other = self.text.estimand.0.iter().find_map(|(_, e)| {
            let (treatment, control) = (&e.compare.treatment, &e.compare.control);
            if treatment == name {
                Some(control.clone())
            } else {
                (control == name).then(|| treatment.clone())
            }
        });
        match other {
            Some(other) => self.arm(path, &other),
            None => {
                self.wrong(
                    path,
                    format!(
                        "no estimand compares the arm “{name}” with another, so a ratio has no meaning here"
                    ),
                );
                0
            }
        }
    }

    /// Bail-outs and changes of arm from the start.
    fn changes(&mut self, arm: usize, base: &[bool], recipe: &mut Recipe, aims: &mut Vec<Aim>) {
        let (name, text) = &self.text.arm.0[arm];
        let mut total = 0.0;
        for (i, instead) in text.instead.iter().enumerate() {
            let path = format!("arm.{name}.instead.{i}");
            let share = self.probability(&format!("{path}.share"), instead.share);
            total += share;
            let to = self.arm(&format!("{path}.arm"), &instead.arm);
            recipe.arms[arm].instead.push((to, share));
        }
        if total > 1.0 {
            self.wrong(
                &format!("arm.{name}.instead"),
                format!("the shares add up to {total}; they can be 1 at most"),
            );
        }
        for (i, bail_out) in text.bail_out.iter().enumerate() {
            let path = format!("arm.{name}.bail_out.{i}");
            let value = self.probability(&format!("{path}.risk"), bail_out.risk);
            let to = self.arm(&format!("{path}.to"), &bail_out.to);
            if !self.text.arm.0[to].1.bail_out.is_empty() && to != arm {
                self.wrong(
                    &path,
                    format!(
                        "“{}” has bail-outs of its own; one change of treatment is modelled",
                        bail_out.to
                    ),
                );
            }
            if bail_out.by > self.text.trial.follow_up || bail_out.by.0 <= 0.0 {
                self.wrong(&format!("{path}.by"), "the day lies outside the follow-up");
            }
            let follows = self.events().of_kind(EventKind::Death).next().unwrap_or(0);
            let power = if matches!(self.population, Population::Homogeneous(_)) {
                0.0
            } else {
                bail_out.follows_risk
            };
            aims.push(Aim {
                knob: Knob::BailOut(arm, i),
                wanted: Wanted::BailOut { arm, index: i, by: bail_out.by.0, value },
                adherence: Adherence::AsRun,
                rows: base.to_vec(),
                label: format!("change from {name} to {}", bail_out.to),
                path,
            });
            recipe.arms[arm].bail_outs.push(BailOutRecipe {
                to,
                until: bail_out.by.0,
                follows: (follows, power),
                log_rate: libm::log(value.max(1e-6) / bail_out.by.0),
            });
        }
    }

    /// Subgroups and strata by name, with their level in each pool row.
    fn subgroup(&mut self, path: &str, text: &str, pool: &Pool, list: &mut Vec<Subgroup>) -> usize {
        if let Some(index) = list.iter().position(|s| s.name == text) {
            return index;
        }
        let built = self.split(path, text, &pool.columns, pool.len());
        list.push(built);
        list.len() - 1
    }

    fn split(&mut self, path: &str, text: &str, columns: &Columns, rows: usize) -> Subgroup {
        let dictionary = self.dictionary();
        if let Some(index) = dictionary.index(text)
            && let CovariateKind::Levels { names, .. } = &dictionary.list[index].kind
        {
            let column = dictionary.list[index].recorded.unwrap_or(index);
            let code = columns.data[column].iter().map(|&x| x as u8).collect();
            let label = dictionary.list[index].label.clone();
            return Subgroup { name: text.to_owned(), label, levels: names.clone(), code };
        }
        let rule = self.rule(path, text, Reading::Recorded);
        let label =
            dictionary.index(text).map_or_else(|| text.to_owned(), |i| dictionary.list[i].label.clone());
        let code = (0..rows).map(|row| u8::from(rule.evaluate(columns, row))).collect();
        Subgroup { name: text.to_owned(), label, levels: vec!["no".into(), "yes".into()], code }
    }

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
        let estimands = self.estimands(&endpoints, pool, &mut subgroups);
        let eligible = self.eligible();
        let consent = self.probability("trial.consent", text.trial.consent);
        let probability: Vec<f64> = (0..pool.len())
            .map(|row| if eligible.evaluate(&pool.columns, row) { consent * alive[row] } else { 0.0 })
            .collect();
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
            patients: text.trial.patients as usize,
            follow_up: text.trial.follow_up.0,
            loss_rate,
            endpoints,
            subgroups,
            estimands,
            design: self.design(),
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
                let test = if summary.needs_times() { Test::Wald } else { Test::usual_for(*summary) };
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
        if (test == Test::StratifiedLogRank) == text.strata.is_empty() {
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
            text.strata.first().map(|s| self.subgroup(&format!("{path}.strata.0"), s, pool, subgroups));
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

    fn alpha(&mut self, path: &str, alpha: &AlphaText) -> f64 {
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

    fn design(&mut self) -> Design {
        match &self.text.trial.design {
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

/// Classes of patients split by the rules within which effects hold.
///
/// With `k` rules the classes of the population become `2^k` times as many: class `c` of a patient who
/// meets the rules of bit set `b` is `c + classes · b`.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    rules: Vec<(String, Expression)>,
    classes: usize,
}

/// Rules that split classes, at most; each doubles the tables of hazards.
pub const MOST_RULES: usize = 5;

impl Cells {
    pub fn new(rules: Vec<(String, Expression)>, classes: usize) -> Self {
        let mut cells = Cells { rules: Vec::new(), classes };
        for (text, rule) in rules {
            if !cells.rules.iter().any(|(t, _)| *t == text) {
                cells.rules.push((text, rule));
            }
        }
        cells
    }

    /// How many different rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The class of a patient whose class in the population is `class`.
    pub fn class(&self, class: usize, columns: &Columns, row: usize) -> usize {
        let bits = self
            .rules
            .iter()
            .enumerate()
            .map(|(i, (_, r))| usize::from(r.evaluate(columns, row)) << i)
            .sum::<usize>();
        class + self.classes * bits
    }

    /// A regime of the population, repeated for every combination of the rules.
    pub fn spread(&self, regime: &Regime) -> Regime {
        let copies = 1 << self.rules.len();
        let hazards = (0..regime.events())
            .map(|e| {
                (0..copies)
                    .flat_map(|_| {
                        (0..regime.classes()).map(|c| regime.hazard(e, c).clone()).collect::<Vec<_>>()
                    })
                    .collect()
            })
            .collect();
        Regime::new(hazards)
    }

    fn holds(&self, within: Option<&str>, classes: usize) -> Vec<bool> {
        let Some(bit) = within.and_then(|w| self.rules.iter().position(|(t, _)| t == w)) else {
            return vec![true; classes];
        };
        (0..classes).map(|class| (class / self.classes) >> bit & 1 == 1).collect()
    }
}

fn delayed(regime: Regime, delay: f64) -> Regime {
    if delay == 0.0 {
        return regime;
    }
    let hazards = (0..regime.events())
        .map(|e| (0..regime.classes()).map(|c| regime.hazard(e, c).delayed(delay)).collect())
        .collect();
    Regime::new(hazards)
}

fn has_complication(events: &Events, endpoint: &Endpoint) -> bool {
    endpoint.any_of.iter().any(|&e| events.list[e].kind == EventKind::Complication)
}

fn adherence(stated: Option<Conditions>, usual: Adherence) -> Adherence {
    match stated {
        Some(Conditions::FullAdherence) => Adherence::Full,
        Some(Conditions::AsRun) => Adherence::AsRun,
        None => usual,
    }
}

/// A name as people say it: `death_30d` → `Death 30d`.
fn spoken(name: &str) -> String {
    let mut text = name.replace('_', " ");
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}
