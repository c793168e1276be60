//! `shocktrial patients`: the patients behind one row of the replicates table.

use super::{Output, ScenarioFlags, population::named};
use crate::{
    error::{Error, Result},
    outcome::{
        endpoint::Observed,
        kinds::{Measured, Yields},
    },
    report::{
        analysis_data::{AnalysisData, analysis_data},
        tables::{self, NamedValues, Values},
    },
    scenario,
    trial::{Workspace, leaving::LeavingLuck, record::Record},
};
use clap::Args;
use std::path::PathBuf;

/// Write the patients of one replicate: exactly those behind its row.
#[derive(Args)]
#[command(
    name = "patients",
    after_help = "Example:\n  shocktrial patients trial.toml --replicate 17 --out patients.csv\n  \
                  shocktrial patients trial.toml --replicate 17 --analysis-data --out adtte.csv"
)]
pub struct Arguments {
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// Number of the run, from 1.
    #[arg(long, value_name = "R", default_value_t = 1)]
    run: u32,
    /// Number of the replicate, from 0.
    #[arg(long, value_name = "K")]
    replicate: u64,
    /// Patients enrolled by this look; the last by default.
    #[arg(long, value_name = "L")]
    look: Option<u8>,
    /// One row per subject and end point, as analysis data sets (ADaM) have it; with --out, a dictionary of
    /// the columns is written beside the file.
    #[arg(long)]
    analysis_data: bool,
    /// Write to this file, .csv or .parquet, instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    flags: ScenarioFlags,
    #[command(flatten)]
    output: Output,
}

/// Simulates the replicate again and writes one row per patient.
pub fn run(arguments: &Arguments) -> Result<()> {
    let scenario = scenario::load(&arguments.scenario, &arguments.flags.changes_without_truths())?;
    let count = scenario.runs.len();
    let run =
        (arguments.run as usize).checked_sub(1).and_then(|i| scenario.runs.get(i)).ok_or_else(|| {
            Error::input(format!("there is no run {}; the scenario has runs 1 to {count}", arguments.run))
        })?;
    let trial = run.trial_of(arguments.replicate);
    let (mut workspace, mut record) = (Workspace::default(), Record::default());
    let purposes = trial.purposes();
    trial.conduct(&scenario.pool, scenario.seed, arguments.replicate, &purposes, &mut workspace, &mut record);
    let last = record.trial.map_or(1, |t| t.look);
    let look = arguments.look.unwrap_or(last);
    if look == 0 || look > last {
        return Err(Error::input(format!("replicate {} looked {last} time(s)", arguments.replicate)));
    }
    let cohort = &workspace.cohort;
    let look = &workspace.design.looks[usize::from(look) - 1];
    if arguments.analysis_data {
        return as_analysis_data(arguments, analysis_data(&scenario.title, trial, &workspace, look));
    }
    let n = look.patients;
    let number = |name: &str, values: Vec<Option<f64>>| NamedValues {
        name: name.into(),
        values: Values::Numbers(values),
    };
    let word = |name: &str, values: Vec<Option<String>>| NamedValues {
        name: name.into(),
        values: Values::Words(values),
    };
    let arm = |a: u8| Some(trial.arms[usize::from(a)].name.clone());
    let rows: Vec<usize> = cohort.row[..n].iter().map(|&r| r as usize).collect();
    let mut columns = vec![
        number("id", (0..n).map(|i| Some(i as f64 + 1.0)).collect()),
        number("site", cohort.site[..n].iter().map(|&s| Some(f64::from(s) + 1.0)).collect()),
    ];
    if let Some(plan) = trial.accrual.plan.as_ref().filter(|plan| plan.classes.len() > 1) {
        let kind =
            |&site: &u16| Some(plan.kind(scenario.seed, arguments.replicate, site.into()).name.clone());
        columns.push(word("site_kind", cohort.site[..n].iter().map(kind).collect()));
    }
    columns.extend([
        number("enrolled", cohort.enrolled[..n].iter().map(|&d| Some(d)).collect()),
        word("arm_assigned", cohort.assigned[..n].iter().map(|&a| arm(a)).collect()),
        word("arm_received", cohort.received[..n].iter().map(|&a| arm(a)).collect()),
    ]);
    let periods: Vec<usize> = (0..n).map(|i| trial.period(i, cohort, &workspace.design)).collect();
    if periods.iter().any(|&period| period > 0) {
        columns.push(number("period", periods.iter().map(|&p| Some(p as f64 + 1.0)).collect()));
    }
    let finite = |x: f64| x.is_finite().then_some(x);
    columns.push(number("bailed_out", cohort.bailed_out[..n].iter().map(|&x| finite(x)).collect()));
    columns.push(word(
        "bailed_out_to",
        (0..n)
            .map(|i| cohort.bailed_out[i].is_finite().then(|| arm(cohort.bailed_out_to[i])).flatten())
            .collect(),
    ));
    columns.push(number("lost", cohort.lost[..n].iter().map(|&x| finite(x)).collect()));
    if let Some(deferred) = &trial.leaving.deferred {
        let luck = LeavingLuck::new(scenario.seed, arguments.replicate);
        let refused = |i| f64::from(u8::from(deferred.refuses(cohort, i, &trial.course, &luck)));
        columns.push(number("refused", (0..n).map(|i| Some(refused(i))).collect()));
    }
    columns.push(number(
        "registry_row",
        rows.iter().map(|&r| Some(scenario.pool.columns.rows[r] as f64)).collect(),
    ));
    columns.extend(named(&scenario.dictionary(arguments.run), &scenario.pool.columns.take(&rows)));
    for (e, event) in trial.course.events.list.iter().enumerate() {
        let rate = rows.iter().map(|&r| Some(scenario.pool.patient(r as u32).rates[e])).collect();
        columns.push(number(&format!("{}_rate", event.name), rate));
    }
    for (e, event) in trial.course.events.list.iter().enumerate() {
        columns.push(number(
            &format!("{}_day", event.name),
            cohort.events[e][..n].iter().map(|&x| finite(x)).collect(),
        ));
    }
    let (mut followed, mut seen) = (Vec::new(), Observed::default());
    trial.cut(look, cohort, &mut followed);
    for (endpoint, measured) in trial.endpoints.iter().zip(workspace.measured()) {
        if endpoint.kind.yields() != Yields::Event {
            columns.extend(numbers_of(&endpoint.name, measured, n));
            continue;
        }
        trial.observe(endpoint, look, cohort, &followed, &mut seen);
        columns
            .push(number(&format!("{}_time", endpoint.name), seen.time.iter().map(|&t| Some(t)).collect()));
        // Missing where the answer by the horizon is not known.
        let event = (0..n).map(|i| Some(f64::from(u8::from(seen.event[i]))));
        columns.push(number(&format!("{}_event", endpoint.name), event.collect()));
        let known = seen.known.iter().map(|&k| Some(f64::from(u8::from(k))));
        columns.push(number(&format!("{}_known", endpoint.name), known.collect()));
    }
    write(arguments, columns)
}

