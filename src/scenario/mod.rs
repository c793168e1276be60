//! From TOML to trials ready to run; reads every TOML file.

pub mod adaptive_text;
mod beside;
pub mod build;
pub mod cite;
pub mod document;
pub mod expect;
pub mod family_text;
pub mod interventions;
pub mod kept;
pub mod levers;
pub mod limits;
pub mod place;
pub mod population_file;
pub mod published;
pub mod recorded;
pub mod reference;
pub mod runs;
pub mod schema;
pub mod text;

use crate::{
    calibration::{
        aim::{Adherence, Aim},
        large_trials::complete,
        marginal::Arm,
        prior::Prior,
        trial::{Predicted, Solved, Unreachable, predict, solve},
        truth::{Known, Truth, truth},
    },
    error::{Error, Finding, Result, Source},
    outcome::{
        course::{Course, Treatment},
        endpoint::Endpoint,
        recipe::Recipe,
    },
    population::{Dictionary, Expression, Homogeneous, Population, Reading, Screening},
    simulation::{Role, Run},
    trial::{
        pool::{FEW_ROWS, MOST_SCREENED, POOL_ROWS, Pool, TOO_FEW_ROWS},
        screening::{Line, screening_log},
    },
};

use build::{Builder, Cells, MOST_RULES};
use document::{Document, Sourced};
use expect::Expectation;
use kept::{Base, Kept, PoolKey, Watch};
use place::{Named, Place};
use population_file::PopulationFile;
use published::PublishedText;
use recorded::Recorded;
use runs::RunText;
use std::{path::Path, sync::Arc};
use text::{CostText, EstimandText, ExpectText, PriorText, ScenarioText};

/// What the command line changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// `path=value`, in order.
    pub set: Vec<(String, String)>,
    /// Replicates of every run.
    pub replicates: Option<u64>,
    pub seed: Option<u64>,
    /// Leaves the truths out: they take seconds, and only operating characteristics need them.
    pub without_truths: bool,
    /// Which runs are prepared.
    pub runs: Wanted,
    /// Rows of the pool, where fewer than usual will do: every expectation goes through all of them.
    pub pool_rows: Option<usize>,
}

/// Which runs of a scenario are prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// All.
    #[default]
    All,
    /// The base, and the base with its effect from the prior, on the patients all runs share: the same
    /// trials as among all runs.
    Base,
    /// The base alone, on patients of its own.
    BaseAlone,
}

/// A scenario ready to run.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub source: Arc<Source>,
    pub title: String,
    pub question: String,
    pub limits: Vec<String>,
    pub seed: u64,
    /// The population file, if there is one.
    pub registry: Option<Arc<Source>>,
    /// The population's solved parameters, as its fitted file has them.
    pub fitted: Option<String>,
    pub population: Population,
    pub pool: Arc<Pool>,
    pub runs: Vec<Run>,
    /// Why each run is there, in words; empty if not said.
    pub whys: Vec<String>,
    /// What the course of each run is made from, the benefit of its primary treatment as stated: for what is
    /// asked of other shares of it.
    pub recipes: Vec<Recipe>,
    /// What is thought of the effect before the trial.
    pub prior: Prior,
    /// Whether that is what finished trials suggest, the scenario stating none of its own.
    pub usual_prior: bool,
    /// Strategies set beside the base: their runs, from 0, the base first; empty if none are.
    pub strategies: Vec<usize>,
    /// By run: which rows of the pool it would be right to treat, for strategies whose comparison says so.
    pub right: Vec<Option<Vec<bool>>>,
    pub cost: Option<CostText>,
    /// Each run as written, after its changes; for what the report says of the design.
    pub texts: Vec<ScenarioText>,
    /// One for each run, unless they were left out.
    pub truths: Vec<Truth>,
    /// What was solved for, in the base and where a run states its own.
    pub solved: Vec<(u32, Solved)>,
    /// What entry criteria alone predict for the risks the base is anchored to.
    pub predicted: Vec<Predicted>,
    /// The patients of the base in usual care: as entry criteria say, and anchored.
    pub usual_care: UsualCare,
    /// Numbers of the scenario with their provenance, then every number that has none.
    pub sourced: Vec<Sourced>,
    pub expectations: Vec<Expectation>,
    /// Results or plan of the trial, if the file states them.
    pub published: Option<PublishedText>,
    /// The files of the interventions its arms take.
    pub interventions: Vec<Arc<Source>>,
    pub warnings: Vec<String>,
    /// The column in which each run records a covariate, where it says how.
    pub recorded: Vec<Recorded>,
    /// What becomes of those who are screened for the base run.
    pub screening: Vec<Line>,
}

