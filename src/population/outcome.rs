//! What happens to a registry patient under usual care: a rate for each event from the covariates.

use super::columns::{Columns, CovariateKind, Dictionary};
use super::document::{ByCourse, EventDocument, KindDocument, RegistryDocument, SettingDocument};
use super::expression::{Expression, Reading};
use super::problem::{Problem, instead};
use crate::outcome::events::{Event, EventKind, Events, Setting};
use crate::outcome::hazard::{PiecewiseHazard, Regime};

/// A number that log hazards are linear in.
#[derive(Clone, Debug)]
enum Predictor {
    /// `ln(x / to)`.
    LogRatio { column: usize, to: f64 },
    /// `(x − from) / step`.
    Per { column: usize, from: f64, step: f64 },
    /// 1 where the rule holds, otherwise 0.
    If(Expression),
}

/// The log rate of one event.
#[derive(Clone, Debug)]
struct LogRate {
    by_cause: Vec<f64>,
    terms: Vec<(usize, f64)>,
    /// Column and log hazard ratio of each level.
    levels: Vec<(usize, Vec<f64>)>,
    per_unit_of_risk: f64,
    only_if: Option<Expression>,
}

/// Rates of all events, log-linear in the covariates, and the shape of each hazard in time.
///
/// The hazard of event `e` in a patient of cause `c` is
/// `exp(a_ce + Σ b_e·x + levels + d_e·risk) · shape(t)`, per day, the shape by the course of the cause.
#[derive(Clone, Debug)]
pub struct OutcomeModel {
    pub events: Events,
    /// The names of the classes of patients: courses.
    pub courses: Vec<String>,
    course_of_cause: Vec<usize>,
    predictors: Vec<(Predictor, Option<Expression>)>,
    predictor_names: Vec<String>,
    rates: Vec<LogRate>,
    /// Event whose predictors make the risk, and what is taken from their sum.
    risk: Option<(usize, f64)>,
    regime: Regime,
}

/// More predictors than any registry needs; they are kept on the stack.
const MOST_PREDICTORS: usize = 64;

impl OutcomeModel {
    pub(super) fn new(
        document: &RegistryDocument,
        causes: &[String],
        dictionary: &Dictionary,
    ) -> Result<Self, Vec<Problem>> {
        let mut read = Read { document, dictionary, problems: Vec::new() };
        let mut courses: Vec<String> = Vec::new();
        let mut course_of_cause = Vec::new();
        for cause in &document.cause {
            let known = courses.iter().position(|c| *c == cause.course);
            course_of_cause.push(known.unwrap_or(courses.len()));
            if known.is_none() {
                courses.push(cause.course.clone());
            }
        }
        let predictors = read.predictors();
        let events = read.events();
        let mut rates = Vec::new();
        let mut hazards = Vec::new();
        for (i, event) in document.event.iter().enumerate() {
            rates.push(read.rate(&format!("event.{i}"), event, causes));
            hazards.push(read.hazards(&format!("event.{i}.hazard_by_period"), event, &courses));
        }
        let risk = document.risk.as_ref().and_then(|r| {
            let index = events.index(&r.event);
            if index.is_none() {
                let hint = instead(&r.event, document.event.iter().map(|e| e.name.as_str()));
                read.problem("risk.event", format!("no event is called “{}”{hint}", r.event));
            }
            Some((index?, r.less))
        });
        if risk.is_none() && rates.iter().any(|r| r.per_unit_of_risk != 0.0) {
            read.problem("event", "per_unit_of_risk needs a [risk] table");
        }
        if document.event.is_empty() {
            read.problem("event", "a registry needs events");
        }
        if !read.problems.is_empty() {
            return Err(read.problems);
        }
        let regime = Regime::new(hazards);
        let predictor_names = document.predictor.iter().map(|p| p.name.clone()).collect();
        Ok(Self { events, courses, course_of_cause, predictors, predictor_names, rates, risk, regime })
    }

    /// Log rate by cause of an event, before covariates.
    pub fn log_rate(&self, event: usize) -> &[f64] {
        &self.rates[event].by_cause
    }

    /// Sets the log rate by cause of an event: calibration only.
    pub(crate) fn set_log_rate(&mut self, event: usize, by_cause: &[f64]) {
        self.rates[event].by_cause.copy_from_slice(by_cause);
    }

    /// Adds an event of its own hazard, whose log moves with the patient's risk.
    pub fn add(&mut self, event: Event, hazard: PiecewiseHazard, per_unit_of_risk: f64) {
        let courses = self.courses.len();
        let mut hazards: Vec<Vec<PiecewiseHazard>> = (0..self.regime.events())
            .map(|e| (0..courses).map(|c| self.regime.hazard(e, c).clone()).collect())
            .collect();
        hazards.push(vec![hazard; courses]);
        self.regime = Regime::new(hazards);
        self.events.list.push(event);
        self.rates.push(LogRate {
            by_cause: vec![0.0; self.course_of_cause.len()],
            terms: Vec::new(),
            levels: Vec::new(),
            per_unit_of_risk,
            only_if: None,
        });
    }

