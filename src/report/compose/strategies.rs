//! Strategies of enrolment set beside each other: at equal size, at equal screening and time, and if adopted.

use super::{numbers, plots, table, words};
use crate::{
    calibration::truth::{Known, truth},
    operating::claims::{Claimed, holds},
    outcome::events::{Event, EventKind},
    report::{
        figures::{Figure, TradeOff, TradeOffPoint},
        html::Section,
        numbers::{MISSING, count, fixed, percent, signed_with_error, with_error},
        results::{Effect, Place, Results, capitalised, in_sentence, level_words, mean, share},
    },
    simulation::Role,
    trial::{Trial, accrual::Enrolment, record::Slice},
};
use std::collections::BTreeMap;

/// What would come of adopting a treatment, for each candidate screened.
#[derive(Clone, Copy, Default)]
struct Adopted {
    treated: f64,
    /// Treated in whom the treatment lowers a hazard of death.
    helped: f64,
    /// Deaths averted by the end of follow-up.
    averted: f64,
    /// Complications added.
    complications: f64,
    /// Treated whom it is right to treat, and whom it is not.
    right: f64,
    wrong: f64,
}

impl Adopted {
    fn plus(self, other: &Adopted) -> Adopted {
        Adopted {
            treated: self.treated + other.treated,
            helped: self.helped + other.helped,
            averted: self.averted + other.averted,
            complications: self.complications + other.complications,
            right: self.right + other.right,
            wrong: self.wrong + other.wrong,
        }
    }

    fn times(self, x: f64) -> Adopted {
        Adopted {
            treated: x * self.treated,
            helped: x * self.helped,
            averted: x * self.averted,
            complications: x * self.complications,
            right: x * self.right,
            wrong: x * self.wrong,
        }
    }
}

/// The patients of a strategy who are in the same of its populations, and what adopting it for them would do.
struct Atom {
    within: Claimed,
    adopted: Adopted,
}

/// One strategy: what it may claim, and what that would mean.
pub(super) struct Strategy {
    run: usize,
    populations: Vec<Slice>,
    atoms: Vec<Atom>,
}

impl Strategy {
    fn of(results: &Results, run: usize) -> Strategy {
        let trial = &results.run(run).trial;
        let populations = trial.populations();
        let within = |row: usize| {
            let bit = |k: usize, p: &Slice| Claimed::from(holds(trial, *p, row)) << k;
            populations.iter().enumerate().fold(0, |mask, (k, p)| mask | bit(k, p))
        };
        let mut rows: BTreeMap<Claimed, Vec<usize>> = BTreeMap::new();
        let enrolled = |row: &usize| trial.enrolment.probability[*row] > 0.0;
        for row in (0..results.scenario.pool.len()).filter(enrolled) {
            rows.entry(within(row)).or_default().push(row);
        }
        let whole = rows.len() == 1;
        let atoms = rows.into_iter().map(|(within, rows)| {
            let adopted = adopted(results, run, &rows, whole);
            Atom { within, adopted }
        });
        Strategy { run, atoms: atoms.collect(), populations }
    }

    /// What adopting the treatment for whom a claim covers would do.
    fn adopted(&self, claimed: Claimed) -> Adopted {
        let covered = self.atoms.iter().filter(|atom| atom.within & claimed != 0);
        covered.fold(Adopted::default(), |sum, atom| sum.plus(&atom.adopted))
    }

    /// Whether a claim is of exactly those of the strategy's patients whom it is right to treat.
    fn is_right(&self, claimed: Claimed) -> bool {
        let open = self.adopted(Claimed::MAX);
        let covered = self.adopted(claimed);
        let nothing = 1e-9 * open.treated;
        covered.right > nothing && covered.wrong <= nothing && open.right - covered.right <= nothing
    }

    /// Whether a claim covers anybody whom the treatment cannot help.
    fn harms(&self, claimed: Claimed) -> bool {
        let covered = self.adopted(claimed);
        covered.treated - covered.helped > 1e-9 * covered.treated
    }

