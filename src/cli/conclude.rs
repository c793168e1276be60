//! From folded rows to a finished folder: what `run` and `merge` end with.

use crate::{
    error::{Error, Result},
    operating::{Fold, Measure},
    report::{
        folder::{
            Identity, OutputFolder,
            inputs::Stated,
            manifest::{FORMAT, Manifest, PoolSize},
        },
        page::page,
        results::Input,
        summary::{self, Verdict as Outcome},
    },
    scenario::{Scenario, expect::Verdict},
};

/// How a result came about.
#[derive(Clone, Debug)]
pub struct Made {
    pub identity: Identity,
    pub stated: Stated,
    pub threads: usize,
    pub seconds: f64,
    /// All runs together, all threads.
    pub replicates_per_second: f64,
    /// All runs together, by the processor time of all threads; none where it is not known.
    pub replicates_per_second_per_core: Option<f64>,
}

/// How much is printed.
#[derive(Clone, Copy, Debug)]
pub struct Printed {
    pub json: bool,
    pub quiet: bool,
}

/// Writes everything but the rows, finishes the folder, prints, and says whether what was expected came back.
pub fn conclude(
    scenario: &Scenario,
    fold: &Fold,
    folder: OutputFolder,
    made: Made,
    printed: Printed,
) -> Result<()> {
    let measures = fold.measures(&scenario.runs);
    let verdicts = verdicts(scenario, &measures);
    let whole = made.identity.is_whole();
    let manifest = Manifest {
        program: "shocktrial".into(),
        format: FORMAT,
        identity: made.identity,
        stated: made.stated,
        threads: made.threads,
        wall_seconds: made.seconds,
        replicates_per_second: made.replicates_per_second,
        replicates_per_second_per_core: made.replicates_per_second_per_core,
        command: std::env::args().skip(1).collect::<Vec<_>>().join(" "),
        pool: PoolSize { rows: scenario.pool.len(), screened: scenario.pool.screened },
        files: Vec::new(),
    };
    let reproduction = summary::told(&manifest);
    let input =
        Input { scenario, measures: &measures, fold, verdicts: &verdicts, reproduction: &reproduction };
    summary::write(&folder, &input, &manifest.identity.range())?;
    if whole {
        summary::report(&folder, &input)?;
    }
    let speed = serde_json::json!({
        "threads": manifest.threads,
        "wall_seconds": manifest.wall_seconds,
        "replicates_per_second": manifest.replicates_per_second,
        "replicates_per_second_per_core": manifest.replicates_per_second_per_core,
    });
    let written = folder.finish(manifest)?;
    if printed.json {
        super::print(&with_speed(&summary::text(&written)?, &speed))?;
    } else if !printed.quiet {
        super::print(&format!("{}\nEverything is in {}", page(&input), written.display()))?;
    }
    not_met(&verdicts)
}

/// The summary as it is printed: what the file says, and how fast it came about, which no file but the
/// manifest says because it is never the same twice.
fn with_speed(summary: &str, speed: &serde_json::Value) -> String {
    let open = summary.trim_end().strip_suffix('}').expect("the summary is an object").trim_end();
    format!("{open},\n  \"speed\": {speed}\n}}")
}

/// Each expectation with what came back.
fn verdicts(scenario: &Scenario, measures: &[Measure]) -> Vec<Outcome> {
    scenario
        .expectations
        .iter()
        .filter_map(|expectation| {
            let (name, expected) = expectation.text.measure()?;
            let run = scenario.runs[expectation.run].number;
            let arm = expectation.text.arm.clone().unwrap_or_default();
            let found = measures.iter().find(|m| {
                let of = &expectation.text.of;
                let estimand = m.estimand == *of
                    || m.estimand == format!("event:{of}")
                    || (name == "risk" && of_endpoint(scenario, expectation.run, &m.estimand, of));
                m.run == run
                    && (m.measure == name || (name == "power" && m.measure == "type_i_error"))
                    && estimand
                    && m.population == "all"
                    && m.look.is_none()
                    && m.arm == arm
            });
            Some(Outcome {
                expectation: expectation.clone(),
                measure: name,
                expected,
                value: found.map_or(f64::NAN, |m| m.value),
                mcse: found.map_or(f64::NAN, |m| m.mcse),
                verdict: found
                    .map_or(Verdict::NotMet, |m| expectation.text.verdict(expected, m.value, m.mcse)),
            })
        })
        .collect()
}

fn of_endpoint(scenario: &Scenario, run: usize, estimand: &str, endpoint: &str) -> bool {
    let trial = &scenario.runs[run].trial;
    trial.estimands.iter().any(|e| e.name == estimand && trial.endpoints[e.endpoint].name == endpoint)
}

fn not_met(verdicts: &[Outcome]) -> Result<()> {
    let missed: Vec<String> = verdicts
        .iter()
        .filter(|v| v.verdict == Verdict::NotMet)
        .map(|v| {
            let arm = v.expectation.text.arm.as_ref().map_or(String::new(), |a| format!(" in {a}"));
            format!(
                "line {}: {} of {}{arm} is {:.4} ± {:.4}, expected {} within {}",
                v.expectation.line,
                v.measure,
                v.expectation.text.of,
                v.value,
                v.mcse,
                v.expected,
                v.expectation.text.within
            )
        })
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    Err(Error::NotMet(format!("{} expectation(s) not met\n  {}", missed.len(), missed.join("\n  "))))
}
