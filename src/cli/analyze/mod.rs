//! `shocktrial analyze`: one data set, by the code that analyses each replicate.

mod choose;
mod columns;
mod counts;
mod figure;
mod outcome;
mod print;
mod tiers;

use crate::{
    analysis::{
        answer::Answer,
        catalogue::MethodName,
        dataset::{Covariate, Dataset},
        methods::{analyse, interaction_of},
        settings::Settings,
        subgroup::MOST_LEVELS,
    },
    error::{Error, Finding, Result},
    statistics::{BetaRisk, CensoredOnTheDay, IntervalScale, NormalEffect, Ties},
};
use clap::{Args, ValueEnum, builder::PossibleValue};
use columns::Table;
use std::path::PathBuf;

/// Analyse one data set, real or simulated, with the code that analyses each replicate.
///
/// The columns named say what kind of end point it is, and that which methods are used unless --method
/// names them:
///
///   two risks          --event COL, or --counts 100/209,102/208 without a file
///   time to an event   --event COL --time COL
///   competing risks    --cause COL --time COL
///   a number           --value COL
///   ordered categories --value COL --kind ordinal
///   counts             --value COL --kind count, with --offset COL the exposure
///   a hierarchy        --tiers time:TIME:EVENT,lower:COL,higher:COL:MARGIN
///
/// A negative z means that the treatment does better, where lower is better; see --better. An empty cell,
/// NA, NaN or a single dot is a missing value. Rows are counted from 1 below the heading.
#[derive(Args)]
#[command(
    name = "analyze",
    verbatim_doc_comment,
    after_help = "Example:\n  shocktrial analyze trial.csv --arm arm --event died --time days"
)]
pub struct Arguments {
    /// A table, .csv or .parquet, one row per patient.
    #[arg(value_name = "DATA", required_unless_present = "counts")]
    data: Option<PathBuf>,
    /// Published counts in place of a table: events/patients of the treatment, then of the control, each
    /// with its name if you like, as in "ecls=100/209,control=102/208". Repeat it for strata.
    #[arg(long, value_name = "A/N,B/M", conflicts_with_all = ["data", "arm"])]
    counts: Vec<String>,
    /// Column that says which arm a patient is in.
    #[arg(long, value_name = "COL", required_unless_present = "counts")]
    arm: Option<String>,
    /// The value of the arm column that is the treatment; by default the last in order.
    #[arg(long, value_name = "VALUE")]
    treatment: Option<String>,
    /// The value of the arm column that is the control; needed with more than two arms.
    #[arg(long, value_name = "VALUE")]
    control: Option<String>,

    /// Column with 1 for patients with the event and 0 for the others; COL=VALUE for another code.
    #[arg(long, value_name = "COL", help_heading = "End point")]
    event: Option<String>,
    /// Column with the time to the event or to the end of follow-up, from 0.
    #[arg(long, value_name = "COL", help_heading = "End point")]
    time: Option<String>,
    /// Column with 1 where the answer by the horizon is known; without it, known unless the event is missing.
    /// For competing risks with --event: known before --horizon without the event, another came first.
    #[arg(long, value_name = "COL", help_heading = "End point", requires = "event")]
    known: Option<String>,
    /// Column with the kind of the first event, for competing risks.
    #[arg(long, value_name = "COL", help_heading = "End point", requires = "time", conflicts_with = "event")]
    cause: Option<String>,
    /// The value of the cause column that is of interest.
    #[arg(long, value_name = "VALUE", default_value = "1", help_heading = "End point")]
    of: String,
    /// The value of the cause column that stands for no event yet.
    #[arg(long, value_name = "VALUE", default_value = "0", help_heading = "End point")]
    censored: String,
    /// Column with a number, an ordered category or a count.
    #[arg(long, value_name = "COL", help_heading = "End point", conflicts_with_all = ["event", "cause"])]
    value: Option<String>,
    /// What the value is; a count where --offset is given.
    #[arg(long, value_enum, help_heading = "End point", requires = "value")]
    kind: Option<Kind>,
    /// Column with the exposure of a count, above 0: its logarithm is the offset.
    #[arg(long, value_name = "COL", help_heading = "End point", requires = "value")]
    offset: Option<String>,
    /// Hierarchy of outcomes, the worst first, separated by commas: time:TIME:EVENT (the later event
    /// wins), lower:COL or higher:COL (the lower or higher value wins), lower:COL:MARGIN or
    /// higher:COL:MARGIN (by at least the margin).
    #[arg(long, value_name = "TIERS", help_heading = "End point", conflicts_with_all = ["event", "cause", "value", "time"])]
    tiers: Option<String>,
    /// Whether lower or higher is better, the event being the higher; turns the sign of z.
    #[arg(long, value_enum, default_value_t = Better::Lower, help_heading = "End point")]
    better: Better,

