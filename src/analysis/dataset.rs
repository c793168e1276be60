//! A data set as the methods read it: columns, two arms, what happened.

use crate::statistics::{Level, Overlap, TwoByTwo};

/// What happened to each patient.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Whether the event happened, whether that is known, and, if given, when it happened or until
    /// when it had not.
    Event {
        event: Vec<bool>,
        known: Vec<bool>,
        time: Option<Vec<f64>>,
    },
    /// When the first event happened and its cause, numbered from 1; 0 has had none.
    Cause {
        time: Vec<f64>,
        cause: Vec<u8>,
    },
    Value(Vec<f64>),
    /// How often, over how long or how much.
    Count {
        count: Vec<f64>,
        exposure: Option<Vec<f64>>,
    },
    /// A hierarchy, the worst first.
    Tiers(Vec<Tier>),
}

/// One tier of a hierarchy.
#[derive(Clone, Debug)]
pub enum Tier {
    /// The later event wins.
    Time { time: Vec<f64>, event: Vec<bool> },
    /// The lower value wins, by at least the margin.
    Lower { value: Vec<f64>, margin: f64 },
    /// The higher value wins, by at least the margin.
    Higher { value: Vec<f64>, margin: f64 },
}

impl Tier {
    /// As the statistics read it.
    pub fn level(&self) -> Level<'_> {
        match self {
            Tier::Time { time, event } => Level::Time { time, event },
            Tier::Lower { value, margin: 0.0 } => Level::Lower(value),
            Tier::Higher { value, margin: 0.0 } => Level::Higher(value),
            Tier::Lower { value, margin } => Level::LowerBy { value, margin: *margin },
            Tier::Higher { value, margin } => Level::HigherBy { value, margin: *margin },
        }
    }

    fn keep(&self, rows: &[usize]) -> Tier {
        match self {
            Tier::Time { time, event } => Tier::Time { time: pick(time, rows), event: pick(event, rows) },
            Tier::Lower { value, margin } => Tier::Lower { value: pick(value, rows), margin: *margin },
            Tier::Higher { value, margin } => Tier::Higher { value: pick(value, rows), margin: *margin },
        }
    }
}

/// A column that a model adjusts for: a number, or a 0-1 column for one level of a category.
#[derive(Clone, Debug)]
pub struct Covariate {
    /// The column, and for a category the level against its reference.
    pub name: String,
    pub values: Vec<f64>,
}

/// Patients by row.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Place in `arms`.
    pub arm: Vec<u32>,
    pub arms: Vec<String>,
    /// Places in `arms` of the two arms compared.
    pub treatment: u32,
    pub control: u32,
    pub outcome: Outcome,
    pub stratum: Option<Vec<u32>>,
    pub cluster: Option<Vec<u32>>,
    pub covariates: Vec<Covariate>,
    /// Level of the subgroup an interaction is asked with, from 0.
    pub subgroup: Option<Vec<u32>>,
}

fn pick<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&i| values[i].clone()).collect()
}

impl Dataset {
    /// Patients.
    pub fn len(&self) -> usize {
        self.arm.len()
    }

    pub fn is_empty(&self) -> bool {
        self.arm.is_empty()
    }

    /// Only these rows, in this order.
    pub fn keep(&self, rows: &[usize]) -> Dataset {
        let some = |column: &Option<Vec<u32>>| column.as_ref().map(|c| pick(c, rows));
        let outcome = match &self.outcome {
            Outcome::Event { event, known, time } => Outcome::Event {
                event: pick(event, rows),
                known: pick(known, rows),
                time: time.as_ref().map(|t| pick(t, rows)),
            },
            Outcome::Cause { time, cause } => {
                Outcome::Cause { time: pick(time, rows), cause: pick(cause, rows) }
            }
            Outcome::Value(value) => Outcome::Value(pick(value, rows)),
            Outcome::Count { count, exposure } => Outcome::Count {
                count: pick(count, rows),
                exposure: exposure.as_ref().map(|e| pick(e, rows)),
            },
            Outcome::Tiers(tiers) => Outcome::Tiers(tiers.iter().map(|t| t.keep(rows)).collect()),
        };
        Dataset {
            arm: pick(&self.arm, rows),
            arms: self.arms.clone(),
            treatment: self.treatment,
            control: self.control,
            outcome,
            stratum: some(&self.stratum),
            cluster: some(&self.cluster),
            covariates: self
                .covariates
                .iter()
                .map(|c| Covariate { name: c.name.clone(), values: pick(&c.values, rows) })
                .collect(),
            subgroup: some(&self.subgroup),
        }
    }