impl Scenario {
    /// The covariates as run number `run`, from 1, knows them.
    pub fn dictionary(&self, run: u32) -> Dictionary {
        recorded::dictionary(self.population.dictionary(), &self.recorded[run as usize])
    }
}

/// Reads and prepares a scenario: checks it, fills the pool, solves what is stated by its result.
pub fn load(path: &Path, changes: &Changes) -> Result<Scenario> {
    let source = document::read(path)?;
    prepare(&source, path.parent().unwrap_or(Path::new(".")), changes)
}

/// Prepares a scenario from its text; the files it names are where `place` says.
pub fn prepare<'p>(source: &Arc<Source>, place: impl Into<Place<'p>>, changes: &Changes) -> Result<Scenario> {
    prepare_again(source, place, changes, &Kept::default(), Watch::default())
}

/// Prepares a scenario as [`prepare`] does, with what earlier preparations of the same text have kept.
pub fn prepare_again<'p>(
    source: &Arc<Source>,
    place: impl Into<Place<'p>>,
    changes: &Changes,
    kept: &Kept,
    watch: Watch,
) -> Result<Scenario> {
    let place = place.into();
    let taken = kept.taken.of(&(), || interventions::read_all(&Document::parse(source)?, place))?;
    let mut file = Document::parse(source)?;
    interventions::put_in(&mut file, &taken)?;
    let set = runs::take_set(&mut file)?;
    let sourced = {
        let mut all = file.clone();
        let sourced = all.take_citations()?;
        cite::check(&all, &sourced)?;
        with_assumptions(&all, sourced)
    };
    let expect = file.take("expect");
    let published = published(&mut file)?;
    let parts = runs::take_parts(&mut file)?;
    let stated = {
        let mut document = file.clone();
        document.take_citations()?;
        let text: ScenarioText = document.read_as()?;
        (document, text)
    };
    let mut base = with_set(&file, set)?;
    for (path, value) in &changes.set {
        base.set_text(path, value)?;
    }
    let all_runs = parts.runs(&base)?;
    let run_texts = if changes.runs == Wanted::BaseAlone { &all_runs[..1] } else { &all_runs[..] };
    let people = population(&run_texts[0].document, &run_texts[0].text, place, kept)?;
    let (registry, fitted, mut shared) = match people {
        Some(file) => {
            let registry = Population::Registry(Box::new(file.registry.clone()));
            let with_own = build::with_events(registry, &run_texts[0].document, &run_texts[0].text)?;
            (Some(file.source.clone()), Some(file.fitted.clone()), Some(with_own))
        }
        None => (None, None, None),
    };
    let texts =
        std::iter::once((&stated.0, &stated.1)).chain(run_texts.iter().map(|r| (&r.document, &r.text)));
    let recorded = recorded::record(&mut shared, texts)?;
    known_arms(&stated.1, run_texts)?;
    let mut expectations = expectations(&file, expect, &all_runs, shared.as_ref())?;
    let pooled = run_texts;
    let run_texts = if changes.runs == Wanted::All { run_texts } else { &run_texts[..1] };
    expectations.retain(|e| e.run < run_texts.len());
    let maker = Maker {
        shared,
        recorded: &recorded,
        stated: &stated,
        pooled,
        run_texts,
        warnings: Vec::new(),
        kept,
        watch,
    };
    let (prior, usual_prior) = prior(&all_runs[0])?;
    let mut strategies = strategies(&all_runs)?;
    strategies.retain(|&run| run < run_texts.len());
    let made = maker.make(changes, &strategies, (prior, usual_prior))?;
    Ok(Scenario {
        source: source.clone(),
        title: stated.1.title.clone(),
        question: stated.1.question.clone(),
        limits: stated.1.limits.clone(),
        seed: changes.seed.unwrap_or(run_texts[0].text.seed),
        registry,
        fitted,
        population: made.population,
        pool: made.pool,
        whys: run_texts
            .iter()
            .map(|r| r.why.clone())
            .chain(made.beside.iter().map(|b| b.1.clone()))
            .collect(),
        texts: run_texts
            .iter()
            .map(|r| r.text.clone())
            .chain(made.beside.iter().map(|b| run_texts[b.0].text.clone()))
            .collect(),
        runs: made.runs,
        recipes: made.recipes,
        prior,
        usual_prior,
        strategies,
        right: made.right,
        cost: run_texts[0].text.comparison.as_ref().and_then(|c| c.cost.clone()),
        truths: made.truths,
        solved: made.solved,
        predicted: made.predicted,
        usual_care: made.usual_care,
        sourced,
        expectations,
        published,
        interventions: taken.iter().map(|t| t.source.clone()).collect(),
        warnings: made.warnings,
        recorded,
        screening: made.screening,
    })
}

