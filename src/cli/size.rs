//! `shocktrial size`: the number of patients that reaches a power.

use super::ScenarioFlags;
use crate::{
    error::{Error, Result},
    report::sizing::Sized,
    scenario,
    simulation::with_threads,
    sizing::{Find, Goal, Question, study},
};
use clap::{Args, ValueEnum};
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

/// Find the number of patients that reaches a power, by simulation.
///
/// Many sizes are simulated on the same patients. The answer is the smallest size from which the estimated
/// power stays at or above the one asked for; its Monte Carlo interval runs from the first size after the
/// last shown to be below to the first from which all are shown to be above. Beside it stand the size by
/// formula where there is one, and the assurance: the chance to show a benefit when the effect is not
/// taken for granted.
#[derive(Args)]
#[command(name = "size", after_help = "Example:\n  shocktrial size trial.toml --power 0.9")]
pub struct Arguments {
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// Power to be reached; 0.8 unless an assurance is asked for.
    #[arg(long, value_name = "P", value_parser = probability)]
    power: Option<f64>,
    /// Assurance to be reached instead.
    #[arg(long, value_name = "P", conflicts_with = "power", value_parser = probability)]
    assurance: Option<f64>,
    /// What is looked for.
    #[arg(long, value_enum, default_value_t = Sought::Patients)]
    find: Sought,
    /// Months the trial may take, from the first site's opening to the last analysis; for --find sites.
    #[arg(long, value_name = "M")]
    months: Option<f64>,
    /// Half width wanted of the Monte Carlo interval, in per cent of the answer; replicates grow until then.
    #[arg(long, value_name = "PERCENT", default_value_t = 1.5)]
    within: f64,
    /// Size this variant instead of the base.
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    #[command(flatten)]
    flags: ScenarioFlags,
    /// Threads; as many as there are processors by default.
    #[arg(long, value_name = "T")]
    threads: Option<usize>,
    /// Output folder; output/NAME_size by default.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sought {
    /// The smallest number of patients.
    Patients,
    /// The primary events such a trial has.
    Events,
    /// The sites with which such a trial is over within --months.
    Sites,
    /// The months such a trial takes.
    Months,
    /// The smallest effect the scenario's own number of patients shows.
    Effect,
}

fn probability(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if p > 0.0 && p < 1.0 => Ok(p),
        Ok(p) if (1.0..100.0).contains(&p) => Err(format!("write {} for {p} %", p / 100.0)),
        _ => Err("write a number between 0 and 1, like 0.9".into()),
    }
}

/// Sizes the trial, prints the page and writes the folder.
pub fn run(arguments: &Arguments) -> Result<()> {
    let started = Instant::now();
    let question = question(arguments)?;
    let mut changes = arguments.flags.changes_without_truths();
    changes.replicates = None;
    let scenario = scenario::load(&arguments.scenario, &changes)?;
    let run = match &arguments.variant {
        None => 0,
        Some(name) => {
            let of = |run: &crate::simulation::Run| run.variant == *name && run.sweep.is_empty();
            scenario.runs.iter().position(of).ok_or_else(|| {
                let names: Vec<&str> =
                    scenario.runs.iter().map(|r| r.variant.as_str()).filter(|n| !n.is_empty()).collect();
                let hint = scenario::document::suggestion(name, &names);
                Error::input(format!("there is no variant “{name}”{hint}"))
            })?
        }
    };
    if scenario.runs[run].null {
        return Err(Error::input("this run removes every effect; there is no power to size it for"));
    }
    if question.find == Find::Months || question.find == Find::Sites {
        let timed = scenario.runs[run].trial.accrual.candidates_per_site_day.is_finite();
        if !timed {
            return Err(Error::input(
                "the scenario states no accrual; add trial.sites to ask for months or sites",
            ));
        }
    }
    let spinner = spinner(arguments);
    let found = with_threads(arguments.threads, || study(&scenario, run, &question))?;
    spinner.finish_and_clear();
    let found = found?;
    let sized = Sized { scenario: &scenario, study: &found, seconds: started.elapsed().as_secs_f64() };
    let folder = arguments.out.clone().unwrap_or_else(|| {
        let stem = arguments.scenario.file_stem().map_or("scenario".into(), |s| s.to_string_lossy());
        Path::new("output").join(format!("{stem}_size"))
    });
    write(&sized, &folder)?;
    if arguments.json {
        super::print(&serde_json::to_string_pretty(&sized.json()).expect("plain values serialise"))
    } else if arguments.quiet {
        Ok(())
    } else {
        super::print(&format!("{}\nEverything is in {}", sized.page(), folder.display()))
    }
}

