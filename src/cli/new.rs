//! `shocktrial new`: a commented scenario to start from.

use crate::{
    error::{Error, Result, Source},
    scenario::{self, Changes, population_file::BUILT_IN},
};
use clap::Args;
use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Write a commented scenario to start from.
///
/// What no flag says is asked, or takes the value shown where nobody can be asked.
#[derive(Args)]
#[command(
    name = "new",
    after_help = "Example:\n  shocktrial new my_trial.toml --title \"Early pump\" --control-risk 0.45 --treatment-risk 0.36\n  \
                  shocktrial run my_trial.toml --replicates 2000"
)]
pub struct Arguments {
    /// File to write; standard output without it.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Name of the trial.
    #[arg(long)]
    title: Option<String>,
    /// Name of the treatment.
    #[arg(long, value_name = "NAME")]
    treatment: Option<String>,
    /// Name of the control.
    #[arg(long, value_name = "NAME")]
    control: Option<String>,
    /// Risk of death in the control arm.
    #[arg(long, value_name = "P")]
    control_risk: Option<f64>,
    /// Risk of death in the treatment arm.
    #[arg(long, value_name = "P")]
    treatment_risk: Option<f64>,
    /// Day of the end point.
    #[arg(long, value_name = "D")]
    days: Option<u32>,
    /// Patients to randomise.
    #[arg(long, value_name = "N")]
    patients: Option<u32>,
    /// An entry criterion, such as "lactate_mmol_per_l > 3"; repeatable.
    #[arg(long, value_name = "RULE")]
    eligible: Vec<String>,
    /// Ask nothing, also on a terminal.
    #[arg(long)]
    defaults: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
    /// Print the scenario as a JSON object with its text.
    #[arg(long)]
    json: bool,
}

/// What the scenario is made of.
struct Answers {
    title: String,
    treatment: String,
    control: String,
    control_risk: f64,
    treatment_risk: f64,
    days: u32,
    patients: u32,
    eligible: Vec<String>,
}

/// Asks what is not said, checks the scenario, and writes it.
pub fn run(arguments: &Arguments) -> Result<()> {
    if let Some(file) = arguments.file.as_ref().filter(|file| file.exists()) {
        return Err(Error::input(format!("{} is there already; name another file", file.display())));
    }
    let ask = !arguments.defaults && arguments.file.is_some() && std::io::stdin().is_terminal();
    let text = text(&answers(arguments, ask)?);
    let name = arguments.file.as_deref().unwrap_or(Path::new("new scenario"));
    let source = Arc::new(Source { name: name.display().to_string(), text: text.clone() });
    let checked = Changes { without_truths: true, ..Changes::default() };
    scenario::prepare(&source, Path::new("."), &checked)?;
    match &arguments.file {
        Some(file) => {
            std::fs::write(file, &text).map_err(|why| Error::path("write", file, &why))?;
            let said = format!(
                "{0} is written; read it, then: shocktrial run {0} --replicates 2000",
                file.display()
            );
            if arguments.quiet || arguments.json { Ok(()) } else { super::print(&said) }?;
        }
        None if arguments.json || arguments.quiet => {}
        None => super::print(text.trim_end())?,
    }
    if arguments.json {
        let file = arguments.file.as_ref().map(|f| f.display().to_string());
        super::print(&serde_json::json!({ "file": file, "text": text }).to_string())?;
    }
    Ok(())
}

fn answers(arguments: &Arguments, ask: bool) -> Result<Answers> {
    let word = |given: &Option<String>, question: &str, usual: &str| match given {
        Some(value) => Ok(value.clone()),
        None if ask => asked(question, usual),
        None => Ok(usual.to_owned()),
    };
    let risk = |given: Option<f64>, question: &str, usual: f64| -> Result<f64> {
        let value = match given {
            Some(value) => value,
            None if ask => number(question, &usual.to_string())?,
            None => usual,
        };
        let inside = value > 0.0 && value < 1.0;
        inside
            .then_some(value)
            .ok_or_else(|| Error::input(format!("a risk lies between 0 and 1, not at {value}")))
    };
    let count = |given: Option<u32>, question: &str, usual: u32| match given {
        Some(value) => Ok(value),
        None if ask => number(question, &usual.to_string()),
        None => Ok(usual),
    };
    Ok(Answers {
        title: word(&arguments.title, "Name of the trial", "A new trial")?,
        control: word(&arguments.control, "What the control arm gets", "Usual care")?,
        treatment: word(&arguments.treatment, "What the treatment arm gets", "New treatment")?,
        days: count(arguments.days, "Day of the end point, death", 30)?,
        control_risk: risk(arguments.control_risk, "Risk of death by then in controls", 0.45)?,
        treatment_risk: risk(arguments.treatment_risk, "Risk of death by then in treated", 0.36)?,
        patients: count(arguments.patients, "Patients to randomise", 400)?,
        eligible: if arguments.eligible.is_empty() {
            vec!["cause = ami".into()]
        } else {
            arguments.eligible.clone()
        },
    })
}

