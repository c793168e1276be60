//! The end point, from the columns that name it.

use super::{Arguments, Kind, columns::Table, tiers};
use crate::{
    analysis::{catalogue::Reads, dataset::Outcome},
    error::{Error, Result},
};

/// Counts above which nobody counts.
const LARGEST_COUNT: f64 = 1e6;

/// Reads the end point, and the number of the cause of interest.
pub(super) fn read(arguments: &Arguments, table: &Table) -> Result<(Outcome, u8)> {
    if let Some(text) = &arguments.tiers {
        return Ok((Outcome::Tiers(tiers::read(text, table)?), 1));
    }
    if let Some(column) = &arguments.value {
        return Ok((value(arguments, column, table)?, 1));
    }
    if let Some(column) = &arguments.cause {
        let time = table.times(arguments.time.as_deref().expect("--cause comes with --time"))?;
        let (cause, of) = causes(arguments, column, table)?;
        return Ok((Outcome::Cause { time, cause }, of));
    }
    let Some(event) = &arguments.event else {
        return Err(Error::input(
            "no end point is named; add --event, --cause, --value or --tiers (see --help)",
        ));
    };
    if let Some(time) = &arguments.time {
        let time = table.times(time)?;
        let known = match &arguments.known {
            Some(column) => table.flags(column)?,
            None => vec![true; time.len()],
        };
        let event = table.flags(event)?;
        if let (true, Some(_), Some(horizon)) = (wants_causes(arguments), &arguments.known, arguments.horizon)
        {
            return Ok((Outcome::Cause { cause: forestalled(&time, &event, &known, horizon), time }, 1));
        }
        return Ok((Outcome::Event { event, known, time: Some(time) }, 1));
    }
    let seen = table.some_flags(event)?;
    let known = match &arguments.known {
        Some(column) => table.flags(column)?,
        None => seen.iter().map(Option::is_some).collect(),
    };
    let event = seen.iter().map(|e| *e == Some(true)).collect();
    Ok((Outcome::Event { event, known, time: None }, 1))
}

fn value(arguments: &Arguments, column: &str, table: &Table) -> Result<Outcome> {
    if kind(arguments) != Kind::Count {
        return Ok(Outcome::Value(table.values(column)?));
    }
    let value = table.numbers(column)?;
    if let Some(i) = value.iter().position(|x| *x < 0.0 || x.fract() != 0.0 || *x > LARGEST_COUNT) {
        let what = format!("{} is not a count; it has to be a whole number from 0 to 1000000", value[i]);
        return Err(table.wrong(column, i, &what).into());
    }
    let exposure = match &arguments.offset {
        None => None,
        Some(name) => {
            let exposure = table.numbers(name)?;
            if let Some(i) = exposure.iter().position(|x| *x <= 0.0) {
                let what = format!("{} is not an exposure; it has to be above 0", exposure[i]);
                let help = "write the exposure itself, not its logarithm";
                return Err(table.wrong(name, i, &what).help(help).into());
            }
            Some(exposure)
        }
    };
    Ok(Outcome::Count { count: value, exposure })
}

fn wants_causes(arguments: &Arguments) -> bool {
    arguments.methods.first().is_some_and(|m| m.reads() == Reads::Cause)
}

/// Causes from events and what is known: whoever is known before the horizon to be without the event can no
/// longer have it, so another came first.
fn forestalled(time: &[f64], event: &[bool], known: &[bool], horizon: f64) -> Vec<u8> {
    let cause = |i: usize| match (event[i], known[i] && time[i] < horizon) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    };
    (0..time.len()).map(cause).collect()
}

/// What the value is: said, or a count where an exposure or a method for counts is named.
pub(super) fn kind(arguments: &Arguments) -> Kind {
    let for_counts =
        arguments.methods.first().is_some_and(|m| m.reads() == Reads::Count) || arguments.offset.is_some();
    arguments.kind.unwrap_or(if for_counts { Kind::Count } else { Kind::Continuous })
}

fn causes(arguments: &Arguments, column: &str, table: &Table) -> Result<(Vec<u8>, u8)> {
    let words = table.words(column)?;
    let (levels, _) = super::columns::codes(&words);
    let events: Vec<&str> = levels.iter().map(String::as_str).filter(|l| *l != arguments.censored).collect();
    if events.len() > usize::from(u8::MAX) - 1 {
        return Err(Error::input(format!(
            "{}: column “{column}” has {} causes; is it the right column?",
            table.name(),
            events.len()
        )));
    }
    let Some(of) = events.iter().position(|l| *l == arguments.of) else {
        if arguments.of == arguments.censored {
            return Err(Error::input(format!("--of and --censored are both “{}”", arguments.of)));
        }
        let list = if events.is_empty() {
            "nobody has an event".to_owned()
        } else {
            format!("the causes are {}", events.join(", "))
        };
        return Err(Error::input(format!(
            "{}: no row of column “{column}” is the cause “{}”; {list}; name one with --of, and no event with --censored",
            table.name(),
            arguments.of
        )));
    };
    let code = |word: &String| events.iter().position(|l| l == word).map_or(0, |k| k as u8 + 1);
    Ok((words.iter().map(code).collect(), of as u8 + 1))
}