/// The file with what it sets of itself.
fn with_set<'a>(file: &Document<'a>, set: Vec<runs::Set<'a>>) -> Result<Document<'a>> {
    let mut base = file.clone();
    for (path, value) in set {
        let span = value.span();
        base.set(&path, value).map_err(|why| Error::from(Finding::new(why).at(&file.source, span)))?;
    }
    Ok(base)
}

/// Takes out what the trial published.
fn published(file: &mut Document) -> Result<Option<PublishedText>> {
    let Some(value) = file.take("published") else { return Ok(None) };
    let mut document = Document::of_value(file, value);
    document.take_citations()?;
    document.read_as().map(Some)
}

/// The prior of the base, and whether it is the usual one.
fn prior(base: &RunText) -> Result<(Prior, bool)> {
    match base.text.prior {
        Some(PriorText::ShareOfBenefit { mean, sd }) if mean.is_finite() && sd > 0.0 && sd.is_finite() => {
            Ok((Prior { mean, sd }, false))
        }
        Some(PriorText::ShareOfBenefit { sd, .. }) => {
            let message = format!("{sd} is not a standard deviation; it has to be above 0");
            Err(base.document.finding("prior.share_of_benefit.sd", message).into())
        }
        Some(PriorText::FinishedTrials) => Ok((Prior::from_finished_trials(), true)),
        None => Ok((Prior::from_finished_trials(), true)),
    }
}

/// The runs of the strategies that are compared, the base first.
fn strategies(runs: &[RunText]) -> Result<Vec<usize>> {
    let Some(comparison) = &runs[0].text.comparison else { return Ok(Vec::new()) };
    let (mut list, mut findings) = (vec![0], Vec::new());
    for (i, name) in comparison.strategies.iter().enumerate() {
        match runs.iter().position(|r| r.variant == *name && r.sweep.is_empty()) {
            Some(run) if !list.contains(&run) => list.push(run),
            found => {
                let names: Vec<&str> =
                    runs.iter().map(|r| r.variant.as_str()).filter(|n| !n.is_empty()).collect();
                let message = match found {
                    Some(_) => format!("“{name}” stands here twice"),
                    None => format!("there is no variant “{name}”{}", document::suggestion(name, &names)),
                };
                findings.push(runs[0].document.finding(&format!("comparison.strategies.{i}"), message));
            }
        }
    }
    if let Some(cost) = &comparison.cost {
        for (key, value) in
            [("screened", cost.screened), ("enrolled", cost.enrolled), ("treated", cost.treated)]
        {
            if !(value >= 0.0 && value.is_finite()) {
                let path = format!("comparison.cost.{key}");
                findings
                    .push(runs[0].document.finding(&path, format!("{value} is not a cost; write 0 or more")));
            }
        }
    }
    if findings.is_empty() { Ok(list) } else { Err(Error::Input(findings)) }
}

/// Adds every number that cites nothing as an assumption without a reason.
fn with_assumptions(document: &Document, sourced: Vec<Sourced>) -> Vec<Sourced> {
    let known: std::collections::HashSet<&str> = sourced.iter().map(|s| s.path.as_str()).collect();
    let bare: Vec<Sourced> = document
        .numbers()
        .into_iter()
        .filter(|(path, ..)| !known.contains(path.as_str()) && !is_conduct(path))
        .map(|(path, value, span)| Sourced {
            path,
            value,
            from: document::Provenance::Assumed(String::new()),
            span,
        })
        .collect();
    sourced.into_iter().chain(bare).collect()
}

/// Numbers that choose how the simulation is run and state nothing about patients.
fn is_conduct(path: &str) -> bool {
    path.starts_with("trial.design.")
        || ["seed", "replicates", "within", "blocks", "by", "published"]
            .iter()
            .any(|key| path.split('.').any(|part| part == *key))
}

