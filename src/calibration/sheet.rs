//! What the registry gives for each measure: sums of expected courses over groups of patients.

use super::blocks::{BLOCK, SLICES, in_blocks, pool_error};
use super::statistics::{auc, logistic, quantile};
use super::target::Measure;
use crate::outcome::events::{EventKind, Events, Setting};
use crate::outcome::expectation::{Course, Expectation, Path, Patients};
use crate::population::problem::instead;
use crate::population::{Columns, Expression, Problem, Reading, Registry};
use std::collections::BTreeMap;

/// The last day a course is followed to: deaths in hospital are complete by then.
const LAST_DAY: f64 = 365.0;

/// Measures, and the groups of patients they are about.
#[derive(Clone, Debug)]
pub struct Questions {
    /// Rules by their text, in order.
    groups: Vec<(String, Expression)>,
    days: Vec<f64>,
    /// Days by which each row's own risk of death is kept.
    row_days: Vec<f64>,
    needs_curve: bool,
}

impl Questions {
    /// Reads the rules of some measures; `path` leads to each.
    pub fn new<'m>(
        registry: &Registry,
        eligible: &BTreeMap<String, String>,
        measures: impl IntoIterator<Item = (String, &'m Measure)>,
    ) -> Result<Self, Vec<Problem>> {
        let mut questions =
            Self { groups: Vec::new(), days: vec![LAST_DAY], row_days: Vec::new(), needs_curve: false };
        let mut problems = Vec::new();
        for (path, measure) in measures {
            for key in keys(measure) {
                questions.add(registry, eligible, &path, &key, &mut problems);
            }
            questions.days_of(measure);
            let (events, covariates) = names(measure);
            for event in events.iter().filter(|e| registry.outcome.events.index(e).is_none()) {
                let hint = instead(event, registry.outcome.events.list.iter().map(|e| e.name.as_str()));
                problems.push(Problem::at(&path, format!("no event is called “{event}”{hint}")));
            }
            for covariate in covariates.iter().filter(|c| registry.dictionary.index(c).is_none()) {
                let hint = instead(covariate, registry.dictionary.list.iter().map(|c| c.name.as_str()));
                problems.push(Problem::at(&path, format!("no covariate is called “{covariate}”{hint}")));
            }
        }
        if questions.groups.len() > 128 {
            problems.push(Problem::at("target", "more than 128 groups of patients"));
        }
        if questions.needs_curve {
            questions.days.extend(Expectation::natural_days(LAST_DAY));
        }
        questions.days.sort_by(f64::total_cmp);
        questions.days.dedup();
        if problems.is_empty() { Ok(questions) } else { Err(problems) }
    }

    fn add(
        &mut self,
        registry: &Registry,
        eligible: &BTreeMap<String, String>,
        path: &str,
        key: &str,
        problems: &mut Vec<Problem>,
    ) {
        if self.groups.iter().any(|(k, _)| k == key) {
            return;
        }
        let mut rules = Vec::new();
        for part in key.split(" & ").filter(|p| !p.is_empty()) {
            let text = eligible.get(part).map_or(part, String::as_str);
            match Expression::parse(text, &registry.dictionary, Reading::Recorded) {
                Ok(rule) => rules.push(rule),
                Err(error) => problems.push(Problem::at(path, format!("“{text}”: {error}"))),
            }
        }
        self.groups.push((key.to_string(), Expression::all(rules)));
    }

    fn days_of(&mut self, measure: &Measure) {
        match measure {
            Measure::Death { by_day, .. }
            | Measure::Event { by_day, .. }
            | Measure::HazardRatio { by_day, .. } => {
                self.days.push(*by_day);
            }
            Measure::ShareOfDeaths { by_day, of_day: other, .. }
            | Measure::LateDeath { from_day: other, by_day, .. } => self.days.extend([*by_day, *other]),
            Measure::DeathAfterDischarge { by_day, .. } => self.days.push(*by_day),
            Measure::TimeToDeath { .. } => self.needs_curve = true,
            Measure::DaysAtHome { by_day, .. } => {
                self.needs_curve = true;
                self.days.push(*by_day);
            }
            Measure::OddsRatioOfQuarters { by_day, .. }
            | Measure::CStatistic { by_day: Some(by_day), .. } => {
                self.days.push(*by_day);
                if !self.row_days.contains(by_day) {
                    self.row_days.push(*by_day);
                }
            }
            _ => {}
        }
    }
}

