//! `shocktrial validate`: finished trials replayed, running ones forecast.

use super::population::DEFAULT_POPULATION;
use crate::{
    error::{Error, Finding, Result, Source},
    evidence,
    report::{folder::hash, validation as told},
    scenario::{self, Changes, Wanted},
    simulation::each,
    validation::{self, accuracy},
};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// Replay every finished trial: published results beside predicted and anchored ones.
#[derive(Args)]
#[command(
    name = "validate",
    after_help = "Example:\n  shocktrial validate\n  shocktrial validate scenarios/published/ecls_shock.toml --json"
)]
pub struct Arguments {
    /// Scenarios that state what was published; by default all of scenarios/published and scenarios/ongoing.
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Folder for the page and its figures.
    #[arg(long, value_name = "DIR", default_value = "output/validation")]
    out: PathBuf,
    /// Print one JSON list and nothing else; write no page.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

/// Replays, prints, writes the page.
pub fn run(arguments: &Arguments) -> Result<()> {
    let start = Instant::now();
    let files = files(arguments)?;
    let changes = Changes { without_truths: true, runs: Wanted::BaseAlone, ..Changes::default() };
    let mut scenarios = Vec::new();
    let mut texts = String::new();
    for (file, scenario) in files.iter().zip(each(&files, |file| scenario::load(file, &changes))) {
        let scenario = scenario?;
        if scenario.published.is_none() {
            let message = "this scenario does not say what was published; add a [published] section";
            return Err(Finding::new(message).at(&scenario.source, 0..0).into());
        }
        texts += &scenario.source.text;
        let name = file.file_stem().map_or(String::new(), |s| s.to_string_lossy().into_owned());
        scenarios.push((name, scenario));
    }
    let infarct = infarct()?;
    let validation = validation::validate(&scenarios, &infarct)?;
    if arguments.json {
        let rows = told::rows(&validation);
        super::print(&serde_json::to_string_pretty(&rows).expect("plain values serialise"))?;
    } else {
        if !arguments.quiet {
            let mut text = told::verdict(&validation) + "\n";
            for table in told::tables(&validation) {
                let mut shown = super::table(table.columns.iter().map(|c| match c.unit.as_str() {
                    "" => c.title.clone(),
                    unit => format!("{}, {unit}", c.title),
                }));
                table.rows.iter().for_each(|row| {
                    shown.add_row(row.clone());
                });
                text += &format!("\n{}\n{shown}\n", table.caption);
                table.notes.iter().for_each(|note| text += &format!("{note}\n"));
            }
            super::print(text.trim_end())?;
        }
        let seconds = start.elapsed().as_secs_f64();
        let reproduction = vec![
            ("Version".to_owned(), format!("shocktrial {}", env!("CARGO_PKG_VERSION"))),
            ("Command".to_owned(), "shocktrial validate".to_owned()),
            (
                "Scenarios".to_owned(),
                format!("{} files, hash {}", files.len(), hash::of_bytes(texts.as_bytes())),
            ),
            ("Evidence ledger".to_owned(), evidence::version()),
            ("Wall time".to_owned(), format!("{seconds:.0} s")),
        ];
        write_page(&arguments.out, &validation, &reproduction)?;
    }
    let machinery = validation.replays.iter().filter_map(|r| r.machinery.map(|m| (r, m)));
    match machinery.filter(|(_, m)| !m.agrees()).map(|(r, _)| r.title.clone()).next() {
        Some(title) => Err(Error::NotMet(format!("{title}: simulated trials do not spread as binomials do"))),
        None => Ok(()),
    }
}

fn write_page(
    out: &Path,
    validation: &validation::Validation,
    reproduction: &[(String, String)],
) -> Result<()> {
    let figures = told::figures(validation);
    let fault = |what: String| Error::Machine(format!("cannot draw the page: {what}"));
    let folder = out.join("figures");
    std::fs::create_dir_all(&folder).map_err(|why| Error::path("write", &folder, &why))?;
    let write = |path: PathBuf, bytes: &[u8]| {
        std::fs::write(&path, bytes).map_err(|why| Error::path("write", &path, &why))
    };
    for figure in &figures {
        write(folder.join(format!("{}.svg", figure.name)), figure.svg.as_bytes())?;
        let png = figure.png(2.0).map_err(|why| fault(why.to_string()))?;
        write(folder.join(format!("{}.png", figure.name)), &png)?;
    }
    let page = told::page(validation, reproduction).render(&figures).map_err(|why| fault(why.to_string()))?;
    write(out.join("validation.html"), page.as_bytes())?;
    let rows = told::rows(validation);
    let json = serde_json::to_string_pretty(&rows).expect("plain values serialise");
    write(out.join("validation.json"), json.as_bytes())
}

/// The files named, or all that come with the program.
fn files(arguments: &Arguments) -> Result<Vec<PathBuf>> {
    if !arguments.scenarios.is_empty() {
        return Ok(arguments.scenarios.clone());
    }
    let mut list = Vec::new();
    for folder in ["scenarios/published", "scenarios/ongoing"] {
        let folder = Path::new(folder);
        let entries = std::fs::read_dir(folder).map_err(|why| Error::path("read", folder, &why))?;
        let paths = entries.filter_map(|entry| entry.ok().map(|e| e.path()));
        list.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "toml")));
    }
    list.sort();
    Ok(list)
}

/// All infarct shock of the registry.
fn infarct() -> Result<scenario::Scenario> {
    let registry = Path::new(DEFAULT_POPULATION);
    let registry = registry.canonicalize().map_err(|why| Error::path("read", registry, &why))?;
    let text = accuracy::infarct_scenario(&registry.display().to_string());
    let source = Arc::new(Source { name: "infarct shock".into(), text });
    let changes = Changes { without_truths: true, runs: Wanted::BaseAlone, ..Changes::default() };
    scenario::prepare(&source, Path::new("."), &changes)
}