fn expectations<'a>(
    file: &Document<'a>,
    expect: Option<toml::Spanned<toml::de::DeValue<'a>>>,
    runs: &[RunText],
    registry: Option<&Population>,
) -> Result<Vec<Expectation>> {
    let Some(expect) = expect else { return Ok(Vec::new()) };
    let toml::de::DeValue::Array(items) = expect.into_inner() else {
        return Err(Error::input("write each expectation as [[expect]]"));
    };
    let (mut list, mut findings) = (Vec::new(), Vec::new());
    for item in items {
        let span = item.span();
        let mut one = Document::of_value(file, item);
        let cited = one.take_citations()?;
        let text: ExpectText = one.read_as()?;
        let wrong = |message: String| Finding::new(message).at(&file.source, span.clone());
        let variant = text.variant.clone().unwrap_or_default();
        let run = runs.iter().position(|r| r.variant == variant && r.sweep.is_empty());
        if run.is_none() {
            let names: Vec<&str> =
                runs.iter().map(|r| r.variant.as_str()).filter(|n| !n.is_empty()).collect();
            let hint = document::suggestion(&variant, &names);
            findings.push(wrong(format!("there is no variant “{variant}”{hint}")));
        }
        if text.measure().is_none() {
            findings.push(wrong("state one of risk, power, truth, estimate_mean".into()));
        }
        if text.measure().is_some_and(|(m, _)| m == "risk") && text.arm.is_none() {
            findings.push(wrong("a risk is expected in an arm; add arm = \"…\"".into()));
        }
        if text.within > 0.02 && text.why.is_empty() {
            findings.push(wrong("a tolerance above 2 points needs a reason: why = \"…\"".into()));
        } else if let Some((id, half)) = cited.iter().find_map(cite::half_width)
            && text.within > half * (1.0 + 1e-9)
            && text.why.is_empty()
        {
            let message =
                format!("the interval of {id} is ±{half:.4}; a wider tolerance needs a reason: why = \"…\"");
            findings.push(one.finding("within", message));
        }
        if let (Some(run), Some((measure, _))) = (run, text.measure()) {
            let names = expected_names(&runs[run].text, measure, registry);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            if !names.contains(&text.of.as_str()) {
                let what = if measure == "risk" { "end point or event" } else { "estimand" };
                let message =
                    format!("there is no {what} “{}”{}", text.of, document::suggestion(&text.of, &names));
                findings.push(one.finding("of", message));
            }
            let arms = runs[run].text.arm.names();
            if let Some(arm) = text.arm.as_deref().filter(|arm| !arms.contains(arm)) {
                let message = format!("there is no arm “{arm}”{}", document::suggestion(arm, &arms));
                findings.push(one.finding("arm", message));
            }
        }
        let line = file.source.text[..span.start].matches('\n').count() + 1;
        list.push(Expectation { run: run.unwrap_or(0), text, line });
    }
    if findings.is_empty() { Ok(list) } else { Err(Error::Input(findings)) }
}

/// What an expectation of `measure` can be of: estimands, or for a risk end points and events.
fn expected_names(text: &ScenarioText, measure: &str, registry: Option<&Population>) -> Vec<String> {
    if measure != "risk" {
        let all = |(name, estimand): &(String, EstimandText)| {
            let also = estimand.also.iter().map(|summary| format!("{name}.{}", summary.name()));
            std::iter::once(name.clone()).chain(also).collect::<Vec<_>>()
        };
        return text.estimand.0.iter().flat_map(all).collect();
    }
    let compared = |name: &str| text.estimand.0.iter().any(|(_, e)| e.endpoint == name);
    let mut names: Vec<String> =
        text.endpoint.names().into_iter().filter(|name| compared(name)).map(str::to_owned).collect();
    match (registry, &text.population.homogeneous) {
        (Some(registry), _) => names.extend(registry.events().list.iter().map(|e| e.name.clone())),
        (None, Some(homogeneous)) => names.extend(homogeneous.event.keys().cloned()),
        (None, None) => {}
    }
    names.extend(["death_any_cause".to_owned(), "crossover".to_owned()]);
    names
}

/// An arm that only a variant or the command line speaks of, and that no patient can get, is a slip of the pen.
fn known_arms(stated: &ScenarioText, runs: &[RunText]) -> Result<()> {
    let mut findings = Vec::new();
    for run in runs {
        let gets = |name: &str| {
            run.text.trial.allocation.ratio.get(name).is_some()
                || run.text.arm.0.iter().any(|(_, arm)| {
                    arm.instead.iter().any(|i| i.arm == name) || arm.bail_out.iter().any(|b| b.to == name)
                })
        };
        for name in run.text.arm.names() {
            if stated.arm.get(name).is_none() && !gets(name) {
                let hint = document::suggestion(name, &stated.arm.names());
                findings.push(
                    run.document.finding(&format!("arm.{name}"), format!("there is no arm “{name}”{hint}")),
                );
            }
            if let (Some(stated), Some(own)) = (stated.arm.get(name), run.text.arm.get(name))
                && let Some(why) = interventions::late(stated, own)
            {
                findings.push(run.document.finding(&format!("arm.{name}.interventions"), why));
            }
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Input(findings)) }
}

/// The population file of a scenario; none for a homogeneous one.
fn population(
    document: &Document,
    text: &ScenarioText,
    place: Place,
    kept: &Kept,
) -> Result<Option<Arc<PopulationFile>>> {
    match (&text.population.registry, &text.population.homogeneous) {
        (Some(registry), None) => {
            let read = || {
                if registry == population_file::BUILT_IN && matches!(place, Place::Folder(_)) {
                    return population_file::built_in();
                }
                let path = place
                    .path(Named::Population, registry)
                    .map_err(|why| document.finding("population.registry", why))?;
                population_file::read_population(&path)
            };
            kept.people.of(registry, read).map(Some)
        }
        (None, Some(_)) => Ok(None),
        _ => Err(document
            .finding(
                "population",
                "say who the patients are: either registry = \"…\" or homogeneous.event.… = { … }",
            )
            .into()),
    }
}

