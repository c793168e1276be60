//! Quantities with their units, as a scenario writes them.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// Days in a month: the calendar of trial planning.
pub const DAYS_PER_MONTH: f64 = 365.25 / 12.0;
/// Days in a year.
pub const DAYS_PER_YEAR: f64 = 365.25;

/// A length of time, in days. A scenario writes `"30 days"`, `"12 hours"`, `"6 months"` or `"1 year"`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Days(pub f64);

impl Days {
    /// Reads a number and a unit; the message says what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted =
            || format!("“{text}” is not a length of time; write \"30 days\", \"12 hours\" or \"6 months\"");
        let mut words = text.split_whitespace();
        let (Some(number), Some(unit), None) = (words.next(), words.next(), words.next()) else {
            return Err(wanted());
        };
        let number: f64 = number.parse().map_err(|_| wanted())?;
        let days = match unit {
            "minute" | "minutes" => 1.0 / 1440.0,
            "hour" | "hours" => 1.0 / 24.0,
            "day" | "days" => 1.0,
            "week" | "weeks" => 7.0,
            "month" | "months" => DAYS_PER_MONTH,
            "year" | "years" => DAYS_PER_YEAR,
            _ => return Err(wanted()),
        };
        if !(number >= 0.0 && number.is_finite()) {
            return Err(format!("“{text}” is not a length of time; it has to be 0 or more"));
        }
        Ok(Days(number * days))
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Days::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Days {
    fn schema_name() -> Cow<'static, str> {
        "Days".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A length of time: \"30 days\", \"12 hours\", \"6 months\" or \"1 year\".",
            "pattern": r"^\s*[0-9.eE+-]+\s+(minute|hour|day|week|month|year)s?\s*$",
        })
    }
}

impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let d = self.0;
        if d > 0.0 && d < 2.0 && (d * 24.0).fract().abs() < 1e-9 {
            write!(f, "{} hours", d * 24.0)
        } else if d == 1.0 {
            write!(f, "1 day")
        } else {
            write!(f, "{} days", (d * 100.0).round() / 100.0)
        }
    }
}