    /// Column of strata; repeat it to cross several.
    #[arg(long, value_name = "COL", help_heading = "Design")]
    stratum: Vec<String>,
    /// Column of clusters: cox, cause_specific_cox, logistic, modified_poisson, poisson_robust, the
    /// standardised_ methods and the _interaction methods take the sandwich error over clusters; the others say
    /// that they do not.
    #[arg(long, value_name = "COL", help_heading = "Design")]
    cluster: Option<String>,
    /// Column that models adjust for, repeatable: a number, or a category against its first level;
    /// COL:LEVEL makes it a category against that level, log(COL) takes the logarithm.
    #[arg(long, value_name = "COL", help_heading = "Design")]
    adjust: Vec<String>,
    /// Column of subgroups, repeatable: every method at each level, and the test of interaction.
    #[arg(long, value_name = "COL", help_heading = "Design")]
    by: Vec<String>,
    /// Leave out patients with a missing value in a column that is used.
    #[arg(long, help_heading = "Design")]
    drop_missing: bool,

    /// Method, repeatable; by default those usual for the end point.
    #[arg(long = "method", value_name = "METHOD", value_parser = MethodParser, help_heading = "Methods")]
    methods: Vec<MethodName>,
    /// Time at which curves are compared, and to which restricted means run.
    #[arg(long, alias = "tau", value_name = "TIME", allow_negative_numbers = true, help_heading = "Methods")]
    horizon: Option<f64>,
    /// Non-inferiority margin: a difference for farrington_manning, a ratio for risk_ratio_margin.
    #[arg(long, value_name = "M", allow_negative_numbers = true, help_heading = "Methods")]
    margin: Option<f64>,
    /// Confidence or credibility of intervals.
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0.95,
        allow_hyphen_values = true,
        help_heading = "Methods"
    )]
    confidence: f64,
    /// The same as --confidence 1 − ALPHA.
    #[arg(
        long,
        value_name = "ALPHA",
        conflicts_with = "confidence",
        allow_hyphen_values = true,
        help_heading = "Methods"
    )]
    alpha: Option<f64>,
    /// How Cox's model handles events at one time.
    #[arg(long, value_enum, default_value_t = TiesWord::Efron, help_heading = "Methods")]
    ties: TiesWord,
    /// Scale of a survival interval.
    #[arg(long, value_enum, default_value_t = IntervalWord::LogLog, help_heading = "Methods")]
    interval: IntervalWord,
    /// Of fleming_harrington: weight of early events.
    #[arg(
        long,
        value_name = "RHO",
        default_value_t = 0.0,
        allow_hyphen_values = true,
        help_heading = "Methods"
    )]
    rho: f64,
    /// Of fleming_harrington: weight of late events.
    #[arg(
        long,
        value_name = "GAMMA",
        default_value_t = 1.0,
        allow_hyphen_values = true,
        help_heading = "Methods"
    )]
    gamma: f64,
    /// Of modest_weights: time from which an effect is expected.
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, help_heading = "Methods")]
    delay: Option<f64>,
    /// Prior of each arm's risk, a beta distribution.
    #[arg(long, value_name = "A,B", default_value = "1,1", value_parser = pair, allow_hyphen_values = true, help_heading = "Methods")]
    prior_risk: (f64, f64),
    /// Prior of the hazard ratio: its median, and the standard deviation of its logarithm.
    #[arg(long, value_name = "RATIO,SD", default_value = "1,10", value_parser = pair, allow_hyphen_values = true, help_heading = "Methods")]
    prior_effect: (f64, f64),
    /// Who wins a pair in which one is censored on the day of the other's event.
    #[arg(long, value_enum, default_value_t = OnTheDay::Wins, help_heading = "Methods")]
    on_the_day: OnTheDay,

    /// Print nothing but errors; for --figure.
    #[arg(long, help_heading = "Output")]
    quiet: bool,
    /// Print one JSON list and nothing else.
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Draw the curves by arm, or with --by the forest of subgroups: FILE.svg or FILE.png.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    figure: Option<PathBuf>,
    /// Name of the outcome in the figure; by default its column.
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    label: Option<String>,
    /// Unit of time in the figure.
    #[arg(long, value_name = "WORD", default_value = "days", help_heading = "Output")]
    unit: String,
}

