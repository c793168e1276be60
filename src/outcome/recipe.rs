//! From what a scenario states to the hazards patients live under.
//!
//! A recipe keeps shifts, effects and bail-outs apart, each with one number that calibration may turn;
//! [`Recipe::course`] multiplies them into regimes.

use super::{
    circumstances::Circumstances,
    course::{BailOut, Course, Treatment},
    events::{EventKind, Events},
    hazard::{PiecewiseHazard, Regime},
};

/// A shift of log hazards from a day on, for every patient of the trial: an anchor.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    pub events: Vec<usize>,
    /// Day since randomisation.
    pub from: f64,
    pub log: f64,
}

/// What an arm does to the hazard of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    pub event: usize,
    /// Days on which the hazard ratio changes, the first 0.
    pub knots: Vec<f64>,
    /// Log hazard ratio from each knot on, as written.
    pub log_hazard_ratio: Vec<f64>,
    /// What calibration turns: a factor on all log hazard ratios, or their common value if the effect is
    /// stated by its result alone.
    pub turned: f64,
    pub turns: Turns,
    /// Classes of patients in whom the effect holds.
    pub classes: Vec<bool>,
}

/// How an effect depends on its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turns {
    /// Not at all: it is as written.
    Fixed,
    /// The number is the log hazard ratio at all times.
    Value,
    /// The number multiplies the log hazard ratios written.
    Factor,
    /// The number is that of another effect of the same arm, by its place.
    Like(usize),
}

/// A bail-out as a scenario states it.
#[derive(Clone, Debug, PartialEq)]
pub struct BailOutRecipe {
    pub to: usize,
    /// The hazard is constant up to this day and 0 afterwards.
    pub until: f64,
    pub follows: (usize, f64),
    /// Log hazard per day in a patient of rate 1.
    pub log_rate: f64,
}

/// One arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmRecipe {
    pub effects: Vec<Effect>,
    pub bail_outs: Vec<BailOutRecipe>,
    pub instead: Vec<(usize, f64)>,
    /// Day since randomisation on which the treatment starts; until then usual care.
    pub starts: f64,
}

/// Everything that makes the course of a trial's patients.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    pub events: Events,
    /// Usual care, by event and class.
    pub usual_care: Regime,
    pub shifts: Vec<Shift>,
    pub arms: Vec<ArmRecipe>,
    pub horizon: f64,
    pub circumstances: Circumstances,
}

/// One number of a recipe that calibration may turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knob {
    Shift(usize),
    /// Arm, effect.
    Effect(usize, usize),
    /// Arm, bail-out.
    BailOut(usize, usize),
}

impl Recipe {
    /// The number at a knob.
    pub fn read(&self, knob: Knob) -> f64 {
        match knob {
            Knob::Shift(i) => self.shifts[i].log,
            Knob::Effect(arm, i) => self.arms[arm].effects[i].turned,
            Knob::BailOut(arm, i) => self.arms[arm].bail_outs[i].log_rate,
        }
    }

    /// Turns a knob.
    pub fn turn(&mut self, knob: Knob, value: f64) {
        match knob {
            Knob::Shift(i) => self.shifts[i].log = value,
            Knob::Effect(arm, i) => self.arms[arm].effects[i].turned = value,
            Knob::BailOut(arm, i) => self.arms[arm].bail_outs[i].log_rate = value,
        }
    }

    /// Removes every effect, bail-out and change of arm; the anchors stay.
    pub fn without_effects(mut self) -> Self {
        self.arms.iter_mut().for_each(|arm| *arm = ArmRecipe::default());
        self.circumstances.effect_sd = 0.0;
        self
    }

    /// Multiplies what an arm does for the better by a share: 1 is as stated, 0 nothing, below 0 as much
    /// worse. What it does for the worse stays.
    ///
    /// The share is of log hazard ratios: below 0 on deaths and complications, above 0 on discharge.
    pub fn with_benefit(mut self, arm: usize, share: f64) -> Self {
        let known = self.arms[arm].effects.clone();
        for effect in &mut self.arms[arm].effects {
            if matches!(effect.turns, Turns::Like(_)) {
                continue;
            }
            let good: f64 = match self.events.list[effect.event].kind {
                EventKind::Discharge => 1.0,
                EventKind::Death | EventKind::Complication => -1.0,
            };
            let logs = effect.log_hazard_ratios(&known).into_iter();
            effect.log_hazard_ratio = logs.map(|x| if good * x > 0.0 { share * x } else { x }).collect();
            if effect.turns == Turns::Value {
                effect.knots = vec![0.0];
            }
            effect.turns = Turns::Fixed;
        }
        self
    }

