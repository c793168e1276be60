//! `shocktrial analyze`: one data set, by the code that analyses each replicate.

use crate::{
    analysis::comparison::{Buffers, Comparison, Method, Summary, Test, sides},
    error::{Error, Result},
    outcome::endpoint::Observed,
    report::tables::{NamedValues, Values, read_data},
};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Analyse one data set, real or simulated, with the code that analyses each replicate.
#[derive(Args)]
#[command(name = "analyze")]
pub struct Arguments {
    /// A table, .csv or .parquet, one row per patient.
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// Column that says which arm a patient is in; two values.
    #[arg(long, value_name = "COL")]
    arm: String,
    /// The value of the arm column that is the treatment; by default the last in order.
    #[arg(long, value_name = "VALUE")]
    treatment: Option<String>,
    /// The value of the arm column that is the control; needed with more than two arms.
    #[arg(long, value_name = "VALUE")]
    control: Option<String>,
    /// Column with 1 for patients with the event and 0 for the others.
    #[arg(long, value_name = "COL")]
    event: String,
    /// Column with the time to the event or to the end of follow-up, days.
    #[arg(long, value_name = "COL")]
    time: Option<String>,
    /// Column with 1 where the answer by the horizon is known; without it, known unless the event is missing.
    #[arg(long, value_name = "COL")]
    known: Option<String>,
    /// Column of strata for the stratified log-rank test.
    #[arg(long, value_name = "COL")]
    stratum: Option<String>,
    /// Methods; by default all that the columns allow.
    #[arg(long = "method", value_enum)]
    methods: Vec<Name>,
    /// Print one JSON list and nothing else.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Name {
    ChiSquare,
    RiskRatio,
    RiskDifference,
    OddsRatio,
    LogRank,
    StratifiedLogRank,
    Cox,
}

impl Name {
    fn word(self) -> &'static str {
        match self {
            Name::ChiSquare => "chi_square",
            Name::RiskRatio => "risk_ratio",
            Name::RiskDifference => "risk_difference",
            Name::OddsRatio => "odds_ratio",
            Name::LogRank => "log_rank",
            Name::StratifiedLogRank => "stratified_log_rank",
            Name::Cox => "cox",
        }
    }

    /// The summary measure and test behind a method; the interval beside a risk measure is its own, the
    /// test beside it the chi-square, and the notes say so.
    fn method(self) -> Method {
        let (summary, test) = match self {
            Name::ChiSquare | Name::RiskRatio => (Summary::RiskRatio, Test::ChiSquare),
            Name::RiskDifference => (Summary::RiskDifference, Test::ChiSquare),
            Name::OddsRatio => (Summary::OddsRatio, Test::ChiSquare),
            Name::LogRank => (Summary::HazardRatio, Test::LogRank),
            Name::StratifiedLogRank => (Summary::HazardRatio, Test::StratifiedLogRank),
            Name::Cox => (Summary::HazardRatio, Test::Wald),
        };
        Method { summary, test }
    }

    fn note(self) -> &'static str {
        match self {
            Name::ChiSquare => "uncorrected; the estimate is the risk ratio with Katz's interval",
            Name::RiskRatio => "interval by Katz, test by uncorrected chi-square",
            Name::RiskDifference => "interval by Newcombe, test by uncorrected chi-square",
            Name::OddsRatio => "interval by Woolf, test by uncorrected chi-square",
            Name::LogRank => "the estimate is Cox's hazard ratio, Efron ties, Wald interval",
            Name::StratifiedLogRank => "the estimate is Cox's, stratified, Efron ties, Wald interval",
            Name::Cox => "Efron ties, Wald test and interval",
        }
    }
}

