//! What arms do: effects, bail-outs, changes of arm, and the risks a trial is anchored to.

use super::{Builder, Cells};
use crate::{
    calibration::aim::{Adherence, Aim, Wanted},
    outcome::{
        endpoint::Endpoint,
        events::{EventKind, Events},
        hazard::Regime,
        recipe::{ArmRecipe, BailOutRecipe, Effect, Knob, Recipe, Shift, Turns},
    },
    population::Population,
    scenario::text::{Conditions, EffectText, PeriodText, RareText},
    trial::pool::Pool,
    units::Days,
};

impl Builder<'_> {
    /// The share of its benefit each arm is said to have.
    pub fn shares_of_benefit(&mut self) -> Vec<f64> {
        let mut shares = Vec::new();
        for (name, arm) in &self.text.arm.0 {
            if !arm.share_of_benefit.is_finite() {
                let message = "write a share of the benefit, such as 0.5 for half of it";
                self.wrong(&format!("arm.{name}.share_of_benefit"), message);
            }
            shares.push(arm.share_of_benefit);
        }
        shares
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
            circumstances: self.circumstances(),
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
            self.solvable(&format!("{path}.of"), endpoint);
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

    /// A result can be solved for only where its expectation has a closed form.
    fn solvable(&mut self, path: &str, endpoint: &Endpoint) {
        if !endpoint.kind.has_closed_form() {
            self.wrong(path, "a result can be stated only of the first of some events, alike in all arms");
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
                self.solvable(&format!("{path}.of"), endpoint);
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
            text.taken_as_hazard_ratio.is_some(),
            text.risk_ratio.is_some(),
            text.such_that.is_some(),
            text.same_as.is_some(),
        ];
        if ways.iter().filter(|&&w| w).count() != 1 {
            self.wrong(
                path,
                "state the effect in one way: hazard_ratio, by_period, taken_as_hazard_ratio, risk_ratio, such_that or same_as",
            );
        }
        let stands = text.taken_as_hazard_ratio.as_ref().map(RareText::value);
        let (knots, log_hazard_ratio) = match (&text.by_period, text.hazard_ratio.or(stands)) {
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
            if treatment.holds(name) {
                Some(control.first().to_owned())
            } else {
                control.holds(name).then(|| treatment.first().to_owned())
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
        recipe.arms[arm].starts = text.starts_after.map_or(0.0, |d| d.0);
        if text.starts_after.is_some_and(|d| d > self.text.trial.follow_up) {
            let path = format!("arm.{name}.starts_after");
            self.wrong(&path, "the treatment starts after the end of follow-up; shorten the delay");
        }
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