/// Registry rows the screening log is counted on.
const LOG_ROWS: u64 = 1 << 15;

/// Makes the runs of a scenario, on one pool.
struct Maker<'m, 'a> {
    /// The registry; `None` where each run states a homogeneous population.
    shared: Option<Population>,
    /// How covariates are recorded: in the base as stated, then in each run.
    recorded: &'m [Recorded],
    /// The base document before `--set`: what anchors and results are solved on.
    stated: &'m (Document<'a>, ScenarioText),
    /// The runs whose patients are in the pool.
    pooled: &'m [RunText<'a>],
    /// The runs that are made.
    run_texts: &'m [RunText<'a>],
    warnings: Vec<String>,
    kept: &'m Kept,
    watch: Watch<'m>,
}

struct Made {
    screening: Vec<Line>,
    population: Population,
    pool: Arc<Pool>,
    runs: Vec<Run>,
    recipes: Vec<Recipe>,
    right: Vec<Option<Vec<bool>>>,
    /// The runs no text states, by the run each is like, and why it is there.
    beside: Vec<(usize, String)>,
    truths: Vec<Truth>,
    solved: Vec<(u32, Solved)>,
    predicted: Vec<Predicted>,
    usual_care: UsualCare,
    warnings: Vec<String>,
}

/// Courses of the base without any effect or change of treatment; all arms are alike.
#[derive(Clone, Debug)]
pub struct UsualCare {
    /// As entry criteria alone say.
    pub predicted: Course,
    /// With the risks the trial is anchored to.
    pub anchored: Course,
}

/// A recipe with its aims, and the text they came from.
#[derive(Clone)]
struct Frozen {
    recipe: Recipe,
    aims: Vec<Aim>,
}

