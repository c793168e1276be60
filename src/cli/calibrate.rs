//! `shocktrial calibrate`: targets beside what the registry gives.

use super::{Output, population::DEFAULT_POPULATION};
use crate::{
    calibration::{
        self, CalibrationRow,
        target::{Scale, TargetKind},
    },
    error::{Error, Result},
    population::Registry,
    scenario::{
        document::{self, Document},
        population_file::{findings, read_population, read_text},
    },
};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Hold the registry against its targets; exit 1 when a fitted one is out.
#[derive(Args)]
#[command(name = "calibrate", after_help = "Example:\n  shocktrial calibrate --strict")]
pub struct Arguments {
    /// The population file.
    #[arg(default_value = DEFAULT_POPULATION)]
    file: PathBuf,
    /// A checked target out of tolerance fails the command too.
    #[arg(long)]
    strict: bool,
    /// Take the parameters as written in the file and solve nothing.
    #[arg(long)]
    as_written: bool,
    /// Solve the parameters afresh and write them beside the file.
    #[arg(long)]
    refit: bool,
    #[command(flatten)]
    output: Output,
}

/// Prints the calibration table.
pub fn run(arguments: &Arguments) -> Result<()> {
    let source = document::read(&arguments.file)?;
    let (text, _) = read_text(&source)?;
    let place = Document::parse(&source)?;
    let wrong = |problems: Vec<crate::population::Problem>| findings(&place, &problems, "");
    let registry = if arguments.as_written {
        Registry::new(&text).map_err(wrong)?
    } else if arguments.refit {
        let beside = arguments.file.with_extension("fitted.json");
        let fresh = calibration::calibrated(&text, &source.text, None).map_err(wrong)?;
        std::fs::write(&beside, fresh.fitted.to_json()).map_err(|why| Error::path("write", &beside, &why))?;
        fresh.registry
    } else {
        let file = read_population(&arguments.file)?;
        if let Some(why) = &file.refitted {
            eprintln!("note: {why}; they were solved afresh");
        }
        file.registry
    };
    let rows = calibration::table(&text, &registry).map_err(wrong)?;
    if arguments.output.json {
        super::print(&as_json(&rows))?;
    } else {
        arguments.output.print(|| as_table(&rows))?;
    }
    if calibration::is_out(&rows, arguments.strict) {
        return Err(Error::NotMet("a target is out of tolerance; see the table".into()));
    }
    Ok(())
}

fn as_json(rows: &[CalibrationRow]) -> String {
    let list: Vec<serde_json::Value> = rows
        .iter()
        .map(|r| {
            json!({
                "id": r.id, "kind": r.kind.word(), "label": r.label, "target": r.target, "achieved": r.achieved,
                "lower": r.lower, "upper": r.upper, "tolerance": r.tolerance, "pass": r.pass, "source": r.source,
                "error": r.error,
            })
        })
        .collect();
    serde_json::to_string_pretty(&list).expect("plain values serialise")
}

fn as_table(rows: &[CalibrationRow]) -> String {
    let mut text = String::new();
    for kind in [TargetKind::Fitted, TargetKind::Implied, TargetKind::Checked] {
        let mut table = super::table([kind.word(), "Target", "Achieved", "Passes", "Verdict", "Source"]);
        for row in rows.iter().filter(|row| row.kind == kind) {
            let shown = |x: f64| match row.scale {
                Scale::Share => format!("{:.1} %", 100.0 * x),
                _ => format!("{x:.2}"),
            };
            let verdict = match row.pass {
                Some(true) => "pass",
                Some(false) => "FAIL",
                None => "–",
            };
            table.add_row([
                row.label.clone(),
                shown(row.target),
                shown(row.achieved),
                format!("{} to {}", shown(row.lower), shown(row.upper)),
                verdict.to_owned(),
                row.source.clone(),
            ]);
        }
        text += &format!("{table}\n\n");
    }
    let failed = |kind| rows.iter().filter(|r| r.kind == kind && r.pass == Some(false)).count();
    text + &format!(
        "{} fitted and {} checked targets are out; checked ones were not used and stay as they come out",
        failed(TargetKind::Fitted),
        failed(TargetKind::Checked)
    )
}
