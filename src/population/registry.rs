//! The synthetic registry: patients generated row by row, ready for trials to enrol from.

use super::columns::{Columns, Covariate, CovariateKind, Dictionary};
use super::copula::cholesky;
use super::document::{ByCause, CovariateDocument, RegistryDocument};
use super::draft::Draft;
use super::expression::{Expression, Reading};
use super::maker::{CutNormal, Maker, Recipe};
use super::outcome::OutcomeModel;
use super::problem::{Problem, instead};
use super::recorded::{Recording, cumulative};
use crate::random::{Purpose, Stream};
use crate::statistics::{normal_cdf, normal_quantile};
use crate::stop::Signal;
use std::ops::Range;

/// A normal latent value: where its noise comes from, and how it mixes with that of earlier latents.
#[derive(Clone, Debug)]
pub(super) struct Latent {
    pub stream: Stream,
    /// The non-zero entries of its row of the Cholesky factor.
    pub weights: Vec<(usize, f64)>,
}

/// A population of patients with covariates, and what happens to each under usual care.
///
/// Row `i` depends on the seed and `i` alone. Time zero is admission with shock.
#[derive(Clone, Debug)]
pub struct Registry {
    pub title: String,
    pub seed: u64,
    pub causes: Vec<String>,
    pub cause_labels: Vec<String>,
    /// Share of each cause; they add up to 1.
    pub shares: Vec<f64>,
    pub dictionary: Dictionary,
    pub outcome: OutcomeModel,
    pub(super) makers: Vec<Maker>,
    pub(super) latents: Vec<Latent>,
    pub(super) streams: Vec<Stream>,
}

/// What screening found.
#[derive(Clone, Debug)]
pub struct Screening {
    /// The patients who meet the rule, in the order of the registry.
    pub columns: Columns,
    /// How many rows were looked at: up to the last patient found.
    pub screened: u64,
}

/// Rows screened at a time: enough to amortise, few enough to stay in the cache.
const BLOCK: u64 = 1 << 12;

impl Registry {
    /// Prepares the registry that a document describes; all findings are returned together.
    pub fn new(document: &RegistryDocument) -> Result<Self, Vec<Problem>> {
        Builder::new(document).build()
    }

    /// All covariates of some rows.
    pub fn columns(&self, rows: Range<u64>) -> Columns {
        self.draft(rows).finish()
    }

    /// Some rows whose columns are made when asked for.
    pub fn draft(&self, rows: Range<u64>) -> Draft<'_> {
        Draft::new(self, rows)
    }

    /// The patients among `rows` who meet `rule`, with all their covariates.
    ///
    /// The parts of the rule are tried in the order of what they cost.
    pub fn screen_range(&self, rule: &Expression, rows: Range<u64>) -> Columns {
        let mut clauses = rule.clauses();
        clauses.sort_by_key(|c| self.cost(c));
        let mut found = Columns::new(&self.dictionary);
        let mut start = rows.start;
        while start < rows.end {
            let end = rows.end.min(start + BLOCK);
            let mut draft = self.draft(start..end);
            for clause in &clauses {
                draft.keep(clause);
            }
            found.append(draft.finish());
            start = end;
        }
        found
    }

    /// Screens rows from the first until `wanted` patients meet `rule` or `cap` rows were looked at.
    pub fn screen(&self, rule: &Expression, wanted: usize, cap: u64) -> Screening {
        let mut columns = Columns::new(&self.dictionary);
        let mut start = 0;
        let signal = Signal::here();
        while columns.len() < wanted && start < cap {
            signal.look_up();
            let end = cap.min(start + 4 * BLOCK);
            columns.append(self.screen_range(rule, start..end));
            start = end;
        }
        columns.truncate(wanted);
        let screened =
            if columns.len() == wanted { columns.rows.last().map_or(0, |row| row + 1) } else { start };
        Screening { columns, screened }
    }

    /// The share of the first `rows` rows that meets each part of `rule` alone: which part binds.
    pub fn clause_shares(&self, rule: &Expression, rows: u64) -> Vec<(String, f64)> {
        let share = |clause: Expression| {
            let mut draft = self.draft(0..rows);
            draft.keep(&clause);
            (clause.to_string(), draft.finish_with(&[0]).len() as f64 / rows as f64)
        };
        rule.clauses().into_iter().map(share).collect()
    }

    /// Of the first `rows` rows, the part that meets all parts of `rule` before one and not that one: for each
    /// part in the order written.
    pub fn first_failures(&self, rule: &Expression, rows: u64) -> Vec<(String, f64)> {
        let mut draft = self.draft(0..rows);
        let mut before = rows as usize;
        rule.clauses()
            .into_iter()
            .map(|clause| {
                draft.keep(&clause);
                let failed = before - draft.len();
                before -= failed;
                (clause.to_string(), failed as f64 / rows as f64)
            })
            .collect()
    }

    /// How many columns have to be made to apply a rule.
    fn cost(&self, rule: &Expression) -> usize {
        let mut needed = vec![false; self.dictionary.len()];
        let mut open = rule.columns();
        while let Some(column) = open.pop() {
            if !std::mem::replace(&mut needed[column], true) {
                open.extend(&self.makers[column].needs);
            }
        }
        needed.iter().filter(|&&n| n).count()
    }

    /// The column and cut of a covariate made by `above`.
    pub(crate) fn cut(&self, name: &str) -> Option<(usize, f64)> {
        let column = self.dictionary.index(name)?;
        match self.makers[column].recipe {
            Recipe::Above { cut, .. } => Some((column, cut)),
            _ => None,
        }
    }

    /// Moves the cut of a covariate made by `above`: calibration only.
    pub(crate) fn set_cut(&mut self, column: usize, value: f64) {
        if let Recipe::Above { cut, .. } = &mut self.makers[column].recipe {
            *cut = value;
        }
    }

    pub(super) fn stream(&self, column: usize) -> &Stream {
        &self.streams[column]
    }

    /// Reads a rule about this registry's covariates.
    pub fn rule(&self, text: &str, reading: Reading) -> Result<Expression, super::expression::ParseError> {
        Expression::parse(text, &self.dictionary, reading)
    }
}