    /// What a claim of a run of this strategy means on average: of one that claims something.
    fn expected(&self, claims: &BTreeMap<Claimed, u64>) -> Adopted {
        let any: u64 = claims.iter().filter(|(claimed, _)| **claimed != 0).map(|(_, n)| n).sum();
        let part = |n: u64| n as f64 / any as f64;
        let each = claims.iter().filter(|(claimed, _)| **claimed != 0);
        each.fold(Adopted::default(), |sum, (claimed, n)| sum.plus(&self.adopted(*claimed).times(part(*n))))
    }

    /// The claim a strategy with one population can make, or the average of what it claims.
    fn usual(&self, results: &Results) -> Adopted {
        match self.populations.len() {
            1 => self.adopted(1),
            _ => self.expected(&results.fold.claims(self.run)),
        }
    }

    fn population(&self, results: &Results, k: usize) -> String {
        let trial = &results.run(self.run).trial;
        match self.populations[k] {
            Slice::Level(s, level) => {
                let subgroup = &trial.subgroups[usize::from(s)];
                let level = &subgroup.levels[usize::from(level)];
                let rule = results.rule(&subgroup.label);
                match level.as_str() {
                    "yes" => rule,
                    "no" => format!("Not {}", in_sentence(&rule)),
                    level => level_words(level),
                }
            }
            Slice::All | Slice::Interaction(_) => "Everybody enrolled".into(),
        }
    }
}

/// What adopting the treatment for some rows of a strategy would do; `whole` if they are all it enrols.
fn adopted(results: &Results, run: usize, rows: &[usize], whole: bool) -> Adopted {
    let scenario = results.scenario;
    let (trial, pool, recipe) = (&results.run(run).trial, &scenario.pool, &scenario.recipes[run]);
    let enrolled = &trial.enrolment.probability;
    let primary = results.primary(run);
    let arm = &recipe.arms[usize::from(primary.treatment)];
    let helps = |row: usize| {
        arm.effects.iter().any(|effect| {
            recipe.events.list[effect.event].kind == EventKind::Death
                && effect.classes[usize::from(pool.class[row])]
                && effect.log_hazard_ratios(&arm.effects).iter().any(|log| *log < 0.0)
        })
    };
    let right = |row: usize| scenario.right[run].as_ref().map_or_else(|| helps(row), |right| right[row]);
    let sum = |which: &dyn Fn(usize) -> bool| -> f64 {
        rows.iter().filter(|row| which(**row)).map(|row| enrolled[*row]).sum()
    };
    let all = sum(&|_| true);
    let treated = rows.len() as f64 / pool.screened as f64;
    let part = |which: &dyn Fn(usize) -> bool| treated * sum(which) / all;
    let own;
    let events = if whole {
        &scenario.truths[run].events
    } else {
        own = truth(&among(trial, rows), pool, &mut Known::default()).events;
        &own
    };
    // The treatment's risk less the control's, over all events of a kind.
    let more = |counts: &dyn Fn(&Event) -> bool| -> f64 {
        let [treatment, control] = [primary.treatment, primary.control].map(usize::from);
        let both = events[treatment].iter().zip(&events[control]);
        let list = trial.course.events.list.iter().zip(both);
        list.filter(|(event, _)| counts(event)).map(|(_, (t, c))| t - c).sum()
    };
    let death = |e: &Event| e.kind == EventKind::Death;
    let harm = |e: &Event| e.kind == EventKind::Complication && !e.excess.is_empty();
    Adopted {
        treated,
        helped: part(&helps),
        averted: -treated * more(&death),
        complications: treated * more(&harm),
        right: part(&right),
        wrong: part(&|row| !right(row)),
    }
}