/// One answer from the terminal; an empty line takes the usual one.
fn asked(question: &str, usual: &str) -> Result<String> {
    eprint!("{question} [{usual}]: ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|why| Error::input(format!("cannot read the answer: {why}")))?;
    let line = line.trim();
    Ok(if line.is_empty() { usual.to_owned() } else { line.to_owned() })
}

fn number<T: std::str::FromStr>(question: &str, usual: &str) -> Result<T> {
    loop {
        match asked(question, usual)?.parse() {
            Ok(value) => return Ok(value),
            Err(_) => eprintln!("write a number, like {usual}"),
        }
    }
}

/// The scenario, with what one may want to know beside every part.
fn text(a: &Answers) -> String {
    let quote = |text: &str| serde_json::to_string(text).expect("text serialises");
    let list = |items: &[String]| items.iter().map(|i| quote(i)).collect::<Vec<_>>().join(", ");
    format!(
        r#"# A first scenario. Every number here is an assumption until it cites its source:
#   risk = {{ value = 0.49, cite = "rev-ecls-mort-ctl" }}     shocktrial evidence WORD lists the ledger
# shocktrial check FILE says what is wrong, line by line; shocktrial run FILE simulates it.

title      = {title}
question   = "Does {treatment} lower {days}-day mortality?"
replicates = 10_000     # trials simulated; more make the Monte Carlo error smaller
seed       = 1          # the same seed gives the same trials, bit for bit

# Who is enrolled: patients of the registry who meet all criteria.
[population]
registry = "{BUILT_IN}"
eligible = [{eligible}]
# Controls die as often as this; the registry's baseline hazards are moved to it once.
anchor   = [{{ risk = {control_risk:?}, of = "death", arm = "control" }}]

[arm.control]
label = {control}

[arm.treatment]
label = {treatment_quoted}
# The effect is whatever gives this risk. Or say it outright: {{ hazard_ratio = 0.8 }}
effect.death_from_shock = {{ such_that = {{ risk = {treatment_risk:?}, of = "death" }} }}
# Harm is an effect like any other:
# effect.moderate_or_severe_bleeding = {{ hazard_ratio = 2.0 }}

# What is counted.
[endpoint.death]
label  = "Death from any cause by day {days}"
any_of = ["death"]
by     = "{days} days"

# What is asked of it.
[estimand.primary]
endpoint  = "death"
compare   = {{ treatment = "treatment", control = "control" }}
summary   = "risk_ratio"
test      = "chi_square"
subgroups = ["stemi", "lactate_mmol_per_l >= 6"]

[trial]
patients   = {patients}
allocation = {{ ratio = {{ control = 1, treatment = 1 }}, blocks = [4] }}
follow_up  = "{days} days"
design     = {{ fixed = {{ alpha = {{ two_sided = 0.05 }} }} }}

# How power depends on size.
[sweep]
"trial.patients" = [{half}, {double}]

# The same trial if the treatment does nothing: the type I error.
[[variant]]
name = "no effect"
null = true
"#,
        title = quote(&a.title),
        treatment = quote(&a.treatment).trim_matches('"'),
        treatment_quoted = quote(&a.treatment),
        control = quote(&a.control),
        eligible = list(&a.eligible),
        control_risk = a.control_risk,
        treatment_risk = a.treatment_risk,
        days = a.days,
        patients = a.patients,
        half = (a.patients / 2).max(2),
        double = a.patients.saturating_mul(2),
    )
}