/// Writes the analysis data set and, beside a file, its dictionary.
fn as_analysis_data(arguments: &Arguments, data: AnalysisData) -> Result<()> {
    if let Some(path) = &arguments.out {
        let mut dictionary = tables::data_frame(data.dictionary_columns())?;
        tables::write_csv(&mut dictionary, Some(&path.with_extension("dictionary.csv")))?;
    }
    write(arguments, data.columns)
}

fn write(arguments: &Arguments, columns: Vec<NamedValues>) -> Result<()> {
    let mut frame = tables::data_frame(columns)?;
    match &arguments.out {
        None if arguments.output.json => arguments.output.print_json(&tables::json_rows(&frame)?),
        None if arguments.output.quiet => Ok(()),
        None => tables::write_csv(&mut frame, None),
        Some(path) if path.extension().is_some_and(|e| e == "parquet") => {
            std::fs::File::create(path).map_err(|why| Error::path("write", path, &why))?;
            tables::write_parquet(&mut frame, path)
        }
        Some(path) => tables::write_csv(&mut frame, Some(path)),
    }
}

/// The columns of an end point that is a number: missing where it is not known.
fn numbers_of(name: &str, measured: &Measured, n: usize) -> Vec<NamedValues> {
    let column = |what: &str, values: &[f64]| NamedValues {
        name: format!("{name}_{what}"),
        values: Values::Numbers(
            values.iter().zip(&measured.known).take(n).map(|(&x, &known)| known.then_some(x)).collect(),
        ),
    };
    let columns =
        [("value", &measured.value), ("baseline", &measured.baseline), ("exposure", &measured.exposure)];
    columns.into_iter().filter(|(_, v)| !v.is_empty()).map(|(what, v)| column(what, v)).collect()
}