/// The trial in some rows of the pool alone.
fn among(trial: &Trial, rows: &[usize]) -> Trial {
    let mut probability = vec![0.0; trial.enrolment.probability.len()];
    for &row in rows {
        probability[row] = trial.enrolment.probability[row];
    }
    let mut own = Trial { enrolment: Enrolment { probability }, subgroups: Vec::new(), ..trial.clone() };
    own.estimands.truncate(1);
    own.estimands[0].subgroups.clear();
    own
}

/// The strategies a scenario compares; fewer than two are none.
pub(super) fn all(results: &Results) -> Vec<Strategy> {
    let strategies = &results.scenario.strategies;
    if strategies.len() < 2 || results.scenario.truths.is_empty() {
        return Vec::new();
    }
    strategies.iter().map(|&run| Strategy::of(results, run)).collect()
}

/// What is made equal to the base.
#[derive(Clone, Copy, PartialEq)]
enum Equal {
    Size,
    Screening,
    Months,
}

/// The run of a strategy in which something is equal: the strategy itself where it is so anyway.
fn run_at(results: &Results, strategy: usize, equal: Equal) -> usize {
    let of = |role: Role| {
        let like = |run: &usize| results.run(*run).role == role;
        (0..results.scenario.runs.len()).find(like)
    };
    let screening = || of(Role::EqualScreening(strategy)).unwrap_or(strategy);
    match equal {
        Equal::Size => strategy,
        Equal::Screening => screening(),
        // Where one size gives both there is one run.
        Equal::Months => of(Role::EqualMonths(strategy)).unwrap_or_else(screening),
    }
}

/// The run of a strategy without any effect.
fn without_effect(results: &Results, strategy: usize) -> Option<usize> {
    let runs = &results.scenario.runs;
    runs.iter().position(|run| run.is_without_effects_of(&runs[strategy]))
}

/// A share of replicates in per cent, with its error.
fn claims(results: &Results, run: usize, meets: impl Fn(Claimed) -> bool) -> String {
    let counts = results.fold.claims(run);
    let n: u64 = counts.values().sum();
    let meeting: u64 = counts.iter().filter(|(claimed, _)| meets(**claimed)).map(|(_, n)| n).sum();
    let p = meeting as f64 / n as f64;
    match n {
        0 => MISSING.into(),
        _ if meeting == 0 => "0".into(),
        n => with_error(100.0 * p, 100.0 * (p * (1.0 - p) / n as f64).sqrt(), 1),
    }
}

/// Any claim, the difference from the base, and whether they may be ranked.
fn against_base(results: &Results, run: usize) -> [String; 3] {
    let any = claims(results, run, |claimed| claimed != 0);
    if run == 0 {
        return [any, String::new(), String::new()];
    }
    match results.fold.difference_of_claims(run, 0) {
        Some(d) => [
            any,
            signed_with_error(100.0 * d.value, 100.0 * d.mcse, 1),
            match (d.ranks(), d.value > 0.0) {
                (false, _) => "not ranked",
                (true, true) => "more",
                (true, false) => "less",
            }
            .to_owned(),
        ],
        None => [any, MISSING.into(), MISSING.into()],
    }
}

fn line(results: &Results, strategy: &Strategy, run: usize) -> Vec<String> {
    let trial = |name: &str| results.find(run, Place::trial(), name);
    let name = &results.primary(run).name;
    let place = match strategy.populations.len() {
        1 => Place::of(name),
        _ => Place { population: "selected", ..Place::of(name) },
    };
    let effect = Effect::of(results.primary(run));
    let [power, difference, ranking] = against_base(results, run);
    let months = if results.timed(run) { mean(trial("months"), 1) } else { MISSING.into() };
    vec![
        capitalised(&results.name(strategy.run)),
        mean(trial("patients"), 0),
        mean(trial("screened"), 0),
        months,
        power,
        difference,
        ranking,
        claims(results, run, |claimed| strategy.is_right(claimed)),
        claims(results, run, |claimed| claimed != 0 && strategy.harms(claimed)),
        effect.spread(results.find(run, place, "bias"), true),
        share(results.find(run, place, "coverage")),
    ]
}