/// Reads, compares and prints.
pub fn run(arguments: &Arguments) -> Result<()> {
    let data = read_data(&arguments.data)?;
    let table = Table { path: &arguments.data, columns: &data };
    let arms = table.words(&arguments.arm)?;
    let (treatment, control) = table.two_arms(arguments, &arms)?;
    let event = table.flags(&arguments.event)?;
    let time = arguments.time.as_deref().map(|c| table.times(c)).transpose()?;
    let stratum = arguments.stratum.as_deref().map(|c| table.words(c)).transpose()?;
    let methods = methods(arguments)?;
    let known = match &arguments.known {
        Some(column) => table.flags(column)?.iter().map(|k| *k == Some(true)).collect(),
        None => event.iter().map(Option::is_some).collect(),
    };
    let seen = Observed {
        time: time.unwrap_or_else(|| vec![1.0; event.len()]),
        event: event.iter().map(|&e| e == Some(true)).collect(),
        known,
    };
    let assigned: Vec<u8> = arms
        .iter()
        .map(|a| {
            if *a == treatment {
                1
            } else if *a == control {
                0
            } else {
                2
            }
        })
        .collect();
    let (codes, levels) = codes(stratum.as_deref());
    let mut buffers = Buffers::default();
    sides(&assigned, 1, 0, &mut buffers.group);
    buffers.sort(&seen);
    let stratum_of = |i: usize| codes.get(i).copied().unwrap_or(0);
    let strata = stratum.as_ref().map(|_| (&stratum_of as &dyn Fn(usize) -> u8, levels));
    let results: Vec<(Name, Comparison)> = methods
        .into_iter()
        .map(|name| (name, buffers.compare(&seen, name.method(), f64::INFINITY, strata, |_| true)))
        .collect();
    super::print(&if arguments.json { as_json(&results) } else { as_table(&results, &treatment, &control) })
}

fn methods(arguments: &Arguments) -> Result<Vec<Name>> {
    let timed = arguments.time.is_some();
    if arguments.methods.is_empty() {
        let mut list = vec![Name::ChiSquare, Name::RiskDifference, Name::OddsRatio];
        if timed {
            list = vec![Name::LogRank, Name::Cox];
        }
        if timed && arguments.stratum.is_some() {
            list.push(Name::StratifiedLogRank);
        }
        return Ok(list);
    }
    for name in &arguments.methods {
        if name.method().summary.needs_times() && !timed {
            return Err(Error::input(format!("{} needs times; add --time COL", name.word())));
        }
        if *name == Name::StratifiedLogRank && arguments.stratum.is_none() {
            return Err(Error::input("stratified_log_rank needs strata; add --stratum COL"));
        }
    }
    Ok(arguments.methods.clone())
}

struct Table<'a> {
    path: &'a Path,
    columns: &'a [NamedValues],
}

impl Table<'_> {
    fn column(&self, name: &str) -> Result<&NamedValues> {
        self.columns.iter().find(|c| c.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
            let hint = crate::scenario::document::suggestion(name, &names);
            Error::input(format!("{} has no column “{name}”{hint}", self.path.display()))
        })
    }

    fn wrong(&self, column: &str, row: usize, what: &str) -> Error {
        Error::input(format!("{}: column “{column}”, row {}: {what}", self.path.display(), row + 1))
    }

    fn words(&self, name: &str) -> Result<Vec<String>> {
        let missing = |row| self.wrong(name, row, "a value is missing");
        match &self.column(name)?.values {
            Values::Words(words) => {
                words.iter().enumerate().map(|(i, w)| w.clone().ok_or_else(|| missing(i))).collect()
            }
            Values::Numbers(numbers) => numbers
                .iter()
                .enumerate()
                .map(|(i, x)| x.map(|x| x.to_string()).ok_or_else(|| missing(i)))
                .collect(),
        }
    }

    fn numbers(&self, name: &str) -> Result<&[Option<f64>]> {
        match &self.column(name)?.values {
            Values::Numbers(numbers) => Ok(numbers),
            Values::Words(words) => {
                let odd =
                    words.iter().position(|w| w.as_deref().is_some_and(|w| w.trim().parse::<f64>().is_err()));
                let row = odd.unwrap_or(0);
                let found = words[row].clone().unwrap_or_default();
                Err(self.wrong(name, row, &format!("“{found}” is not a number")))
            }
        }
    }

    /// Events; a missing one is a patient whose answer is not known.
    fn flags(&self, name: &str) -> Result<Vec<Option<bool>>> {
        let numbers = self.numbers(name)?;
        let flag = |(i, x): (usize, &Option<f64>)| match x {
            None => Ok(None),
            Some(x) if *x == 0.0 => Ok(Some(false)),
            Some(x) if *x == 1.0 => Ok(Some(true)),
            Some(x) => Err(self.wrong(name, i, &format!("{x} is neither 0 nor 1"))),
        };
        numbers.iter().enumerate().map(flag).collect()
    }

    fn times(&self, name: &str) -> Result<Vec<f64>> {
        let numbers = self.numbers(name)?;
        let time = |(i, x): (usize, &Option<f64>)| match x {
            None => Err(self.wrong(name, i, "a time is missing")),
            Some(x) if *x >= 0.0 && x.is_finite() => Ok(*x),
            Some(x) => Err(self.wrong(name, i, &format!("{x} is not a time; it has to be 0 or more"))),
        };
        numbers.iter().enumerate().map(time).collect()
    }

    fn two_arms(&self, arguments: &Arguments, arms: &[String]) -> Result<(String, String)> {
        let mut names: Vec<&String> = arms.iter().collect();
        names.sort();
        names.dedup();
        let known = |value: &String| {
            if names.contains(&value) {
                Ok(value.clone())
            } else {
                let list: Vec<&str> = names.iter().map(|n| n.as_str()).collect();
                Err(Error::input(format!(
                    "no patient is in the arm “{value}”; the arms are {}",
                    list.join(", ")
                )))
            }
        };
        let treatment = arguments.treatment.as_ref().map(known).transpose()?;
        let control = arguments.control.as_ref().map(known).transpose()?;
        let one_more = |not: &String| names.iter().find(|n| **n != not).map(|n| (*n).clone());
        match (treatment, control, names.len()) {
            (Some(t), Some(c), _) if t != c => Ok((t, c)),
            (Some(t), None, 2) => Ok((t.clone(), one_more(&t).unwrap_or_default())),
            (None, Some(c), 2) => Ok((one_more(&c).unwrap_or_default(), c)),
            (None, None, 2) => Ok((names[1].clone(), names[0].clone())),
            (_, _, 1) => Err(Error::input(format!(
                "all patients are in the arm “{}”; a comparison needs two",
                names[0]
            ))),
            _ => Err(Error::input(format!(
                "{} arms are in the data; name two with --treatment and --control",
                names.len()
            ))),
        }
    }
}

