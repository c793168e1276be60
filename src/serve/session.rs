//! One design, from its changes to its report: what a page is told, in order.
//!
//! Power comes first, from few replicates, while what the model says of the truth is still to be computed;
//! then everything else, refined until the replicates asked for; then assurance, the curve over the number
//! of patients, figures and report. All of it is the same code as `run`, on the same replicates.

use super::{
    desk::{Ask, Desk},
    download,
    numbers::{self, Others},
    shelf::{Finished, Shown},
};
use crate::{
    error::{Error, Result},
    operating::{Fold, Truths, truths, unknown_truths},
    report::{
        compose::compose,
        figures::{Figure, PowerCurve, PowerCurveLine},
        results::{Input, Place, Results},
    },
    scenario::{Changes, Scenario, kept::Watch},
    simulation::{Block, Plan, Role, Run, Sink},
    sizing::{Share, Z95},
    stop::stoppable,
};
use serde_json::{Value, json};
use std::{
    ops::Range,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Replicates after which power has a Monte Carlo standard error of 0.01 at the worst.
const FIRST: u64 = 2_500;
/// Time between two refinements that are told.
const BETWEEN: Duration = Duration::from_millis(120);
/// Replicates behind a point of the curve over patients, at most; fewer where sizes share no patients.
const OF_CURVE: u64 = 5_000;
const OF_SEPARATE_SIZES: u64 = 1_500;
/// Sizes of the curve, as shares of the design's own.
const SIZES: [f64; 9] = [0.25, 0.5, 0.75, 0.9, 1.0, 1.25, 1.5, 1.75, 2.0];

/// Who is told.
pub trait Listener: Sync {
    /// Tells something that the next telling of its kind replaces; may be left out if nobody keeps up.
    fn refine(&self, name: &'static str, data: Value);
    /// Tells something that has to arrive.
    fn tell(&self, name: &'static str, data: Value);
}

/// Simulates a design and tells everything about it. Ends early, with nothing more told, once `stop` is set.
pub fn follow(desk: &Desk, ask: &Ask, stop: &Arc<AtomicBool>, listener: &dyn Listener) {
    match (Session { desk, ask, stop, listener, started: Instant::now() }).run() {
        Ok(()) | Err(Error::Interrupted) => {}
        Err(Error::Input(findings)) => {
            let one = |f: &crate::error::Finding| json!({ "path": f.path(), "message": f.message() });
            listener.tell("wrong", json!({ "findings": findings.iter().map(one).collect::<Vec<_>>() }));
        }
        Err(other) => {
            listener.tell("wrong", json!({ "findings": [{ "path": null, "message": other.to_string() }] }));
        }
    }
}

struct Session<'a> {
    desk: &'a Desk,
    ask: &'a Ask,
    stop: &'a Arc<AtomicBool>,
    listener: &'a dyn Listener,
    started: Instant,
}

impl Session<'_> {
    fn run(&self) -> Result<()> {
        let changes = self.desk.changes(self.ask)?;
        let seed = self.ask.seed.unwrap_or(self.desk.offered.seed);
        let number = self.shelf(|shelf| shelf.number(&self.ask.key(), seed));
        let others = self.ask.against.iter().filter(|other| **other != number);
        let others: Others = self
            .shelf(|shelf| others.filter_map(|&other| Some((other, shelf.shown(other, seed)?))).collect());
        self.listener
            .tell("started", json!({ "design": number, "command": download::command(self.desk, self.ask) }));
        let scenario =
            self.prepare(&changes, "Solving for the risks and effects that are stated by their result")?;
        let all = changes.replicates.unwrap_or(FIRST);
        // Power, with what is known at once.
        let mut early = Vec::new();
        let fold = Fold::new(&scenario.runs, unknown_truths(&scenario.runs));
        let mut live = Live { session: self, scenario: &scenario, fold, others: &others, all, told: None };
        live.simulate(0, 0..FIRST.min(all), &mut |block| early.push(block.clone()))?;
        live.tell_power();
        // What the model says of the truth, then everything from the start.
        let (scenario, truths) = self.with_truths(&changes)?;
        let fold = Fold::new(&scenario.runs, truths);
        let mut live = Live { session: self, scenario: &scenario, fold, others: &others, all, told: None };
        early.drain(..).for_each(|block| live.fold.add_to(0, &block));
        live.tell_all();
        live.simulate(0, FIRST.min(all)..all, &mut |_| ())?;
        live.tell_all();
        self.shelf(|shelf| shelf.keep(number, live.shown()));
        if let Some(assured) = scenario.runs.iter().position(|run| matches!(run.role, Role::Prior(_))) {
            live.simulate(assured, 0..all, &mut |_| ())?;
            live.tell_all();
        }
        self.shelf(|shelf| shelf.keep(number, live.shown()));
        let curve = self.curve(&scenario)?;
        self.listener.tell("curve", figure(&curve));
        self.report(&live, number, curve)?;
        self.listener.tell(
            "done",
            json!({ "design": number, "replicates": all, "seconds": self.started.elapsed().as_secs_f64() }),
        );
        Ok(())
    }

    fn shelf<T>(&self, ask: impl FnOnce(&mut super::shelf::Shelf) -> T) -> T {
        ask(&mut self.desk.shelf.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Prepares the design; if numbers have to be solved for, that is told, and when they are.
    fn prepare(&self, changes: &Changes, what: &str) -> Result<Scenario> {
        let told = AtomicBool::new(false);
        let solving = || {
            if !told.swap(true, Ordering::Relaxed) {
                self.listener.tell("solving", json!({ "what": what }));
            }
        };
        let watch = Watch { solving: &solving, stop: self.stop };
        let prepared = stoppable(self.stop, || self.desk.prepare(changes, watch));
        let scenario = prepared.unwrap_or(Err(Error::Interrupted))?;
        if told.load(Ordering::Relaxed) {
            self.listener.tell("solved", json!({}));
        }
        Ok(scenario)
    }

    fn with_truths(&self, changes: &Changes) -> Result<(Scenario, Vec<Truths>)> {
        let changes = Changes { without_truths: false, ..changes.clone() };
        let scenario = self.prepare(&changes, "Working out what the model says of the truth")?;
        let truths = truths(&scenario.truths);
        Ok((scenario, truths))
    }

    /// Power at several sizes of the trial, on the same patients.
    fn curve(&self, scenario: &Scenario) -> Result<Figure> {
        let base = &scenario.runs[0];
        let nests = base.trial.nests();
        let most = if nests { OF_CURVE } else { OF_SEPARATE_SIZES };
        let trial = if nests { base.trial.decisive_only() } else { base.trial.clone() };
        let unit = trial.allocation.ratio.iter().sum::<u32>().max(1) as usize;
        let size =
            |share: f64| ((share * trial.patients as f64 / unit as f64).round() as usize).max(1) * unit;
        let mut sizes: Vec<usize> = SIZES.iter().map(|&share| size(share)).collect();
        sizes.push(trial.patients);
        sizes.sort_unstable();
        sizes.dedup();
        let run = |&patients: &usize| Run {
            trial: trial.at_size(patients),
            replicates: base.replicates.min(most),
            role: Role::Stated,
            ..base.clone()
        };
        let runs: Vec<Run> = sizes.iter().map(run).collect();
        let mut fold = Fold::new(&runs, unknown_truths(&runs));
        let plan = Plan { runs: &runs, pool: &scenario.pool, seed: scenario.seed };
        let mut turn = self.desk.turns.wait(self.stop)?;
        let mut sink = Each(|block: &Block| {
            fold.add(block);
            turn.offer(self.stop)
        });
        plan.simulate(0..plan.replicates(), self.stop, &mut sink)?;
        let points = sizes.iter().enumerate().map(|(place, &size)| {
            let shown = fold.shown(place, 0);
            let count = (0..shown.len()).filter(|&i| shown.get(i)).count() as u64;
            let share = Share::of(count, shown.len());
            let half = Z95 * share.mcse;
            [size as f64, share.value, (share.value - half).max(0.0), (share.value + half).min(1.0)]
        });
        let drawn = PowerCurve {
            name: "power_by_patients".into(),
            caption: format!(
                "Power by the number of patients, with its 95% Monte Carlo band: {} replicates of each size, on the same patients.",
                crate::report::numbers::count(plan.replicates() as f64),
            ),
            size: "Patients randomised".into(),
            probability: "Power".into(),
            curves: vec![PowerCurveLine { label: "This design".into(), points: points.collect() }],
            target: Some(0.8),
            ..PowerCurve::default()
        };
        Ok(drawn.draw())
    }

    fn report(&self, live: &Live, number: u64, curve: Figure) -> Result<()> {
        let fault = |what: String| Error::Machine(format!("cannot draw the report: {what}"));
        let measures = live.fold.measures(&live.scenario.runs);
        let reproduction = download::reproduction(self.desk, self.ask, live.scenario, live.all);
        let input = Input {
            scenario: live.scenario,
            measures: &measures,
            fold: &live.fold,
            verdicts: &[],
            reproduction: &reproduction,
        };
        let (mut figures, report) = compose(&input);
        let html = report.render(&figures).map_err(|why| fault(why.to_string()))?;
        let drawn: Vec<Value> = figures.iter().map(figure).collect();
        self.listener.tell(
            "report",
            json!({
                "answer": report.answer, "sections": report.sections, "figures": drawn,
            }),
        );
        figures.push(curve);
        self.shelf(|shelf| shelf.finish(number, Finished { html, figures }));
        Ok(())
    }
}

fn figure(figure: &Figure) -> Value {
    json!({
        "name": figure.name, "caption": figure.caption, "svg": figure.svg, "width": figure.width,
        "height": figure.height,
    })
}

/// A design while its replicates come in.
struct Live<'a> {
    session: &'a Session<'a>,
    scenario: &'a Scenario,
    fold: Fold,
    others: &'a Others,
    all: u64,
    told: Option<Instant>,
}

impl Live<'_> {
    /// Simulates more replicates of one run, and tells how power stands from time to time.
    fn simulate(
        &mut self,
        run: usize,
        range: Range<u64>,
        each: &mut (dyn FnMut(&Block) + Send),
    ) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let stop = self.session.stop;
        let plan = Plan {
            runs: &self.scenario.runs[run..=run],
            pool: &self.scenario.pool,
            seed: self.scenario.seed,
        };
        let mut turn = self.session.desk.turns.wait(stop)?;
        let mut sink = Each(|block: &Block| {
            self.fold.add_to(run, block);
            each(block);
            if run == 0 && self.told.is_none_or(|told| told.elapsed() > BETWEEN) {
                self.tell_power();
            }
            turn.offer(stop)
        });
        plan.simulate(range, stop, &mut sink)
    }

    fn results<T>(&self, read: impl FnOnce(&Results) -> T) -> T {
        let measures = self.fold.measures(&self.scenario.runs);
        let input = Input {
            scenario: self.scenario,
            measures: &measures,
            fold: &self.fold,
            verdicts: &[],
            reproduction: &[],
        };
        read(&Results::new(&input))
    }

    fn tell_power(&mut self) {
        self.told = Some(Instant::now());
        let own = Shown { benefit: self.fold.shown(0, 0).clone(), ..Shown::default() };
        let power = self.fold.power(0, &self.scenario.runs[0]);
        let power = power.map(|measure| numbers::power(&measure, &own, self.others));
        let told = json!({ "replicates": own.benefit.len(), "of": self.all, "numbers": [power] });
        self.session.listener.refine("numbers", told);
    }

    fn tell_all(&mut self) {
        self.told = Some(Instant::now());
        let own = self.shown();
        let list = self.results(|results| {
            let power = results.power(0, Place::of(&results.primary(0).name));
            let power = power.map(|measure| numbers::power(measure, &own, self.others));
            power.into_iter().chain(numbers::others(results, &own, self.others)).collect::<Vec<_>>()
        });
        let told = json!({ "replicates": own.benefit.len(), "of": self.all, "numbers": list });
        self.session.listener.tell("numbers", told);
    }

    /// What is kept for comparison.
    fn shown(&self) -> Shown {
        let assured = self.scenario.runs.iter().position(|run| matches!(run.role, Role::Prior(_)));
        let benefit = self.fold.shown(0, 0).clone();
        let estimates = self.fold.estimates(0, 0, 0);
        Shown {
            assured: assured.map_or_else(Default::default, |run| self.fold.shown(run, 0).clone()),
            patients: self.fold.patients(0).to_vec(),
            months: self.fold.months(0).to_vec(),
            // Where a replicate has no estimate the others are not in their places.
            estimates: if estimates.len() as u64 == benefit.len() { estimates.to_vec() } else { Vec::new() },
            benefit,
        }
    }
}

/// A sink that hands each block to a function.
struct Each<F>(F);

impl<F: FnMut(&Block) -> Result<()> + Send> Sink for Each<F> {
    fn take(&mut self, block: &Block) -> Result<()> {
        (self.0)(block)
    }
}