const NOTES: [&str; 3] = [
    "In parentheses the Monte Carlo standard error. Differences are paired: the strategies meet one stream of candidates with one luck. Not ranked: the 95% Monte Carlo interval of the difference covers 0.",
    "Power: the trial claims a benefit, in whomever. Right population: it claims exactly those of its patients whom it is right to treat. Where it cannot help: it claims a benefit for a population in some of whom the treatment lowers no hazard of death, so that they bear its complications for nothing.",
    "Bias and coverage: of the primary comparison in all patients or, where a strategy has several populations, in the one it selects, or else in those it claims.",
];

/// The comparison of strategies, if the scenario asks for one.
pub(super) fn section(results: &Results, figures: Vec<String>) -> Option<Section> {
    let strategies = all(results);
    if strategies.is_empty() {
        return None;
    }
    let columns = || {
        vec![
            words("Strategy"),
            numbers("Patients", ""),
            numbers("Screened", ""),
            numbers("Months", ""),
            numbers("Power", "%"),
            numbers("Against the base", "points"),
            words("Ranking"),
            numbers("Right population", "%"),
            numbers("Claims where it cannot help", "%"),
            numbers("Bias", Effect::of(results.primary(0)).error_unit()),
            numbers("Coverage", "%"),
        ]
    };
    let right = match results.scenario.texts[0].comparison.as_ref().and_then(|c| c.right.as_ref()) {
        Some(rule) => {
            format!("Right to treat: {}, as each strategy records it.", in_sentence(&results.rule(rule)))
        }
        None => "Right to treat: those in whom the treatment lowers a hazard of death.".into(),
    };
    let notes: Vec<&str> = NOTES.iter().copied().chain([right.as_str()]).collect();
    let at = |equal: Equal| -> Vec<Vec<String>> {
        strategies.iter().map(|s| line(results, s, run_at(results, s.run, equal))).collect()
    };
    let apart = strategies
        .iter()
        .any(|s| run_at(results, s.run, Equal::Months) != run_at(results, s.run, Equal::Screening));
    let timed = results.timed(0);
    let screening = match (timed, apart) {
        (true, false) => "The same at equal screening, which with one stream of candidates is equal time.",
        _ => "The same at equal screening.",
    };
    let mut tables = vec![
        table("Strategies at the number of patients each states.", columns(), at(Equal::Size), &notes),
        table(screening, columns(), at(Equal::Screening), &notes),
    ];
    if apart {
        tables.push(table("The same at equal months.", columns(), at(Equal::Months), &notes));
    }
    tables.extend([populations(results, &strategies), if_adopted(results, &strategies)]);
    tables.extend(costs(results, &strategies));
    Some(Section {
        title: "Strategies compared".into(),
        paragraphs: vec![
            "A narrower trial looks better at an equal number of patients than it is: it has to screen more for them. What it would do if adopted depends on whom it covers.".into(),
        ],
        tables,
        figures,
        ..Section::default()
    })
}

/// The name of a strategy on the first of its rows.
fn named(results: &Results, strategy: &Strategy, first: bool) -> String {
    if first { capitalised(&results.name(strategy.run)) } else { String::new() }
}