    /// Relative hazards of usual care, by event and course.
    pub fn regime(&self) -> &Regime {
        &self.regime
    }

    /// The course of a patient: which class of the regime.
    pub fn class(&self, columns: &Columns, row: usize) -> usize {
        self.course_of_cause[columns.data[0][row] as usize]
    }

    /// The rate of every event in one patient; 0 where the event cannot happen.
    pub fn rates(&self, columns: &Columns, row: usize, out: &mut [f64]) {
        let x = self.predictor_values(columns, row);
        let risk = self.risk_from(&x);
        let cause = columns.data[0][row] as usize;
        for (rate, out) in self.rates.iter().zip(out) {
            if rate.only_if.as_ref().is_some_and(|rule| !rule.evaluate(columns, row)) {
                *out = 0.0;
                continue;
            }
            let mut log = rate.by_cause[cause] + rate.per_unit_of_risk * risk;
            for &(predictor, coefficient) in &rate.terms {
                log += coefficient * x[predictor];
            }
            for (column, ratios) in &rate.levels {
                log += ratios[columns.data[*column][row] as usize];
            }
            *out = libm::exp(log);
        }
    }

    /// How much sicker than usual a patient is, in log hazard of the event that [risk] names.
    pub fn risk(&self, columns: &Columns, row: usize) -> f64 {
        self.risk_from(&self.predictor_values(columns, row))
    }

    /// The value of a predictor in one patient; not a number if there is none of that name.
    pub fn predictor(&self, name: &str, columns: &Columns, row: usize) -> f64 {
        let place = self.predictor_names.iter().position(|n| n == name);
        place.map_or(f64::NAN, |p| self.predictor_values(columns, row)[p])
    }

    fn risk_from(&self, x: &[f64; MOST_PREDICTORS]) -> f64 {
        let Some((event, less)) = self.risk else { return 0.0 };
        self.rates[event].terms.iter().map(|&(p, b)| b * x[p]).sum::<f64>() - less
    }

    fn predictor_values(&self, columns: &Columns, row: usize) -> [f64; MOST_PREDICTORS] {
        let mut x = [0.0; MOST_PREDICTORS];
        for ((predictor, only_if), x) in self.predictors.iter().zip(&mut x) {
            if only_if.as_ref().is_some_and(|rule| !rule.evaluate(columns, row)) {
                continue;
            }
            *x = match predictor {
                Predictor::LogRatio { column, to } => libm::log(columns.data[*column][row] / to),
                Predictor::Per { column, from, step } => (columns.data[*column][row] - from) / step,
                Predictor::If(rule) => f64::from(rule.evaluate(columns, row)),
            };
        }
        x
    }
}

struct Read<'a> {
    document: &'a RegistryDocument,
    dictionary: &'a Dictionary,
    problems: Vec<Problem>,
}