impl Maker<'_, '_> {
    fn make(mut self, changes: &Changes, strategies: &[usize], prior: (Prior, bool)) -> Result<Made> {
        let population = self.population_of(&self.stated.0, &self.stated.1, 0)?;
        let key = self.pool_key(&population, changes.pool_rows.unwrap_or(POOL_ROWS))?;
        let pooled = self.kept.pools.of(&key, || {
            (self.watch.solving)();
            self.pool(&population, &key).map(|(pool, cells)| (Arc::new(pool), cells))
        })?;
        let (pool, cells) = (pooled.0.clone(), &pooled.1);
        self.watch.go_on()?;
        let base = self.kept.bases.of(&key, || {
            (self.watch.solving)();
            let base = self.frozen(&population, &pool, cells, &self.stated.0, &self.stated.1)?;
            let predicted = predict(&base.recipe, &base.aims, &pool, &vec![1.0; pool.len()]);
            self.watch.go_on()?;
            let as_predicted = base.recipe.clone().without_effects().course();
            let (frozen, solved) = self.solve(base, None, &key, &pool, &self.stated.0, |_| true)?;
            Ok(Base { frozen, solved, predicted, as_predicted })
        })?;
        let (predicted, as_predicted) = (base.predicted.clone(), base.as_predicted.clone());
        let (base_solved, base) = (base.solved.clone(), &base.frozen);
        let usual_care =
            UsualCare { predicted: as_predicted, anchored: base.recipe.clone().without_effects().course() };
        let mut solved: Vec<(u32, Solved)> = base_solved.into_iter().map(|s| (0, s)).collect();
        let taken = |weights: &[f64]| weights.iter().sum::<f64>() / weights.len() as f64;
        let share_taken = {
            let mut builder = Builder::new(&self.stated.0, &self.stated.1, &population);
            let eligible = builder.eligible();
            let consent = builder.consent(&pool);
            let alive = alive_at_randomisation(&self.stated.1, &population, cells, &pool);
            let weight = |row: usize| {
                if eligible.evaluate(&pool.columns, row) { consent[row] * alive[row] } else { 0.0 }
            };
            taken(&(0..pool.len()).map(weight).collect::<Vec<f64>>())
        };
        let (mut runs, mut recipes, mut screening) = (Vec::new(), Vec::new(), Vec::new());
        let mut right: Vec<Option<Vec<bool>>> = Vec::new();
        for (index, run) in self.run_texts.iter().enumerate() {
            let number = index as u32 + 1;
            let population = self.same_patients(&population, run, index + 1)?;
            self.watch.go_on()?;
            let own = self.frozen(&population, &pool, cells, &run.document, &run.text)?;
            let (own, own_solved) =
                self.solve(own, Some(base), &key, &pool, &run.document, |path| run.sets(path))?;
            solved.extend(own_solved.into_iter().map(|s| (number, s)));
            let mut recipe = if run.text.null { own.recipe.without_effects() } else { own.recipe };
            let mut builder = Builder::new(&run.document, &run.text, &population);
            let endpoints = builder.endpoints();
            let alive = alive_at_randomisation(&run.text, &population, cells, &pool);
            let shares = builder.shares_of_benefit();
            if index == 0 {
                let (eligible, consent) = (builder.eligible(), builder.consent(&pool));
                let failing = match &population {
                    Population::Registry(registry) => registry.first_failures(&eligible, LOG_ROWS),
                    Population::Homogeneous(_) => Vec::new(),
                };
                let meets = |row: usize| eligible.evaluate(&pool.columns, row);
                screening = screening_log(failing, &pool, meets, &alive, &consent);
            }
            let mut trial = builder.trial(&recipe, endpoints, &pool, &alive, share_taken);
            recipe.circumstances.days.clone_from(&trial.course.circumstances.days);
            let primary = trial.estimands.first().map(|e| usize::from(e.treatment));
            for (arm, &share) in
                shares.iter().enumerate().filter(|(arm, share)| Some(*arm) != primary && **share != 1.0)
            {
                recipe = recipe.with_benefit(arm, share);
            }
            trial.course = match primary {
                Some(arm) if shares[arm] != 1.0 => recipe.clone().with_benefit(arm, shares[arm]).course(),
                _ => recipe.course(),
            };
            recipes.push(recipe);
            right.push(if strategies.contains(&index) { builder.right(&pool) } else { None });
            let trial = builder.finish(trial)?;
            self.check_size(run, &trial.enrolment.probability, &pool)?;
            runs.push(Run {
                number,
                variant: run.variant.clone(),
                sweep: run.sweep.clone(),
                null: run.text.null,
                replicates: changes.replicates.or(run.replicates).unwrap_or(run.text.replicates),
                trial,
                role: run.role.clone(),
            });
        }
        let mut beside = Vec::new();
        let seed = changes.seed.unwrap_or(self.run_texts[0].text.seed);
        let mut added = beside::equal(&runs, strategies, &pool, seed);
        added.extend(beside::without_effects(&runs, &recipes, strategies));
        let shock = matches!(population, Population::Registry(_)) || self.run_texts[0].text.prior.is_some();
        let drawn = beside::drawn(&runs[0], &recipes[0], prior);
        added.extend(drawn.filter(|_| shock && changes.runs != Wanted::BaseAlone));
        for (like, why, run) in added {
            let own = recipes[like].clone();
            right.push(right[like].clone());
            recipes.push(if matches!(run.role, Role::NoEffect(_)) { own.without_effects() } else { own });
            beside.push((like, why));
            runs.push(Run { number: runs.len() as u32 + 1, ..run });
        }
        let truths = if changes.without_truths {
            Vec::new()
        } else {
            truths(&runs, &pool, &key, self.kept, self.watch)
        };
        Ok(Made {
            screening,
            population,
            pool,
            runs,
            recipes,
            right,
            beside,
            truths,
            solved,
            predicted,
            usual_care,
            warnings: self.warnings,
        })
    }

    /// The population as run `number` sees it; 0 is the base as stated.
    fn population_of(&self, document: &Document, text: &ScenarioText, number: usize) -> Result<Population> {
        match (&self.shared, &text.population.homogeneous) {
            (Some(Population::Registry(registry)), None) => {
                let mut registry = registry.clone();
                registry.dictionary = recorded::dictionary(&registry.dictionary, &self.recorded[number]);
                Ok(Population::Registry(registry))
            }
            (None, Some(homogeneous)) => Homogeneous::new(homogeneous)
                .map(Population::Homogeneous)
                .map_err(|problems| population_file::findings(document, &problems, "population.homogeneous")),
            _ => Err(document
                .finding("population", "all runs of a scenario share one kind of population")
                .into()),
        }
    }

    /// The population of a run, which may differ from the base in its hazards and not in who there is.
    fn same_patients(&self, base: &Population, run: &RunText, number: usize) -> Result<Population> {
        let own = self.population_of(&run.document, &run.text, number)?;
        match (base, &own) {
            (Population::Homogeneous(base), Population::Homogeneous(other)) if !base.same_patients(other) => {
                let message = "all runs share their patients: flags, their shares and the events they change";
                Err(run.document.finding("population.homogeneous", message).into())
            }
            _ => Ok(own),
        }
    }