/// What each strategy claims, population by population, with and without an effect.
fn populations(results: &Results, strategies: &[Strategy]) -> super::Table {
    let mut rows = Vec::new();
    for strategy in strategies {
        let run = strategy.run;
        let without = |meets: &dyn Fn(Claimed) -> bool| {
            without_effect(results, run).map_or(MISSING.into(), |run| claims(results, run, meets))
        };
        let open = strategy.adopted(Claimed::MAX).treated;
        let any = |claimed: Claimed| claimed != 0;
        let several = strategy.populations.len() > 1;
        if several {
            rows.push(vec![
                named(results, strategy, true),
                "Any".into(),
                "100".into(),
                String::new(),
                claims(results, run, any),
                without(&any),
            ]);
        }
        for (k, population) in strategy.populations.iter().enumerate() {
            let has = move |claimed: Claimed| claimed & 1 << k != 0;
            let selected = match population {
                _ if !several => None,
                Slice::Level(s, level) => {
                    let subgroup = &results.run(run).trial.subgroups[usize::from(*s)];
                    let (population, level) = (&subgroup.name, &subgroup.levels[usize::from(*level)]);
                    results.find(run, Place { population, level, ..Place::trial() }, "select_population")
                }
                _ => results.find(run, Place::trial(), "select_population"),
            };
            rows.push(vec![
                named(results, strategy, !several),
                strategy.population(results, k),
                percent(strategy.adopted(1 << k).treated / open, 0),
                selected.map_or(String::new(), |m| share(Some(m))),
                claims(results, run, has),
                without(&has),
            ]);
        }
    }
    table(
        "What each strategy claims, at the number of patients each states.",
        vec![
            words("Strategy"),
            words("Population"),
            numbers("Of its patients", "%"),
            numbers("Selected", "%"),
            numbers("Claimed", "%"),
            numbers("Claimed without any effect", "%"),
        ],
        rows,
        &[
            "The last column is the family-wise error of the strategy, in its row “Any” where it has several populations: the same trial in patients whom nothing helps or harms.",
        ],
    )
}

fn if_adopted(results: &Results, strategies: &[Strategy]) -> super::Table {
    let mut rows = Vec::new();
    for strategy in strategies {
        let counts = results.fold.claims(strategy.run);
        let n: u64 = counts.values().sum();
        // Over all trials, those that claim nothing included.
        let each =
            || counts.iter().map(|(c, k)| (1000.0 * strategy.adopted(*c).averted, *k as f64 / n as f64));
        let mean: f64 = each().map(|(x, p)| p * x).sum();
        let variance: f64 = each().map(|(x, p)| p * (x - mean) * (x - mean)).sum();
        let expected = with_error(mean, (variance / n as f64).sqrt(), 1);
        let several = strategy.populations.len() > 1;
        for k in 0..strategy.populations.len() {
            let adopted = strategy.adopted(1 << k);
            let per_treated = |x: f64| fixed(1000.0 * x / adopted.treated, 0);
            let needed = adopted.treated / adopted.averted;
            rows.push(vec![
                named(results, strategy, k == 0),
                if several { strategy.population(results, k) } else { String::new() },
                percent(adopted.treated, 1),
                percent(adopted.helped / adopted.treated, 0),
                per_treated(adopted.averted),
                if needed > 0.0 { fixed(needed, 0) } else { MISSING.into() },
                per_treated(adopted.complications),
                fixed(1000.0 * adopted.averted, 1),
                if k == 0 { expected.clone() } else { String::new() },
            ]);
        }
    }
    table(
        "If the treatment were adopted for the patients of a claim, from the model.",
        vec![
            words("Strategy"),
            words("Claim"),
            numbers(of_whom(results), "%"),
            numbers("Can be helped", "% of them"),
            numbers("Deaths averted", "per 1000 treated"),
            numbers("NNT", ""),
            numbers("Complications added", "per 1000 treated"),
            numbers("Deaths averted", "per 1000 screened"),
            numbers("Times how often claimed", "per 1000 screened"),
        ],
        rows,
        &[
            "Screened: all patients with shock, or all candidates where patients are alike. Can be helped: the treatment lowers a hazard of death in them. The last column is the mean over trials of what their claims would avert, nothing where they claim nothing.",
        ],
    )
}

fn of_whom(results: &Results) -> &'static str {
    if results.scenario.registry.is_some() { "Of all shock" } else { "Of all candidates" }
}