fn question(arguments: &Arguments) -> Result<Question> {
    let goal = match (arguments.power, arguments.assurance) {
        (_, Some(assurance)) => Goal::Assurance(assurance),
        (power, None) => Goal::Power(power.unwrap_or(0.8)),
    };
    let find = match arguments.find {
        Sought::Patients => Find::Patients,
        Sought::Events => Find::Events,
        Sought::Sites => Find::Sites,
        Sought::Months => Find::Months,
        Sought::Effect => Find::Effect,
    };
    if !(arguments.within > 0.0 && arguments.within <= 50.0) {
        return Err(Error::input("--within is a half width in per cent of the answer; write 1.5 for ±1.5 %"));
    }
    match (find, arguments.months) {
        (Find::Sites, None) => {
            return Err(Error::input("--find sites needs the time there is; add --months 36"));
        }
        (Find::Sites, Some(months)) if months <= 0.0 => {
            return Err(Error::input("--months has to be above 0"));
        }
        (Find::Sites, _) | (_, None) => {}
        _ => return Err(Error::input("--months goes with --find sites only")),
    }
    if find == Find::Effect && matches!(goal, Goal::Assurance(_)) {
        return Err(Error::input("an effect is looked for by --power; an assurance has no single effect"));
    }
    if arguments.flags.replicates.is_some_and(|n| n < 100) {
        return Err(Error::input("fewer than 100 replicates say nothing of a power; write more"));
    }
    Ok(Question {
        goal,
        find,
        within: arguments.within / 100.0,
        replicates: arguments.flags.replicates,
        months: arguments.months,
    })
}

fn spinner(arguments: &Arguments) -> indicatif::ProgressBar {
    if arguments.quiet {
        return indicatif::ProgressBar::hidden();
    }
    let spinner = indicatif::ProgressBar::new_spinner().with_message("simulating trials of many sizes");
    spinner.enable_steady_tick(std::time::Duration::from_millis(120));
    spinner
}

/// Writes the object, the points and the figure; the folder appears when it is complete.
fn write(sized: &Sized, folder: &Path) -> Result<()> {
    let fault = |why: std::io::Error| Error::path("write", folder, &why);
    let partial = PathBuf::from(format!("{}.partial", folder.display()));
    if partial.exists() {
        std::fs::remove_dir_all(&partial).map_err(fault)?;
    }
    std::fs::create_dir_all(partial.join("figures")).map_err(fault)?;
    let text = serde_json::to_string_pretty(&sized.json()).expect("plain values serialise");
    std::fs::write(partial.join("size.json"), text).map_err(fault)?;
    std::fs::write(partial.join("size.csv"), sized.csv()).map_err(fault)?;
    std::fs::write(partial.join("size.txt"), sized.page()).map_err(fault)?;
    let figure = sized.figure();
    std::fs::write(partial.join(format!("figures/{}.svg", figure.name)), &figure.svg).map_err(fault)?;
    let png = figure.png(2.0).map_err(|why| Error::Machine(format!("cannot draw the figure: {why}")))?;
    std::fs::write(partial.join(format!("figures/{}.png", figure.name)), png).map_err(fault)?;
    if folder.exists() {
        // Only what a sizing study wrote is replaced.
        if !folder.join("size.json").exists() {
            let message =
                format!("{} exists and holds no sizing study; name another folder", folder.display());
            return Err(Error::input(message));
        }
        std::fs::remove_dir_all(folder).map_err(fault)?;
    }
    std::fs::rename(&partial, folder).map_err(fault)
}