    /// What the pool follows from: the rules of all runs, and what they state of the population, and how many rows are wanted.
    fn pool_key(&self, population: &Population, rows: usize) -> Result<PoolKey> {
        let mut within = Vec::new();
        let mut rules = Vec::new();
        let texts = std::iter::once((&self.stated.0, &self.stated.1))
            .chain(self.pooled.iter().map(|r| (&r.document, &r.text)));
        let mut people = format!("{:?}", self.pooled[0].text.population.event);
        for (number, (document, text)) in texts.enumerate() {
            let population = self.population_of(document, text, number)?;
            let mut builder = Builder::new(document, text, &population);
            let rule = builder.eligible();
            within.extend(builder.within());
            rules.push(builder.finish(rule)?);
            people += &format!("{:?}", text.population.recorded);
        }
        let rules = widest(rules);
        let groups = Cells::new(within.clone(), population.classes().len()).len();
        if groups > MOST_RULES {
            let message = format!("effects hold within {groups} different groups; {MOST_RULES} are possible");
            return Err(Error::input(message));
        }
        Ok(PoolKey { people, rules, within, rows })
    }

    /// Screens the union of all runs' entry criteria.
    fn pool(&self, population: &Population, key: &PoolKey) -> Result<(Pool, Cells)> {
        let cells = Cells::new(key.within.clone(), population.classes().len());
        let union = any_of(key.rules.clone());
        let screening = match population {
            Population::Homogeneous(h) => Screening { columns: h.columns(0..h.rows()), screened: h.rows() },
            Population::Registry(_) => population.screen(&union, key.rows, MOST_SCREENED),
        };
        let found = screening.columns.len();
        if matches!(population, Population::Registry(_)) && found < TOO_FEW_ROWS {
            return Err(self.nobody(population, found));
        }
        let events = population.events().len();
        let mut pool = Pool {
            rates: vec![0.0; found * events],
            events,
            class: Vec::with_capacity(found),
            screened: screening.screened,
            columns: screening.columns,
        };
        for row in 0..found {
            let rates = &mut pool.rates[row * events..(row + 1) * events];
            population.rates(&pool.columns, row, rates);
            let class = cells.class(population.class(&pool.columns, row), &pool.columns, row);
            pool.class.push(class as u8);
        }
        Ok((pool, cells))
    }

    /// The message when hardly anybody is eligible: it names the rule that binds.
    fn nobody(&self, population: &Population, found: usize) -> Error {
        let mut message = format!(
            "{found} of {MOST_SCREENED} patients screened are eligible; a trial needs at least {TOO_FEW_ROWS}"
        );
        let mut path = "population.eligible".to_owned();
        if let Population::Registry(registry) = population {
            let rules = self.stated.1.population.eligible.iter().enumerate();
            let parsed = rules.filter_map(|(i, text)| {
                Some((i, Expression::parse(text, population.dictionary(), Reading::Recorded).ok()?))
            });
            let shares = parsed.flat_map(|(i, rule)| {
                registry.clause_shares(&rule, 1 << 14).into_iter().map(move |share| (i, share))
            });
            if let Some((i, (text, share))) = shares.min_by(|a, b| a.1.1.total_cmp(&b.1.1)) {
                message += &format!("; “{text}” alone keeps {:.2} %", 100.0 * share);
                path += &format!(".{i}");
            }
        }
        self.stated.0.finding(&path, message).into()
    }

    fn frozen(
        &self,
        population: &Population,
        pool: &Pool,
        cells: &Cells,
        document: &Document,
        text: &ScenarioText,
    ) -> Result<Frozen> {
        let mut builder = Builder::new(document, text, population);
        let endpoints: Vec<Endpoint> = builder.endpoints();
        let (recipe, aims) = builder.recipe(&endpoints, pool, cells);
        builder.finish(Frozen { recipe, aims })
    }

    /// Solves the aims of a run that the base does not already answer; the base's numbers are frozen.
    fn solve(
        &self,
        mut own: Frozen,
        base: Option<&Frozen>,
        key: &PoolKey,
        pool: &Pool,
        document: &Document,
        sets: impl Fn(&str) -> bool,
    ) -> Result<(Frozen, Vec<Solved>)> {
        let mut open = Vec::new();
        for aim in &own.aims {
            let known = base.and_then(|b| {
                let known = b.aims.iter().find(|known| same_claim(known, aim))?;
                Some(b.recipe.read(known.knob))
            });
            if let Some(value) = known {
                own.recipe.turn(aim.knob, value);
            }
            if known.is_none() || sets(&aim.path) {
                open.push(aim.clone());
            }
        }
        if open.is_empty() {
            return Ok((own, Vec::new()));
        }
        let question = (key.clone(), own.recipe.clone(), open);
        let answer = self.kept.solved.of(&question, || {
            (self.watch.solving)();
            let (mut recipe, weight) = (own.recipe.clone(), vec![1.0; pool.len()]);
            match solve(&mut recipe, &question.2, pool, &weight) {
                Ok(solved) => Ok((recipe, solved)),
                Err(missed) => Err(unreachable(document, &missed)),
            }
        })?;
        own.recipe = answer.0.clone();
        Ok((own, answer.1.clone()))
    }