impl Read<'_> {
    fn problem(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::at(path, message));
    }

    fn expression(&mut self, path: &str, text: &str) -> Expression {
        Expression::parse(text, self.dictionary, Reading::True).unwrap_or_else(|error| {
            let mut problem = Problem::at(path, error.to_string());
            problem.offset = Some(error.offset);
            self.problems.push(problem);
            Expression::everybody()
        })
    }

    fn column(&mut self, path: &str, name: &str) -> usize {
        self.dictionary.index(name).unwrap_or_else(|| {
            let hint = instead(name, self.dictionary.list.iter().map(|c| c.name.as_str()));
            self.problem(path, format!("no covariate is called “{name}”{hint}"));
            0
        })
    }

    fn predictors(&mut self) -> Vec<(Predictor, Option<Expression>)> {
        let mut list = Vec::new();
        for (i, p) in self.document.predictor.iter().enumerate() {
            let path = format!("predictor.{i}");
            let predictor = match (&p.log_ratio, &p.per, &p.when) {
                (Some(d), None, None) => Predictor::LogRatio {
                    column: self.column(&format!("{path}.log_ratio.of"), &d.of),
                    to: d.to,
                },
                (None, Some(d), None) => Predictor::Per {
                    column: self.column(&format!("{path}.per.of"), &d.of),
                    from: d.from,
                    step: d.step,
                },
                (None, None, Some(rule)) => Predictor::If(self.expression(&format!("{path}.if"), rule)),
                _ => {
                    self.problem(&path, format!("“{}” needs exactly one of log_ratio, per, if", p.name));
                    continue;
                }
            };
            let only_if = p.only_if.as_ref().map(|text| self.expression(&format!("{path}.only_if"), text));
            list.push((predictor, only_if));
        }
        if list.len() > MOST_PREDICTORS {
            self.problem("predictor", format!("more than {MOST_PREDICTORS} predictors"));
        }
        list
    }

    fn events(&mut self) -> Events {
        let mut list: Vec<Event> = Vec::new();
        for event in &self.document.event {
            list.push(Event {
                name: event.name.clone(),
                label: event.label.clone(),
                kind: match event.kind {
                    KindDocument::Death => EventKind::Death,
                    KindDocument::Complication => EventKind::Complication,
                    KindDocument::Discharge => EventKind::Discharge,
                },
                setting: match event.setting {
                    SettingDocument::InHospital => Setting::InHospital,
                    SettingDocument::AfterDischarge => Setting::AfterDischarge,
                },
                excess: Vec::new(),
                anchored: event.anchored,
            });
        }
        let mut lowered = vec![0.0; list.len()];
        for (i, event) in self.document.event.iter().enumerate() {
            for (name, &m) in &event.multiplies {
                let path = format!("event.{i}.multiplies.{name}");
                let Some(target) = list.iter().position(|e| e.name == *name) else {
                    let hint = instead(name, self.document.event.iter().map(|e| e.name.as_str()));
                    self.problem(&path, format!("no event is called “{name}”{hint}"));
                    continue;
                };
                if list[i].kind != EventKind::Complication {
                    self.problem(&path, "only a complication changes other hazards");
                }
                if list[target].kind == EventKind::Complication
                    || list[target].setting == Setting::AfterDischarge
                {
                    self.problem(
                        &path,
                        "a complication changes deaths in hospital and discharge, nothing else",
                    );
                }
                if m.is_nan() || m < 0.0 {
                    self.problem(&path, format!("{m} cannot multiply a hazard"));
                }
                lowered[target] += (1.0 - m).max(0.0);
                list[i].excess.push((target, m - 1.0));
            }
        }
        for (event, lowered) in list.iter().zip(lowered) {
            if lowered >= 1.0 {
                self.problem(
                    "event",
                    format!("complications together would stop “{}” altogether", event.name),
                );
            }
        }
        Events { list }
    }

    fn rate(&mut self, path: &str, event: &EventDocument, causes: &[String]) -> LogRate {
        let by_cause = event.log_rate.resolve(causes).unwrap_or_else(|message| {
            self.problem(&format!("{path}.log_rate"), message);
            vec![0.0; causes.len()]
        });
        let mut terms = Vec::new();
        for (name, &coefficient) in &event.log_hazard_ratio {
            match self.document.predictor.iter().position(|p| p.name == *name) {
                Some(p) => terms.push((p, coefficient)),
                None => {
                    let hint = instead(name, self.document.predictor.iter().map(|p| p.name.as_str()));
                    let message = format!("no predictor is called “{name}”{hint}");
                    self.problem(&format!("{path}.log_hazard_ratio.{name}"), message);
                }
            }
        }
        terms.sort_by_key(|t| t.0);
        let mut levels = Vec::new();
        for (name, ratios) in &event.by_level {
            let place = format!("{path}.by_level.{name}");
            let column = self.column(&place, name);
            let CovariateKind::Levels { names, .. } = &self.dictionary.list[column].kind else {
                self.problem(&place, format!("“{name}” has no levels"));
                continue;
            };
            let values = names.iter().map(|l| ratios.get(l).copied().unwrap_or(f64::NAN)).collect::<Vec<_>>();
            if values.iter().any(|v| v.is_nan()) || ratios.len() != names.len() {
                self.problem(&place, format!("needs a number for each of {}", names.join(", ")));
            }
            levels.push((column, values));
        }
        let only_if = event.only_if.as_ref().map(|text| self.expression(&format!("{path}.only_if"), text));
        LogRate { by_cause, terms, levels, per_unit_of_risk: event.per_unit_of_risk, only_if }
    }

    fn hazards(&mut self, path: &str, event: &EventDocument, courses: &[String]) -> Vec<PiecewiseHazard> {
        let days = &self.document.course.periods_from_day;
        let rising = days.first() == Some(&0.0) && days.windows(2).all(|w| w[0] < w[1]);
        if !rising {
            self.problem("course.periods_from_day", "the first period begins on day 0 and days have to rise");
            return courses.iter().map(|_| PiecewiseHazard::constant(0.0)).collect();
        }
        let mut list = Vec::new();
        for course in courses {
            let rates = match &event.hazard_by_period {
                ByCourse::Same(rates) => Some(rates),
                ByCourse::Each(each) => each.get(course),
            };
            match rates {
                Some(r) if r.len() == days.len() && r.iter().all(|x| *x >= 0.0) => {
                    list.push(PiecewiseHazard::new(days, r));
                }
                Some(_) => {
                    self.problem(path, format!("needs {} numbers, none below 0", days.len()));
                    list.push(PiecewiseHazard::constant(0.0));
                }
                None => {
                    self.problem(path, format!("no list for the course “{course}”"));
                    list.push(PiecewiseHazard::constant(0.0));
                }
            }
        }
        list
    }
}