/// The group that patients meet `of` within `among`, as one key.
fn key(of: Option<&str>, among: Option<&str>) -> String {
    [among, of].into_iter().flatten().collect::<Vec<_>>().join(" & ")
}

/// The groups of a measure: the one it is about, then the one it is compared with.
fn keys(measure: &Measure) -> Vec<String> {
    match measure {
        Measure::Share { of, among } | Measure::DeathsIn { of, among } => {
            vec![key(Some(of), among.as_deref()), key(None, among.as_deref())]
        }
        Measure::InHospitalDeath { of, among } | Measure::Death { of, among, .. } => {
            vec![key(of.as_deref(), among.as_deref())]
        }
        Measure::OddsRatio { of, among, .. } => {
            vec![key(None, among.as_deref()), key(Some(of), among.as_deref())]
        }
        Measure::OddsRatioBetween { of, to } | Measure::HazardRatio { of, to, .. } => {
            vec![key(Some(of), None), key(Some(to), None)]
        }
        Measure::Quantile { among, .. }
        | Measure::Event { among, .. }
        | Measure::ModeOfDeath { among, .. }
        | Measure::TimeToDeath { among, .. }
        | Measure::ShareOfDeaths { among, .. }
        | Measure::LateDeath { among, .. }
        | Measure::DeathAfterDischarge { among, .. }
        | Measure::CStatistic { among, .. }
        | Measure::OddsRatioOfQuarters { among, .. }
        | Measure::DaysAtHome { among, .. } => vec![key(None, among.as_deref())],
    }
}

/// The events and covariates a measure names.
fn names(measure: &Measure) -> (Vec<&str>, Vec<&str>) {
    match measure {
        Measure::Event { event, .. } | Measure::ModeOfDeath { event, .. } => (vec![event], vec![]),
        Measure::Quantile { of, .. }
        | Measure::OddsRatioOfQuarters { of, .. }
        | Measure::CStatistic { of: Some(of), .. } => (vec![], vec![of]),
        _ => (vec![], vec![]),
    }
}

/// The answers: group sums for each slice and for all, and the risks of single rows.
pub struct Sheet<'a> {
    registry: &'a Registry,
    columns: &'a Columns,
    questions: &'a Questions,
    /// For each row, which groups it belongs to.
    member: &'a [u128],
    /// By slice (all rows last), then group.
    sums: Vec<Vec<Course>>,
    in_hospital: Vec<f64>,
    by_day: Vec<Vec<f64>>,
}

/// For each row, the groups it belongs to, as bits.
pub fn membership(columns: &Columns, questions: &Questions) -> Vec<u128> {
    let blocks = in_blocks(columns.len(), |range| {
        let bits = |row: usize| {
            let groups = questions.groups.iter().enumerate();
            groups.fold(0, |bits, (g, (_, rule))| bits | u128::from(rule.evaluate(columns, row)) << g)
        };
        range.map(bits).collect::<Vec<u128>>()
    });
    blocks.concat()
}

/// The rates and classes of all rows.
pub fn patients(registry: &Registry, columns: &Columns) -> Patients {
    let events = registry.outcome.events.len();
    let blocks = in_blocks(columns.len(), |range| {
        let mut rates = vec![0.0; range.len() * events];
        for (row, out) in range.clone().zip(rates.chunks_mut(events)) {
            registry.outcome.rates(columns, row, out);
        }
        (rates, range.map(|row| registry.outcome.class(columns, row)).collect::<Vec<usize>>())
    });
    let mut all = Patients::default();
    for (rates, class) in blocks {
        all.rates.extend(rates);
        all.class.extend(class);
    }
    all
}