    /// Whether an arm does anything for the better.
    pub fn has_benefit(&self, arm: usize) -> bool {
        let before = self.clone().with_benefit(arm, 0.0);
        before.arms[arm].effects.iter().zip(&self.arms[arm].effects).any(|(none, own)| {
            none.log_hazard_ratios(&before.arms[arm].effects)
                != own.log_hazard_ratios(&self.arms[arm].effects)
        })
    }

    /// Multiplies the excess hazards and delays after complications by a factor.
    pub fn with_excess(mut self, factor: f64) -> Self {
        for event in self.events.list.iter_mut().filter(|e| e.kind == EventKind::Complication) {
            event.excess.iter_mut().for_each(|(_, excess)| *excess *= factor);
        }
        self
    }

    /// The course: regimes of all arms with shifts and effects multiplied in.
    pub fn course(&self) -> Course {
        let treatments = (0..self.arms.len()).map(|arm| self.treatment(arm)).collect();
        let mut course = Course::new(self.events.clone(), treatments, self.horizon);
        course.circumstances = self.circumstances.clone();
        course
    }

    fn treatment(&self, arm: usize) -> Treatment {
        let recipe = &self.arms[arm];
        let classes = self.usual_care.classes();
        let hazards = (0..self.events.len())
            .map(|event| (0..classes).map(|class| self.hazard(recipe, event, class)).collect())
            .collect();
        let bail_outs = recipe
            .bail_outs
            .iter()
            .map(|b| BailOut {
                to: b.to,
                hazard: PiecewiseHazard::new(&[0.0, b.until], &[libm::exp(b.log_rate), 0.0]),
                follows: b.follows,
            })
            .collect();
        let affects =
            |event: usize, class: usize| recipe.effects.iter().any(|e| e.event == event && e.classes[class]);
        let affects = (0..self.events.len() * classes).map(|i| affects(i / classes, i % classes)).collect();
        Treatment { regime: Regime::new(hazards), bail_outs, instead: recipe.instead.clone(), affects }
    }

    fn hazard(&self, arm: &ArmRecipe, event: usize, class: usize) -> PiecewiseHazard {
        let mut hazard = self.usual_care.hazard(event, class).clone();
        for shift in self.shifts.iter().filter(|s| s.events.contains(&event)) {
            let factor = libm::exp(shift.log);
            let step = if shift.from > 0.0 {
                PiecewiseHazard::new(&[0.0, shift.from], &[1.0, factor])
            } else {
                PiecewiseHazard::constant(factor)
            };
            hazard = hazard.times(&step);
        }
        for effect in arm.effects.iter().filter(|e| e.event == event && e.classes[class]) {
            let ratios: Vec<f64> =
                effect.log_hazard_ratios(&arm.effects).iter().map(|&x| libm::exp(x)).collect();
            let step = PiecewiseHazard::new(effect.knots_of(&arm.effects), &ratios);
            hazard = hazard.times(&if arm.starts > 0.0 { step.started_on(arm.starts) } else { step });
        }
        hazard
    }
}

impl Effect {
    /// The log hazard ratio from each knot on, with the number turned.
    pub fn log_hazard_ratios(&self, all: &[Effect]) -> Vec<f64> {
        match self.turns {
            Turns::Fixed => self.log_hazard_ratio.clone(),
            Turns::Value => vec![self.turned],
            Turns::Factor => self.log_hazard_ratio.iter().map(|x| x * self.turned).collect(),
            Turns::Like(other) => all[other].log_hazard_ratios(all),
        }
    }

    /// The days on which the hazard ratio changes.
    pub fn knots_of<'a>(&'a self, all: &'a [Effect]) -> &'a [f64] {
        match self.turns {
            Turns::Like(other) => &all[other].knots,
            _ => &self.knots,
        }
    }
}