impl Arguments {
    /// Whether all that is asked for is of all arms together.
    fn of_all_arms(&self) -> bool {
        !self.methods.is_empty() && self.methods.iter().all(|m| m.of_all_arms())
    }
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Continuous,
    Ordinal,
    Count,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Better {
    Lower,
    Higher,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TiesWord {
    Efron,
    Breslow,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum IntervalWord {
    Plain,
    Log,
    LogLog,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnTheDay {
    /// The one censored, as in Kaplan-Meier.
    Wins,
    /// Nobody: the next tier decides.
    Undecided,
}

/// Reads the words of the catalogue.
#[derive(Clone)]
struct MethodParser;

impl clap::builder::TypedValueParser for MethodParser {
    type Value = MethodName;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> std::result::Result<MethodName, clap::Error> {
        let words = clap::builder::PossibleValuesParser::new(MethodName::ALL.iter().map(|m| m.word()));
        let word = words.parse_ref(command, argument, value)?;
        Ok(MethodName::from_word(&word).expect("only words of the catalogue pass"))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(MethodName::ALL.iter().map(|m| PossibleValue::new(m.word()).help(m.about()))))
    }
}

fn pair(text: &str) -> std::result::Result<(f64, f64), String> {
    let read = || {
        let (one, two) = text.split_once(',')?;
        Some((one.trim().parse().ok()?, two.trim().parse().ok()?))
    };
    match read() {
        Some((one, two)) if one > 0.0 && two > 0.0 && f64::is_finite(one) && f64::is_finite(two) => {
            Ok((one, two))
        }
        _ => Err("write two numbers above 0, as in 1,1".to_owned()),
    }
}

/// One method's answers, in all patients, at a level of a subgroup, or on the interaction.
struct Block {
    /// The subgroup's column and the level; the level is empty for the interaction.
    subgroup: Option<(String, Option<String>)>,
    answers: Vec<Answer>,
}

/// Reads, compares and prints.
pub fn run(arguments: &Arguments) -> Result<()> {
    let settings = settings(arguments)?;
    let (data, settings, groups, source) = match &arguments.data {
        Some(path) => {
            let used = columns_used(arguments);
            let mut table = Table::read(path, &used)?;
            if arguments.drop_missing {
                table.drop_missing(&used)?;
            }
            check_roles(arguments)?;
            let (outcome, of) = outcome::read(arguments, &table)?;
            let (data, groups) = dataset(arguments, &table, outcome)?;
            (data, Settings { of, ..settings }, groups, table.source())
        }
        None => (counts::read(arguments)?, settings, Vec::new(), "the counts given".to_owned()),
    };
    let methods = choose::methods(arguments, &data, &settings)?;
    let mut blocks = Vec::new();
    for &method in &methods {
        if method.needs_subgroup() {
            for group in &groups {
                let data = Dataset { subgroup: Some(group.codes.clone()), ..data.clone() };
                let answers = analyse(method, &data, &settings);
                blocks.push(Block { subgroup: Some((group.name.clone(), None)), answers });
            }
            continue;
        }
        blocks.push(Block { subgroup: None, answers: analyse(method, &data, &settings) });
        for group in &groups {
            let mut levels = Vec::new();
            for (code, level) in group.levels.iter().enumerate() {
                let part = data.filter(|i| group.codes[i] as usize == code);
                let answers = analyse(method, &part, &settings);
                levels.extend(answers.first().cloned());
                blocks.push(Block { subgroup: Some((group.name.clone(), Some(level.clone()))), answers });
            }
            let shared = method.takes_clusters() && share(data.cluster.as_deref(), &group.codes);
            if let Some(answer) = interaction_of(&levels, settings.confidence, shared) {
                blocks.push(Block { subgroup: Some((group.name.clone(), None)), answers: vec![answer] });
            }
        }
    }
    if let Some(path) = &arguments.figure {
        figure::draw(arguments, &data, &settings, &groups, &blocks, path)?;
    }
    if arguments.quiet && !arguments.json {
        return Ok(());
    }
    super::print(&if arguments.json {
        print::as_json(&data, &blocks)
    } else {
        print::as_text(&data, &settings, &blocks, &source, arguments.of_all_arms())
    })
}

/// A column of subgroups.
struct Group {
    name: String,
    levels: Vec<String>,
    codes: Vec<u32>,
}

/// A column has one part to play, and is named once.
fn check_roles(arguments: &Arguments) -> Result<()> {
    let arm = arguments.arm.as_deref().unwrap_or_default();
    let lists = [
        ("--stratum", arguments.stratum.iter().collect::<Vec<_>>()),
        ("--adjust", arguments.adjust.iter().collect()),
        ("--by", arguments.by.iter().collect()),
        ("--cluster", arguments.cluster.iter().collect()),
    ];
    for (flag, names) in &lists {
        for (i, name) in names.iter().enumerate() {
            if name.as_str() == arm {
                return Err(Error::input(format!("{flag} {name}: “{name}” is the column of the arms")));
            }
            if names[..i].contains(name) {
                return Err(Error::input(format!("{flag} {name} is given twice")));
            }
        }
    }
    Ok(())
}

/// Whether a cluster has patients of several levels.
fn share(cluster: Option<&[u32]>, levels: &[u32]) -> bool {
    let mut level_of = std::collections::HashMap::new();
    cluster.is_some_and(|c| c.iter().zip(levels).any(|(c, l)| level_of.insert(c, l).is_some_and(|o| o != l)))
}

/// Columns that the flags name.
fn columns_used(arguments: &Arguments) -> Vec<String> {
    let mut names: Vec<String> = [
        &arguments.arm,
        &arguments.time,
        &arguments.known,
        &arguments.cause,
        &arguments.value,
        &arguments.offset,
        &arguments.cluster,
    ]
    .into_iter()
    .flatten()
    .chain(&arguments.stratum)
    .chain(&arguments.by)
    .cloned()
    .collect();
    names.extend(arguments.event.clone());
    names.extend(arguments.adjust.clone());
    names.extend(arguments.tiers.iter().flat_map(|t| tiers::columns(t)));
    names
}

fn settings(arguments: &Arguments) -> Result<Settings> {
    let wrong = |flag: &str, wanted: &str| Err(Error::input(format!("{flag} has to be {wanted}")));
    let confidence = arguments.alpha.map_or(arguments.confidence, |alpha| 1.0 - alpha);
    if !(confidence > 0.0 && confidence < 1.0) {
        return match arguments.alpha {
            Some(_) => wrong("--alpha", "between 0 and 1, such as 0.05"),
            None => wrong("--confidence", "between 0 and 1, such as 0.95"),
        };
    }
    if arguments.horizon.is_some_and(|t| t <= 0.0 || !t.is_finite()) {
        return wrong("--horizon", "a time above 0");
    }
    if arguments.delay.is_some_and(|t| t < 0.0 || !t.is_finite()) {
        return wrong("--delay", "a time of 0 or more");
    }
    if arguments.margin.is_some_and(|m| !m.is_finite()) {
        return wrong("--margin", "a number");
    }
    for (flag, power) in [("--rho", arguments.rho), ("--gamma", arguments.gamma)] {
        if !(0.0..=100.0).contains(&power) {
            return wrong(flag, "between 0 and 100");
        }
    }
    Ok(Settings {
        confidence,
        ties: match arguments.ties {
            TiesWord::Efron => Ties::Efron,
            TiesWord::Breslow => Ties::Breslow,
        },
        horizon: arguments.horizon,
        margin: arguments.margin,
        higher_is_better: arguments.better == Better::Higher,
        interval: match arguments.interval {
            IntervalWord::Plain => IntervalScale::Plain,
            IntervalWord::Log => IntervalScale::Log,
            IntervalWord::LogLog => IntervalScale::LogLog,
        },
        rho: arguments.rho,
        gamma: arguments.gamma,
        delay: arguments.delay,
        prior_risk: BetaRisk { a: arguments.prior_risk.0, b: arguments.prior_risk.1 },
        prior_effect: NormalEffect {
            mean: libm::log(arguments.prior_effect.0),
            deviation: arguments.prior_effect.1,
        },
        of: 1,
        on_the_day: match arguments.on_the_day {
            OnTheDay::Wins => CensoredOnTheDay::Wins,
            OnTheDay::Undecided => CensoredOnTheDay::Undecided,
        },
    })
}

/// The patients of the table, arm by arm, with all that the flags name.
fn dataset(
    arguments: &Arguments,
    table: &Table,
    outcome: crate::analysis::dataset::Outcome,
) -> Result<(Dataset, Vec<Group>)> {
    let column = arguments.arm.as_deref().expect("a table comes with --arm");
    let words = table.words(column)?;
    let (treatment, control) = table.two_arms(column, arguments, &words)?;
    let (arms, arm) = columns::codes(&words);
    let place = |name: &str| arms.iter().position(|a| a == name).expect("both arms are in the data") as u32;
    let (treatment, control) = (place(&treatment), place(&control));
    let stratum = match arguments.stratum.as_slice() {
        [] => None,
        several => {
            let crossed: Vec<Vec<String>> = several.iter().map(|c| table.words(c)).collect::<Result<_>>()?;
            let words: Vec<String> = (0..table.len())
                .map(|i| crossed.iter().map(|c| c[i].as_str()).collect::<Vec<_>>().join(" · "))
                .collect();
            Some(columns::codes(&words).1)
        }
    };
    let cluster = match &arguments.cluster {
        Some(column) => Some(columns::codes(&table.words(column)?).1),
        None => None,
    };
    let covariates: Vec<Covariate> =
        arguments.adjust.iter().map(|text| table.covariates(text)).collect::<Result<Vec<_>>>()?.concat();
    let groups = arguments.by.iter().map(|name| subgroups(table, name)).collect::<Result<_>>()?;
    let data =
        Dataset { arm, arms, treatment, control, outcome, stratum, cluster, covariates, subgroup: None };
    Ok((data, groups))
}

fn subgroups(table: &Table, name: &str) -> Result<Group> {
    let (levels, codes) = columns::codes(&table.words(name)?);
    if levels.len() > MOST_LEVELS {
        let finding = Finding::new(format!(
            "{}: column “{name}” has {} levels; subgroups may have {MOST_LEVELS}",
            table.name(),
            levels.len()
        ));
        return Err(finding
            .help("write a column with fewer levels, such as a number cut into groups")
            .into());
    }
    Ok(Group { name: name.to_owned(), levels, codes })
}