impl<'a> Sheet<'a> {
    /// Works out every course and adds it to the groups its patient belongs to.
    pub fn new(
        registry: &'a Registry,
        columns: &'a Columns,
        patients: &Patients,
        questions: &'a Questions,
        member: &'a [u128],
    ) -> Self {
        let events = &registry.outcome.events;
        let expectation = Expectation::new(events, &[registry.outcome.regime()], &questions.days, &[]);
        let fatal = in_hospital_deaths(events);
        let groups = questions.groups.len();
        let last = questions.days.len() - 1;
        let row_days: Vec<usize> =
            questions.row_days.iter().filter_map(|d| questions.days.iter().position(|x| x == d)).collect();
        let blocks = in_blocks(patients.len(), |range| {
            let mut space = expectation.workspace();
            let mut sums = vec![expectation.nobody(); groups];
            let mut in_hospital = Vec::with_capacity(range.len());
            let mut by_day: Vec<Vec<f64>> =
                row_days.iter().map(|_| Vec::with_capacity(range.len())).collect();
            for row in range {
                let course =
                    expectation.course(Path::of(0), patients.class[row], patients.rates(row), &mut space);
                let mut bits = member[row];
                while bits != 0 {
                    sums[bits.trailing_zeros() as usize].add(course, 1.0);
                    bits &= bits - 1;
                }
                in_hospital.push(fatal.iter().map(|&e| course.happened[e][last]).sum::<f64>());
                for (out, &d) in by_day.iter_mut().zip(&row_days) {
                    out.push(course.death(d));
                }
            }
            (sums, in_hospital, by_day)
        });
        let mut sums = vec![vec![expectation.nobody(); groups]; SLICES + 1];
        let mut in_hospital = Vec::with_capacity(patients.len());
        let mut by_day: Vec<Vec<f64>> = row_days.iter().map(|_| Vec::with_capacity(patients.len())).collect();
        for (block, (block_sums, rows, days)) in blocks.into_iter().enumerate() {
            for (g, sum) in block_sums.iter().enumerate() {
                sums[block % SLICES][g].add(sum, 1.0);
                sums[SLICES][g].add(sum, 1.0);
            }
            in_hospital.extend(rows);
            for (all, part) in by_day.iter_mut().zip(days) {
                all.extend(part);
            }
        }
        Self { registry, columns, questions, member, sums, in_hospital, by_day }
    }

    /// What the registry gives, and its error from the spread of 16 slices of the rows.
    pub fn measure(&self, measure: &Measure) -> (f64, f64) {
        let slices: Vec<f64> = (0..SLICES).map(|s| self.value(measure, s)).collect();
        (self.value(measure, SLICES), pool_error(&slices))
    }

    /// What all rows give.
    pub fn whole(&self, measure: &Measure) -> f64 {
        self.value(measure, SLICES)
    }

    fn group(&self, key: &str) -> usize {
        self.questions.groups.iter().position(|(k, _)| k == key).unwrap_or(0)
    }

    /// Rows of a slice that belong to a group.
    fn rows(&self, group: usize, slice: usize) -> Vec<usize> {
        let inside = |row: &usize| {
            (slice == SLICES || (row / BLOCK) % SLICES == slice) && self.member[*row] >> group & 1 == 1
        };
        (0..self.member.len()).filter(inside).collect()
    }

