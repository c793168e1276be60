//! A hierarchy of outcomes as people write it: `time:death_day:death,lower:nyha,higher:kccq:5`.

use super::columns::Table;
use crate::{
    analysis::dataset::Tier,
    error::{Error, Finding, Result},
};

/// One tier as written.
#[derive(Debug, PartialEq)]
enum Written<'a> {
    Time { time: &'a str, event: &'a str },
    Lower { column: &'a str, margin: f64 },
    Higher { column: &'a str, margin: f64 },
}

const GRAMMAR: &str =
    "a tier is time:TIME:EVENT, lower:COL, higher:COL, lower:COL:MARGIN or higher:COL:MARGIN";

fn parse(text: &str) -> Result<Vec<Written<'_>>> {
    text.split(',').map(|tier| one(tier.trim())).collect()
}

fn one(tier: &str) -> Result<Written<'_>> {
    let wrong = |what: String| -> Error { Finding::new(what).help(GRAMMAR).into() };
    let parts: Vec<&str> = tier.split(':').map(str::trim).collect();
    if parts.iter().any(|p| p.is_empty()) {
        return Err(wrong(format!("the tier “{tier}” has an empty part")));
    }
    let margin = |text: &str| match text.parse::<f64>() {
        Ok(margin) if margin >= 0.0 && margin.is_finite() => Ok(margin),
        _ => Err(wrong(format!(
            "“{text}” in the tier “{tier}” is not a margin; it has to be a number of 0 or more"
        ))),
    };
    match parts.as_slice() {
        ["time", time, event] => Ok(Written::Time { time, event }),
        ["lower", column] => Ok(Written::Lower { column, margin: 0.0 }),
        ["higher", column] => Ok(Written::Higher { column, margin: 0.0 }),
        ["lower", column, m] => Ok(Written::Lower { column, margin: margin(m)? }),
        ["higher", column, m] => Ok(Written::Higher { column, margin: margin(m)? }),
        [kind, ..] if !["time", "lower", "higher"].contains(kind) => {
            let hint = crate::scenario::document::suggestion(kind, &["time", "lower", "higher"]);
            Err(wrong(format!("“{kind}” is not a kind of tier{hint}")))
        }
        _ => Err(wrong(format!("the tier “{tier}” has {} parts", parts.len()))),
    }
}

/// Columns that the tiers name; none where they cannot be read.
pub(super) fn columns(text: &str) -> Vec<String> {
    let tiers = parse(text).unwrap_or_default();
    let names = tiers.iter().flat_map(|tier| match tier {
        Written::Time { time, event } => vec![*time, *event],
        Written::Lower { column, .. } | Written::Higher { column, .. } => vec![*column],
    });
    names.map(str::to_owned).collect()
}

/// Reads the tiers' columns.
pub(super) fn read(text: &str, table: &Table) -> Result<Vec<Tier>> {
    let tier = |tier: Written<'_>| -> Result<Tier> {
        Ok(match tier {
            Written::Time { time, event } => {
                Tier::Time { time: table.times(time)?, event: table.flags(event)? }
            }
            Written::Lower { column, margin } => Tier::Lower { value: table.numbers(column)?, margin },
            Written::Higher { column, margin } => Tier::Higher { value: table.numbers(column)?, margin },
        })
    };
    parse(text)?.into_iter().map(tier).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_grammar() {
        let tiers = parse("time:day:dead, lower:nyha,higher:kccq:5").unwrap();
        assert_eq!(
            tiers,
            [
                Written::Time { time: "day", event: "dead" },
                Written::Lower { column: "nyha", margin: 0.0 },
                Written::Higher { column: "kccq", margin: 5.0 },
            ]
        );
        assert_eq!(columns("time:day:dead,lower:nyha"), ["day", "dead", "nyha"]);
    }

    #[test]
    fn says_what_is_wrong() {
        let said = |text: &str| parse(text).unwrap_err().to_string();
        assert!(said("later:day:dead").contains("“later” is not a kind of tier"));
        assert!(said("time:day").contains("the tier “time:day” has 2 parts"));
        assert!(said("lower:nyha:x").contains("“x” in the tier “lower:nyha:x” is not a margin"));
        assert!(said("lower:nyha:-1").contains("is not a margin"));
        assert!(said("lower:nyha,").contains("has an empty part"));
        assert!(said("").contains("has an empty part"));
    }
}