fn costs(results: &Results, strategies: &[Strategy]) -> Option<super::Table> {
    let cost = results.scenario.cost.as_ref()?;
    let rows = strategies.iter().map(|strategy| {
        let run = strategy.run;
        let trial = |name: &str| results.find(run, Place::trial(), name).map_or(f64::NAN, |m| m.value);
        let (patients, screened) = (trial("patients"), trial("screened"));
        let whole = cost.screened * screened + cost.enrolled * patients;
        let adopted = strategy.usual(results);
        // Everybody is screened, and those whom a claim covers are treated.
        let one = cost.screened + cost.treated * adopted.treated;
        vec![
            capitalised(&results.name(run)),
            count(whole),
            count(whole / patients),
            if adopted.averted > 0.0 { count(one / adopted.averted) } else { MISSING.into() },
        ]
    });
    Some(table(
        "Cost, in the scenario's currency.",
        vec![
            words("Strategy"),
            numbers("Trial", ""),
            numbers("Per patient of the trial", ""),
            numbers("Per death averted if adopted", ""),
        ],
        rows.collect(),
        &[
            "Screening is of candidates in the trial and of all patients with shock if adopted. A strategy with several populations counts as what it claims on average.",
        ],
    ))
}

/// Power against deaths averted in all patients with shock.
pub(super) fn figure(results: &Results) -> Option<Figure> {
    let strategies = all(results);
    if strategies.is_empty() {
        return None;
    }
    let point = |across: f64, run: usize| {
        let claiming = results.fold.claiming(run, |claimed| claimed != 0);
        let n = claiming.len();
        let k = (0..n).filter(|&i| claiming.get(i)).count();
        let interval = crate::statistics::wilson_interval(k as u32, n as u32, 0.95);
        [across, k as f64 / n as f64, interval.lower, interval.upper]
    };
    let points = strategies.iter().map(|strategy| {
        let across = 1000.0 * strategy.usual(results).averted;
        let other = run_at(results, strategy.run, Equal::Screening);
        TradeOffPoint {
            label: capitalised(&results.name(strategy.run)),
            at: point(across, strategy.run),
            other: (other != strategy.run).then(|| point(across, other)),
        }
    });
    let whom = if results.scenario.registry.is_some() { "patients with shock" } else { "candidates" };
    let figure = TradeOff {
        name: plots::TRADE_OFF.into(),
        title: String::new(),
        caption: "What a strategy gives to the trial, its power, against what it would give to patients if its treatment were adopted for those it claims. Discs, at the number of patients each states; rings, at equal screening. Bars are 95% Monte Carlo intervals; deaths averted are of the model, and of the average claim where a strategy has several populations.".into(),
        across: format!("Deaths averted per 1000 {whom} screened, if adopted"),
        up: "Power (%)".into(),
        points: points.collect(),
    };
    Some(figure.draw())
}

/// The comparison on the terminal page: a caption and rows, at the size each states and at equal screening.
pub(crate) fn page_rows(results: &Results) -> Vec<(&'static str, Vec<Vec<String>>)> {
    let strategies = all(results);
    if strategies.is_empty() {
        return Vec::new();
    }
    let rows = |equal: Equal| -> Vec<Vec<String>> {
        let row = |strategy: &Strategy| {
            let run = run_at(results, strategy.run, equal);
            let mut cells = line(results, strategy, run);
            cells.truncate(8);
            let ranking = cells.remove(6);
            if ranking == "not ranked" {
                cells[5] += " ~";
            }
            let plain = |name: &str| results.find(run, Place::trial(), name).map_or(f64::NAN, |m| m.value);
            cells[1] = count(plain("patients"));
            cells[2] = count(plain("screened"));
            cells[3] = if results.timed(run) { fixed(plain("months"), 0) } else { MISSING.into() };
            cells.push(fixed(1000.0 * strategy.usual(results).averted, 1));
            cells
        };
        strategies.iter().map(row).collect()
    };
    vec![
        ("Strategies at the number of patients each states", rows(Equal::Size)),
        ("The same at equal screening", rows(Equal::Screening)),
    ]
}