    /// The rows for which `holds` does.
    pub fn filter(&self, holds: impl Fn(usize) -> bool) -> Dataset {
        self.keep(&(0..self.len()).filter(|&i| holds(i)).collect::<Vec<_>>())
    }

    /// The patients and covariates of a model's finite part; the arm, its first covariate, is among them.
    pub fn part(&self, rest: &Overlap) -> Dataset {
        let mut part = self.keep(&rest.rows);
        part.covariates = (0..self.covariates.len())
            .filter(|j| rest.covariates.contains(&(j + 1)))
            .map(|j| part.covariates[j].clone())
            .collect();
        part
    }

    /// The patients of the two arms compared.
    pub fn of_two_arms(&self) -> Dataset {
        self.filter(|i| self.arm[i] == self.treatment || self.arm[i] == self.control)
    }

    /// 1 treatment, 0 control, 2 neither.
    pub fn group(&self) -> Vec<u8> {
        let side = |&arm: &u32| match arm {
            arm if arm == self.treatment => 1,
            arm if arm == self.control => 0,
            _ => 2,
        };
        self.arm.iter().map(side).collect()
    }

    /// The arm as a covariate, then the others.
    pub fn design(&self) -> Vec<Vec<f64>> {
        let arm = self.arm.iter().map(|&arm| f64::from(u8::from(arm == self.treatment))).collect();
        std::iter::once(arm).chain(self.covariates.iter().map(|c| c.values.clone())).collect()
    }

    /// Patients in treatment and control.
    pub fn sizes(&self) -> [usize; 2] {
        [self.treatment, self.control].map(|arm| self.arm.iter().filter(|&&a| a == arm).count())
    }

    /// Patients with the event, in treatment and control; how often in all for counts. `None` where nothing
    /// is an event.
    pub fn events(&self) -> Option<[f64; 2]> {
        let in_arms = |of: &dyn Fn(usize) -> f64| {
            [self.treatment, self.control]
                .map(|arm| (0..self.len()).filter(|&i| self.arm[i] == arm).map(of).sum())
        };
        match &self.outcome {
            Outcome::Event { event, .. } => Some(in_arms(&|i| f64::from(u8::from(event[i])))),
            Outcome::Count { count, .. } => Some(in_arms(&|i| count[i])),
            _ => None,
        }
    }

    /// Only those whose answer is known.
    pub fn of_known(&self) -> Dataset {
        match &self.outcome {
            Outcome::Event { known, .. } => self.filter(|i| known[i]),
            _ => self.clone(),
        }
    }

    /// The two arms counted, among the rows for which `holds` does.
    pub fn table(&self, holds: impl Fn(usize) -> bool) -> TwoByTwo {
        let Outcome::Event { event, known, .. } = &self.outcome else { return TwoByTwo::new(0, 0, 0, 0) };
        let mut table = TwoByTwo::new(0, 0, 0, 0);
        for i in (0..self.len()).filter(|&i| known[i] && holds(i)) {
            if self.arm[i] == self.treatment {
                table.n_treatment += 1;
                table.events_treatment += u32::from(event[i]);
            } else if self.arm[i] == self.control {
                table.n_control += 1;
                table.events_control += u32::from(event[i]);
            }
        }
        table
    }
}