fn codes(strata: Option<&[String]>) -> (Vec<u8>, u8) {
    let Some(strata) = strata else { return (Vec::new(), 0) };
    let mut names: Vec<&String> = strata.iter().collect();
    names.sort();
    names.dedup();
    let code = |s: &String| names.binary_search(&s).unwrap_or(0).min(254) as u8;
    (strata.iter().map(code).collect(), names.len().min(255) as u8)
}

/// A number, or null where there is none.
fn or_null(x: f64) -> serde_json::Value {
    if x.is_finite() { json!(x) } else { serde_json::Value::Null }
}

fn as_json(results: &[(Name, Comparison)]) -> String {
    let list: Vec<serde_json::Value> = results
        .iter()
        .map(|(name, c)| {
            let ratio = name.method().summary.is_ratio();
            let shown = |x: f64| or_null(if ratio { libm::exp(x) } else { x });
            let notes = c.reason.map_or(name.note().to_owned(), |r| format!("no test: {r}"));
            json!({
                "method": name.word(),
                "estimate": shown(c.estimate),
                "scale": if ratio { "ratio" } else { "difference" },
                "se": or_null(c.se),
                "statistic": or_null(c.statistic),
                "df": 1,
                "p_value": or_null(c.p_value),
                "lower": shown(c.lower),
                "upper": shown(c.upper),
                "n": c.n_treatment + c.n_control,
                "events": c.events_treatment + c.events_control,
                "notes": notes,
            })
        })
        .collect();
    serde_json::to_string_pretty(&list).expect("plain values serialise")
}

fn as_table(results: &[(Name, Comparison)], treatment: &str, control: &str) -> String {
    let mut table = super::table(["Method", "Estimate (95 % CI)", "z", "P", treatment, control]);
    for (name, c) in results {
        let ratio = name.method().summary.is_ratio();
        let shown = |x: f64| {
            if x.is_nan() { "–".into() } else { format!("{:.3}", if ratio { libm::exp(x) } else { x }) }
        };
        let (estimate, z, p) = match c.reason {
            Some(reason) => (reason.to_string(), "–".into(), "–".into()),
            None => (
                format!("{} ({} to {})", shown(c.estimate), shown(c.lower), shown(c.upper)),
                format!("{:.3}", c.statistic),
                if c.p_value < 0.001 { "<0.001".into() } else { format!("{:.3}", c.p_value) },
            ),
        };
        let method = format!("{}\n  {}", name.word(), name.note());
        let treated = format!("{}/{}", c.events_treatment, c.n_treatment);
        table.add_row([method, estimate, z, p, treated, format!("{}/{}", c.events_control, c.n_control)]);
    }
    table.to_string()
}
