//! The finished folder: summary, tables, figures, report, manifest; and the page on the terminal.

#[cfg(feature = "workbook")]
use super::workbook::workbook;
use super::{
    compose::compose,
    folder::{OutputFolder, inputs, manifest::Manifest},
    html::PNG_SCALE,
    results::Input,
    tables,
};
use crate::{
    error::{Error, Result},
    operating::Measure,
    scenario::{
        Scenario,
        document::Provenance as From,
        expect::{self, Expectation},
    },
};
use serde_json::{Value, json};
use std::{ops::Range, path::Path};

/// An expectation and what came back.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub expectation: Expectation,
    pub measure: &'static str,
    pub expected: f64,
    pub value: f64,
    pub mcse: f64,
    pub verdict: expect::Verdict,
}

/// Writes the measures, the summary and the inputs of a folder whose rows are there.
pub fn write(folder: &OutputFolder, input: &Input, range: &Range<u64>) -> Result<()> {
    let &Input { scenario, measures, verdicts, .. } = input;
    let mut frame = tables::measures_frame(measures, &scenario.runs)?;
    tables::write_csv(&mut frame, Some(&folder.file("operating_characteristics.csv")))?;
    tables::write_parquet(&mut frame, &folder.file("operating_characteristics.parquet"))?;
    folder.write("summary.json", pretty(&summary(scenario, measures, verdicts, range)).as_bytes())?;
    inputs::write(folder, scenario)
}

/// Writes the figures, as SVG and PNG, the report that holds them, and its tables as a workbook.
pub fn report(folder: &OutputFolder, input: &Input) -> Result<()> {
    let fault = |what: String| Error::Machine(format!("cannot draw the report: {what}"));
    let (figures, report) = compose(input);
    for figure in &figures {
        folder.write(&format!("figures/{}.svg", figure.name), figure.svg.as_bytes())?;
        let png = figure.png(PNG_SCALE).map_err(|why| fault(why.to_string()))?;
        folder.write(&format!("figures/{}.png", figure.name), &png)?;
    }
    let html = report.render(&figures).map_err(|why| fault(why.to_string()))?;
    folder.write("report.html", html.as_bytes())?;
    #[cfg(feature = "workbook")]
    folder.write("tables.xlsx", &workbook(&report, input.measures, &input.scenario.runs)?)?;
    Ok(())
}

/// What is needed to make the result again, as labels and values for people.
pub fn told(manifest: &Manifest) -> Vec<(String, String)> {
    let line = |label: &str, value: String| (label.to_owned(), value);
    let Manifest { identity, pool, .. } = manifest;
    let range = identity.range();
    vec![
        line("Version", format!("shocktrial {}", identity.version)),
        line("Command", format!("shocktrial {}", manifest.command)),
        line("Scenario hash", identity.scenario_hash.clone()),
        line("Evidence ledger", identity.ledger_version.clone()),
        line("Seed", identity.seed.to_string()),
        line("Replicates", format!("{} to {}", range.start, range.end - 1)),
        line("Patients in the pool", format!("{} of {} screened", pool.rows, pool.screened)),
        line("Threads", manifest.threads.to_string()),
        line("Wall time", format!("{:.1} s", manifest.wall_seconds)),
        line("Trials per second", format!("{:.0}", manifest.replicates_per_second)),
    ]
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("plain values serialise")
}

/// The summary of a finished folder, as written.
pub fn text(folder: &Path) -> Result<String> {
    let path = folder.join("summary.json");
    std::fs::read_to_string(&path).map_err(|why| Error::path("read", &path, &why))
}

fn or_null(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { Value::Null }
}

fn summary(scenario: &Scenario, measures: &[Measure], verdicts: &[Verdict], range: &Range<u64>) -> Value {
    let runs: Vec<Value> = scenario
        .runs
        .iter()
        .map(|run| {
            let trial = &run.trial;
            let estimands: Vec<Value> = trial
                .estimands
                .iter()
                .map(|e| {
                    json!({
                        "name": e.name,
                        "endpoint": trial.endpoints[e.endpoint].name,
                        "treatment": trial.arms[usize::from(e.treatment)].name,
                        "control": trial.arms[usize::from(e.control)].name,
                        "summary": e.method.summary.name(),
                        "method": e.method_name(),
                        "scale": if e.method.summary.is_ratio() { "ratio; bias, rmse, standard errors and mcse on the log scale" } else { "difference" },
                        "benefit": "a statistic below 0",
                    })
                })
                .collect();
            json!({
                "run": run.number, "variant": run.variant, "sweep": run.sweep, "null": run.null,
                "replicates": run.replicates.min(range.end).saturating_sub(range.start),
                "patients": trial.patients, "estimands": estimands,
            })
        })
        .collect();
    let measures: Vec<Value> = measures
        .iter()
        .map(|m| {
            json!({
                "run": m.run, "estimand": m.estimand, "population": m.population, "level": m.level,
                "look": m.look, "arm": m.arm, "measure": m.measure, "value": or_null(m.value),
                "mcse": or_null(m.mcse), "lower": or_null(m.lower), "upper": or_null(m.upper),
                "replicates": m.replicates, "failed": m.failed, "method": m.method,
            })
        })
        .collect();
    let solved: Vec<Value> = scenario
        .solved
        .iter()
        .map(|(run, s)| {
            json!({
                "run": if *run == 0 { Value::Null } else { json!(run) }, "path": s.path, "label": s.label,
                "stated": s.wanted, "reached": s.got, "number": s.value,
            })
        })
        .collect();
    let predicted: Vec<Value> = scenario
        .predicted
        .iter()
        .map(|p| {
            json!({
                "path": p.path, "label": p.label, "kind": "predicted", "published": p.stated,
                "predicted": p.predicted, "pool_error": p.error,
            })
        })
        .collect();
    let numbers: Vec<Value> = scenario
        .sourced
        .iter()
        .map(|s| match &s.from {
            From::Cited(id) => json!({ "path": s.path, "value": s.value, "cite": id }),
            From::Assumed(reason) => json!({ "path": s.path, "value": s.value, "assumed": reason }),
        })
        .collect();
    let verdicts: Vec<Value> = verdicts
        .iter()
        .map(|v| {
            json!({
                "line": v.expectation.line, "variant": v.expectation.text.variant, "measure": v.measure,
                "of": v.expectation.text.of, "arm": v.expectation.text.arm, "expected": v.expected,
                "within": v.expectation.text.within, "value": or_null(v.value), "mcse": or_null(v.mcse),
                "verdict": v.verdict.name(),
            })
        })
        .collect();
    json!({
        "title": scenario.title,
        "question": scenario.question,
        "seed": scenario.seed,
        "replicate_range": [range.start, range.end],
        "runs": runs,
        "operating_characteristics": measures,
        "expectations": verdicts,
        "predicted_from_entry_criteria": predicted,
        "solved": solved,
        "numbers": numbers,
        "warnings": scenario.warnings,
        "limits": scenario.limits,
    })
}