    fn value(&self, measure: &Measure, slice: usize) -> f64 {
        let events = &self.registry.outcome.events;
        let keys = keys(measure);
        let group = self.group(&keys[0]);
        let course = &self.sums[slice][group];
        let other = keys.get(1).map(|k| &self.sums[slice][self.group(k)]);
        let dead =
            |course: &Course, day: f64| course.day(day).map_or(f64::NAN, |d| course.weight - course.alive[d]);
        let fatal = in_hospital_deaths(events);
        let hospital_curve =
            |course: &Course, d: usize| fatal.iter().map(|&e| course.happened[e][d]).sum::<f64>();
        let last = self.questions.days.len() - 1;
        let hospital = |course: &Course| hospital_curve(course, last);
        let event = |name: &str| events.index(name).unwrap_or(0);
        match measure {
            Measure::Share { .. } => course.weight / other.map_or(f64::NAN, |o| o.weight),
            Measure::Quantile { of, at, .. } => {
                let x = self.columns.column(of).unwrap_or(&[]);
                quantile(self.rows(group, slice).into_iter().map(|i| x[i]).collect(), *at)
            }
            Measure::InHospitalDeath { .. } => hospital(course) / course.weight,
            Measure::Death { by_day, .. } => dead(course, *by_day) / course.weight,
            Measure::Event { event: name, by_day, .. } => {
                course.day(*by_day).map_or(f64::NAN, |d| course.happened[event(name)][d]) / course.weight
            }
            Measure::ModeOfDeath { event: name, .. } => course.happened[event(name)][last] / hospital(course),
            Measure::DeathsIn { .. } => hospital(course) / other.map_or(f64::NAN, hospital),
            Measure::TimeToDeath { quantile, .. } => {
                let wanted = quantile * hospital(course);
                let (mut day, mut so_far) = (0.0, 0.0);
                for (d, &next) in course.days.iter().enumerate() {
                    let dead = hospital_curve(course, d);
                    if dead >= wanted {
                        return day + (next - day) * (wanted - so_far) / (dead - so_far);
                    }
                    (day, so_far) = (next, dead);
                }
                f64::NAN
            }
            Measure::ShareOfDeaths { by_day, of_day, .. } => dead(course, *by_day) / dead(course, *of_day),
            Measure::LateDeath { from_day, by_day, .. } => {
                let (early, late) = (dead(course, *from_day), dead(course, *by_day));
                (late - early) / (course.weight - early)
            }
            Measure::DeathAfterDischarge { by_day, .. } => {
                let Some(d) = course.day(*by_day) else { return f64::NAN };
                let at = |keep: &dyn Fn(usize) -> bool| {
                    (0..events.len()).filter(|&e| keep(e)).map(|e| course.happened[e][d]).sum::<f64>()
                };
                at(&|e| events.list[e].setting == Setting::AfterDischarge)
                    / at(&|e| events.list[e].kind == EventKind::Discharge)
            }
            Measure::CStatistic { of, by_day, .. } => {
                let risk = by_day.and_then(|day| self.row_risk(day)).unwrap_or(&self.in_hospital);
                let score = of.as_ref().and_then(|name| self.columns.column(name)).unwrap_or(risk);
                auc(self.rows(group, slice).into_iter().map(|i| (score[i], risk[i])).collect())
            }
            Measure::OddsRatio { adjusted_for, .. } => {
                let exposed = self.group(&keys[1]);
                let rows = self.rows(group, slice);
                let outcome = &self.registry.outcome;
                let design = |&i: &usize| {
                    let mut x = vec![1.0, f64::from(self.member[i] >> exposed & 1 == 1)];
                    x.extend(adjusted_for.iter().map(|name| outcome.predictor(name, self.columns, i)));
                    (x, self.in_hospital[i])
                };
                libm::exp(logistic(&rows.iter().map(design).collect::<Vec<_>>())[1])
            }
            Measure::OddsRatioBetween { .. } => {
                let odds = |course: &Course| hospital(course) / (course.weight - hospital(course));
                odds(course) / other.map_or(f64::NAN, odds)
            }
            Measure::OddsRatioOfQuarters { of, by_day, .. } => {
                let (Some(x), Some(risk)) = (self.columns.column(of), self.row_risk(*by_day)) else {
                    return f64::NAN;
                };
                let rows = self.rows(group, slice);
                let at = |q: f64| quantile(rows.iter().map(|&i| x[i]).collect(), q);
                let (low, high) = (at(0.25), at(0.75));
                let odds = |keep: &dyn Fn(f64) -> bool| {
                    let kept: Vec<f64> = rows.iter().filter(|&&i| keep(x[i])).map(|&i| risk[i]).collect();
                    let p = kept.iter().sum::<f64>() / kept.len() as f64;
                    p / (1.0 - p)
                };
                odds(&|v| v > high) / odds(&|v| v <= low)
            }
            Measure::HazardRatio { by_day, .. } => {
                let hazard = |course: &Course| -libm::log1p(-dead(course, *by_day) / course.weight);
                hazard(course) / other.map_or(f64::NAN, hazard)
            }
            Measure::DaysAtHome { by_day, .. } => {
                let (mut total, mut day, mut home) = (0.0, 0.0, 0.0);
                for (d, &next) in course.days.iter().enumerate().filter(|(_, next)| **next <= *by_day) {
                    total += 0.5 * (home + course.home[d]) * (next - day);
                    (day, home) = (next, course.home[d]);
                }
                total / course.weight
            }
        }
    }

    fn row_risk(&self, day: f64) -> Option<&Vec<f64>> {
        self.questions.row_days.iter().position(|d| *d == day).map(|i| &self.by_day[i])
    }
}

/// The deaths that can happen before discharge.
fn in_hospital_deaths(events: &Events) -> Vec<usize> {
    events.of_kind(EventKind::Death).filter(|&e| events.list[e].setting == Setting::InHospital).collect()
}