/// What is gathered while a document is read.
struct Builder<'a> {
    document: &'a RegistryDocument,
    causes: Vec<String>,
    dictionary: Dictionary,
    makers: Vec<Maker>,
    latents: Vec<String>,
    correlation: Vec<Vec<f64>>,
    problems: Vec<Problem>,
}

impl<'a> Builder<'a> {
    fn new(document: &'a RegistryDocument) -> Self {
        Self {
            document,
            causes: document.cause.iter().map(|c| c.name.clone()).collect(),
            dictionary: Dictionary::default(),
            makers: Vec::new(),
            latents: Vec::new(),
            correlation: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn build(mut self) -> Result<Registry, Vec<Problem>> {
        let document = self.document;
        let total: f64 = document.cause.iter().map(|c| c.share).sum();
        if document.cause.is_empty() || document.cause.iter().any(|c| c.share < 0.0) || total <= 0.0 {
            return Err(vec![Problem::at("cause", "a registry needs causes with shares above 0")]);
        }
        let shares: Vec<f64> = document.cause.iter().map(|c| c.share / total).collect();
        self.find_latents();
        self.cause(&shares);
        for (i, covariate) in document.covariate.iter().enumerate() {
            self.covariate(&format!("covariate.{i}"), covariate);
        }
        let factor = cholesky(&self.correlation);
        if factor.is_none() {
            self.problem("correlation.between", "these correlations cannot all hold at once; weaken some");
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let outcome = OutcomeModel::new(document, &self.causes, &self.dictionary)?;
        let stream = |name: &str| Stream::new(document.seed, 0, Purpose::covariate(name));
        let row = |l: &[f64]| l.iter().copied().enumerate().filter(|(_, w)| *w != 0.0).collect();
        let latents = self
            .latents
            .iter()
            .zip(factor.unwrap_or_default())
            .map(|(name, l)| Latent { stream: stream(name), weights: row(&l) })
            .collect();
        Ok(Registry {
            title: document.title.clone(),
            seed: document.seed,
            cause_labels: document.cause.iter().map(|c| c.label.clone()).collect(),
            shares,
            streams: self.dictionary.list.iter().map(|c| stream(&c.name)).collect(),
            causes: self.causes,
            dictionary: self.dictionary,
            outcome,
            makers: self.makers,
            latents,
        })
    }

    fn problem(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::at(path, message));
    }

    /// Gives each covariate that has a latent value of its own a place in the correlation matrix.
    fn find_latents(&mut self) {
        let own = |c: &CovariateDocument| {
            c.normal.is_some()
                || c.log_normal.is_some()
                || c.follows.is_some()
                || c.category.is_some()
                || c.flag.as_ref().is_some_and(|f| f.latent.is_none())
        };
        self.latents = self.document.covariate.iter().filter(|c| own(c)).map(|c| c.name.clone()).collect();
        let n = self.latents.len();
        self.correlation = (0..n).map(|i| (0..n).map(|j| f64::from(i == j)).collect()).collect();
        for (a, others) in &self.document.correlation.between {
            for (b, &r) in others {
                let path = format!("correlation.between.{a}.{b}");
                let place = |name: &str| self.latents.iter().position(|l| l == name);
                match (place(a), place(b)) {
                    (Some(i), Some(j)) if i != j && r.abs() < 1.0 => {
                        if self.correlation[i][j] != 0.0 && self.correlation[i][j] != r {
                            self.problem(&path, "this pair is written twice, with different numbers");
                        }
                        self.correlation[i][j] = r;
                        self.correlation[j][i] = r;
                    }
                    (Some(_), Some(_)) => {
                        self.problem(&path, format!("{r} is not a correlation of two covariates"));
                    }
                    (i, _) => {
                        let name = if i.is_none() { a } else { b };
                        let hint = instead(name, self.latents.iter().map(String::as_str));
                        self.problem(&path, format!("“{name}” has no latent value to correlate{hint}"));
                    }
                }
            }
        }
    }

    fn cause(&mut self, shares: &[f64]) {
        let mut sum = 0.0;
        let cumulative = shares.iter().map(|s| {
            sum += s;
            sum
        });
        let recipe = Recipe::Cause { cumulative: cumulative.collect() };
        self.dictionary.list.push(Covariate {
            name: "cause".into(),
            label: "Cause of shock".into(),
            unit: String::new(),
            kind: CovariateKind::Levels { names: self.causes.clone(), ordered: false },
            recorded: None,
        });
        let makers = &mut self.makers;
        makers.push(Maker { recipe, only_if: None, shift: Vec::new(), limits: None, needs: Vec::new() });
    }

    fn by_cause(&mut self, path: &str, numbers: &ByCause) -> Vec<f64> {
        numbers.resolve(&self.causes).unwrap_or_else(|message| {
            self.problem(path, message);
            vec![0.5; self.causes.len()]
        })
    }

    fn expression(&mut self, path: &str, text: &str) -> Expression {
        Expression::parse(text, &self.dictionary, Reading::True).unwrap_or_else(|error| {
            let mut problem = Problem::at(path, error.to_string());
            problem.offset = Some(error.offset);
            self.problems.push(problem);
            Expression::everybody()
        })
    }

    fn earlier(&mut self, path: &str, name: &str) -> usize {
        self.dictionary.index(name).unwrap_or_else(|| {
            let hint = instead(name, self.dictionary.list.iter().map(|c| c.name.as_str()));
            self.problem(path, format!("no earlier covariate is called “{name}”{hint}"));
            0
        })
    }

    fn latent(&mut self, path: &str, name: &str) -> usize {
        self.latents.iter().position(|l| l == name).unwrap_or_else(|| {
            let hint = instead(name, self.latents.iter().map(String::as_str));
            self.problem(path, format!("no covariate with a latent value is called “{name}”{hint}"));
            0
        })
    }

    fn covariate(&mut self, path: &str, c: &CovariateDocument) {
        let made = [
            c.normal.is_some(),
            c.log_normal.is_some(),
            c.flag.is_some(),
            c.category.is_some(),
            c.points.is_some(),
            c.rules.is_some(),
            c.follows.is_some(),
            c.above.is_some(),
        ];
        if made.iter().filter(|&&m| m).count() != 1 {
            self.problem(
                path,
                format!(
                    "“{}” needs exactly one of normal, log_normal, flag, category, points, rules, follows, above",
                    c.name
                ),
            );
            return;
        }
        if self.dictionary.index(&c.name).is_some() {
            self.problem(path, format!("a covariate called “{}” stands earlier", c.name));
        }
        let (kind, recipe, limits) = self.recipe(path, c);
        let only_if = c.only_if.as_ref().map(|text| self.expression(&format!("{path}.only_if"), text));
        let mut shift = Vec::new();
        for (i, s) in c.shift.iter().enumerate() {
            shift.push((s.by, self.expression(&format!("{path}.shift.{i}.if"), &s.when)));
        }
        let mut needs = match &recipe {
            Recipe::Flag { given, .. } => given.iter().copied().collect(),
            Recipe::Points(list) | Recipe::Rules { first_of: list, .. } => {
                list.iter().flat_map(|(_, rule)| rule.columns()).collect()
            }
            Recipe::Follows { of, .. } | Recipe::Above { of, .. } => vec![*of],
            _ => Vec::new(),
        };
        needs.extend(shift.iter().flat_map(|(_, rule)| rule.columns()));
        needs.extend(only_if.iter().flat_map(Expression::columns));
        needs.push(0);
        needs.sort_unstable();
        needs.dedup();
        let column = self.dictionary.len();
        let covariate = Covariate {
            name: c.name.clone(),
            label: c.label.clone(),
            unit: c.unit.clone(),
            kind: kind.clone(),
            recorded: c.recorded.is_some().then_some(column + 1),
        };
        self.dictionary.list.push(covariate);
        self.makers.push(Maker { recipe, only_if, shift, limits, needs });
        if let Some(recorded) = &c.recorded {
            self.recorded(&format!("{path}.recorded"), c, kind, column, recorded);
        }
    }

    fn recipe(&mut self, path: &str, c: &CovariateDocument) -> (CovariateKind, Recipe, Option<[f64; 2]>) {
        if let Some(d) = &c.normal {
            let latent = self.latent(path, &c.name);
            let mean = self.by_cause(&format!("{path}.normal.mean"), &d.mean);
            let sd = self.by_cause(&format!("{path}.normal.sd"), &d.sd);
            if sd.iter().any(|&s| s.is_nan() || s <= 0.0) {
                self.problem(&format!("{path}.normal.sd"), "a standard deviation has to be above 0");
            }
            let pairs = mean.into_iter().zip(sd);
            let recipe = match d.limits {
                None => Recipe::Normal { latent, by_cause: pairs.collect() },
                Some([low, high]) => {
                    let cut = |(mean, sd): (f64, f64)| {
                        let below = normal_cdf((low - mean) / sd);
                        CutNormal { mean, sd, below, between: normal_cdf((high - mean) / sd) - below }
                    };
                    Recipe::CutNormal { latent, by_cause: pairs.map(cut).collect() }
                }
            };
            self.limits(&format!("{path}.normal.limits"), d.limits);
            return (CovariateKind::Number, recipe, d.limits);
        }
        if let Some(d) = &c.log_normal {
            let latent = self.latent(path, &c.name);
            let median = self.by_cause(&format!("{path}.log_normal.median"), &d.median);
            let sd = self.by_cause(&format!("{path}.log_normal.sd_of_log"), &d.sd_of_log);
            self.limits(&format!("{path}.log_normal.limits"), d.limits);
            let by_cause = median.into_iter().zip(sd).collect();
            return (CovariateKind::Number, Recipe::LogNormal { latent, by_cause }, d.limits);
        }
        if let Some(d) = &c.flag {
            let latent = self.latent(&format!("{path}.flag.latent"), d.latent.as_ref().unwrap_or(&c.name));
            let recipe = match (&d.prevalence, &d.given) {
                (Some(p), None) => {
                    let cuts = self.cuts(&format!("{path}.flag.prevalence"), p);
                    Recipe::Flag { latent, given: None, cuts: [cuts, Vec::new()] }
                }
                (None, Some(g)) => {
                    let given = self.earlier(&format!("{path}.flag.given.flag"), &g.flag);
                    let other = self.latents.iter().position(|l| *l == g.flag);
                    if other.is_some_and(|other| self.correlation[latent][other] != 0.0) {
                        self.problem(path, "a flag within another may not be correlated with it");
                    }
                    let no = self.cuts(&format!("{path}.flag.given.no"), &g.no);
                    let yes = self.cuts(&format!("{path}.flag.given.yes"), &g.yes);
                    Recipe::Flag { latent, given: Some(given), cuts: [no, yes] }
                }
                _ => {
                    self.problem(path, "a flag needs either a prevalence or prevalences given another flag");
                    Recipe::Points(Vec::new())
                }
            };
            return (CovariateKind::Flag, recipe, None);
        }
        if let Some(d) = &c.category {
            let latent = self.latent(path, &c.name);
            return (self.levels(&d.levels, d.ordered), self.category(path, d, latent), None);
        }
        if let Some(d) = &c.points {
            let read = |(i, p): (usize, &super::document::PointsDocument)| {
                (p.points, self.expression(&format!("{path}.points.{i}.if"), &p.when))
            };
            return (CovariateKind::Number, Recipe::Points(d.iter().enumerate().map(read).collect()), None);
        }
        if let Some(d) = &c.rules {
            let mut level = |path: String, name: &String| {
                d.levels.iter().position(|l| l == name).unwrap_or_else(|| {
                    let hint = instead(name, d.levels.iter().map(String::as_str));
                    self.problem(&path, format!("“{name}” is not a level{hint}"));
                    0
                }) as f64
            };
            let otherwise = level(format!("{path}.rules.otherwise"), &d.otherwise);
            let levels: Vec<f64> = d
                .first_of
                .iter()
                .enumerate()
                .map(|(i, r)| level(format!("{path}.rules.first_of.{i}.level"), &r.level))
                .collect();
            let mut first_of = Vec::new();
            for (i, (rule, level)) in d.first_of.iter().zip(levels).enumerate() {
                first_of.push((level, self.expression(&format!("{path}.rules.first_of.{i}.if"), &rule.when)));
            }
            return (self.levels(&d.levels, true), Recipe::Rules { first_of, otherwise }, None);
        }
        if let Some(d) = &c.follows {
            let latent = self.latent(path, &c.name);
            let given = self.latent(&format!("{path}.follows.covariate"), &d.covariate);
            let of = self.earlier(&format!("{path}.follows.covariate"), &d.covariate);
            self.limits(&format!("{path}.follows.limits"), d.limits);
            let recipe = Recipe::Follows {
                latent,
                given,
                rho: self.correlation[latent][given],
                of,
                intercept: d.intercept,
                slope: d.slope,
                residual_sd: d.residual_sd,
            };
            return (CovariateKind::Number, recipe, d.limits);
        }
        let (of, cut) = match &c.above {
            Some(d) => (self.earlier(&format!("{path}.above.covariate"), &d.covariate), d.cut),
            None => (0, 0.0),
        };
        (CovariateKind::Flag, Recipe::Above { of, cut }, None)
    }

    fn limits(&mut self, path: &str, limits: Option<[f64; 2]>) {
        if limits.is_some_and(|[low, high]| low >= high) {
            self.problem(path, "the lower limit has to be below the upper one");
        }
    }

    fn levels(&mut self, names: &[String], ordered: bool) -> CovariateKind {
        CovariateKind::Levels { names: names.to_vec(), ordered }
    }

    fn category(&mut self, path: &str, d: &super::document::CategoryDocument, latent: usize) -> Recipe {
        let mut above = vec![0.0; self.causes.len()];
        let mut cuts = vec![Vec::new(); self.causes.len()];
        for name in d.share.keys().filter(|k| !d.levels[1..].contains(k)) {
            let hint = instead(name, d.levels[1..].iter().map(String::as_str));
            self.problem(&format!("{path}.category.share.{name}"), format!("“{name}” takes no share{hint}"));
        }
        for name in d.levels[1..].iter().rev() {
            let path = format!("{path}.category.share.{name}");
            let Some(share) = d.share.get(name) else {
                self.problem(&path, format!("the share of “{name}” is missing"));
                continue;
            };
            for (cause, share) in self.by_cause(&path, share).into_iter().enumerate() {
                above[cause] += share;
                if !(0.0..=1.0).contains(&share) || above[cause] > 1.0 + 1e-9 {
                    self.problem(&path, "shares have to lie between 0 and 1 and add up to 1 at most");
                }
                cuts[cause].push(cut(above[cause]));
            }
        }
        Recipe::Category { latent, cuts }
    }

    fn cuts(&mut self, path: &str, prevalence: &ByCause) -> Vec<f64> {
        let shares = self.by_cause(path, prevalence);
        if let Some(p) = shares.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            self.problem(path, format!("{p} is not a share; write 0.41 for 41 %"));
        }
        shares.into_iter().map(cut).collect()
    }

    fn recorded(
        &mut self,
        path: &str,
        c: &CovariateDocument,
        kind: CovariateKind,
        of: usize,
        table: &std::collections::BTreeMap<String, Vec<f64>>,
    ) {
        let CovariateKind::Levels { names, .. } = &kind else {
            self.problem(path, "only a covariate with levels can be recorded as another level");
            return;
        };
        let cumulative = cumulative(path, names, table, &mut self.problems);
        self.dictionary.list.push(Covariate {
            name: format!("recorded.{}", c.name),
            label: format!("{}, as recorded", c.label),
            unit: c.unit.clone(),
            kind,
            recorded: None,
        });
        let recipe = Recipe::Recorded { of, recording: Recording::Levels(cumulative), missing: None };
        self.makers.push(Maker { recipe, only_if: None, shift: Vec::new(), limits: None, needs: vec![of] });
    }
}

/// The point of a standard normal above which a share `p` lies.
fn cut(p: f64) -> f64 {
    if p <= 0.0 {
        f64::INFINITY
    } else if p >= 1.0 {
        f64::NEG_INFINITY
    } else {
        -normal_quantile(p)
    }
}