    fn check_size(&mut self, run: &RunText, probability: &[f64], pool: &Pool) -> Result<()> {
        if pool.len() < TOO_FEW_ROWS {
            return Ok(());
        }
        let rows = probability.iter().filter(|&&p| p > 0.0).count();
        let name = if run.variant.is_empty() { "the base run" } else { &run.variant };
        if rows < TOO_FEW_ROWS {
            let message =
                format!("only {rows} of the {} patients of the pool are eligible in {name}", pool.len());
            return Err(run.document.finding("population.eligible", message).into());
        }
        if rows < FEW_ROWS {
            self.warnings
                .push(format!("{name}: only {rows} registry rows are eligible, so its truth is coarse"));
        }
        Ok(())
    }
}

/// Whether two aims state the same thing, so that the one's number serves the other.
///
/// The rows are compared by what was written, not by the run's own eligibility: enrichment never moves
/// the baseline of the patients it keeps.
fn same_claim(base: &Aim, own: &Aim) -> bool {
    base.path == own.path && base.wanted == own.wanted && base.adherence == own.adherence
}

fn unreachable(document: &Document, missed: &[Unreachable]) -> Error {
    let finding = |m: &Unreachable| {
        let message = format!(
            "no hazard ratio gives {:.4} for {}; from {:.4} to {:.4} can be reached",
            m.wanted, m.label, m.reachable[0], m.reachable[1]
        );
        document.finding(&m.path, message)
    };
    Error::Input(missed.iter().map(finding).collect())
}

/// Each rule once, without those that only ask for more than another does: who meets one of the rest meets
/// one of all.
fn widest(rules: Vec<Expression>) -> Vec<Expression> {
    let clauses: Vec<Vec<Expression>> = rules.iter().map(Expression::clauses).collect();
    let asks_more = |own: usize, other: usize| {
        let more = clauses[other].iter().all(|clause| clauses[own].contains(clause));
        let as_much = clauses[own].iter().all(|clause| clauses[other].contains(clause));
        more && (!as_much || other < own)
    };
    let kept = |own: &usize| !(0..rules.len()).any(|other| other != *own && asks_more(*own, other));
    (0..rules.len()).filter(kept).map(|own| rules[own].clone()).collect()
}

fn any_of(mut distinct: Vec<Expression>) -> Expression {
    if distinct.len() == 1 {
        return distinct.remove(0);
    }
    Expression {
        root: crate::population::expression::Node::Or(distinct.into_iter().map(|r| r.root).collect()),
    }
}

/// Probability that a patient of each pool row is alive, and in hospital, when randomised.
fn alive_at_randomisation(
    text: &ScenarioText,
    population: &Population,
    cells: &Cells,
    pool: &Pool,
) -> Vec<f64> {
    let delay = text.population.delay.map_or(0.0, |d| d.0);
    if delay == 0.0 {
        return vec![1.0; pool.len()];
    }
    let regime = cells.spread(population.baseline_regime());
    let affects = vec![false; regime.events() * regime.classes()];
    let usual_care = Treatment { regime, bail_outs: Vec::new(), instead: Vec::new(), affects };
    let course = Course::new(population.events().clone(), vec![usual_care], delay);
    let arm = Arm::new(&course, pool, 0, Adherence::Full, &[delay], &[]);
    arm.in_hospital_of_each_row()
}

/// Truths of all runs; a run that differs only in its name has its truth computed once.
fn truths(runs: &[Run], pool: &Pool, key: &PoolKey, kept: &Kept, watch: Watch) -> Vec<Truth> {
    let mut known: Vec<Truth> = Vec::new();
    let mut sums = Known::default();
    for (i, run) in runs.iter().enumerate() {
        let alike = |other: &Run| other.null == run.null && other.trial.is_but_for_size(&run.trial);
        let value = match runs[..i].iter().position(alike) {
            Some(k) if matches!(run.role, Role::Prior(_)) => known[k].unknown(),
            Some(k) => known[k].clone(),
            None => {
                let make = || {
                    (watch.solving)();
                    complete(&run.trial, pool, run.null, truth(&run.trial, pool, &mut sums))
                };
                (*kept.truth(key, run.null, &run.trial, make)).clone()
            }
        };
        known.push(value);
    }
    known
}
