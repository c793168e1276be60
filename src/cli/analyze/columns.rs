//! Columns of a user's table, with errors that name column and row.

use super::Arguments;
use crate::{
    analysis::dataset::Covariate,
    error::{Error, Finding, Result},
    report::tables::{NamedValues, Values, read_data},
};
use std::path::Path;

/// Levels a category of a model may have.
const MOST_CATEGORIES: usize = 50;

/// A table someone wrote.
pub(super) struct Table<'a> {
    path: &'a Path,
    /// All columns of the file.
    names: Vec<String>,
    /// Those that are used.
    columns: Vec<NamedValues>,
    /// Row numbers of the file, from 0.
    rows: Vec<usize>,
    left_out: usize,
}

impl<'a> Table<'a> {
    /// Reads the columns that `used` names; each may carry a level.
    pub fn read(path: &'a Path, used: &[String]) -> Result<Self> {
        let wanted = |name: &str| {
            used.iter().map(|text| logged(text).unwrap_or(text)).any(|text| {
                text == name || text.rsplit_once(['=', ':']).is_some_and(|(column, _)| column == name)
            })
        };
        let data = read_data(path, &wanted)?;
        if data.rows == 0 {
            return Err(Error::input(format!("{} has no rows", path.display())));
        }
        let rows = (0..data.rows).collect();
        Ok(Table { path, names: data.names, columns: data.columns, rows, left_out: 0 })
    }

    /// Patients.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The file's name as the user wrote it.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Where the patients come from, in words.
    pub fn source(&self) -> String {
        let left_out = match self.left_out {
            0 => String::new(),
            n => format!("; {n} with a missing value left out"),
        };
        format!("{}{left_out}", self.name())
    }

    /// Leaves out the rows with a missing value in one of these columns; each may carry a level.
    pub fn drop_missing(&mut self, names: &[String]) -> Result<()> {
        let used: Vec<&NamedValues> =
            names.iter().map(|name| self.split(name).map(|(column, _)| column)).collect::<Result<_>>()?;
        let kept: Vec<usize> =
            self.rows.iter().copied().filter(|&i| used.iter().all(|c| c.is_there(i))).collect();
        if kept.is_empty() {
            return Err(Error::input(format!(
                "{}: every row has a missing value in a column that is used",
                self.name()
            )));
        }
        self.left_out = self.rows.len() - kept.len();
        self.rows = kept;
        Ok(())
    }

    pub fn column(&self, name: &str) -> Result<&NamedValues> {
        self.columns.iter().find(|c| c.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            let hint = crate::scenario::document::suggestion(name, &names);
            Error::input(format!("{} has no column “{name}”{hint}", self.path.display()))
        })
    }

    /// A column, and what follows `=` or `:` after its name, if the name as a whole is not a column.
    pub fn split(&self, text: &'_ str) -> Result<(&NamedValues, Option<String>)> {
        let text = logged(text).unwrap_or(text);
        if let Some(column) = self.columns.iter().find(|c| c.name == text) {
            return Ok((column, None));
        }
        match text.rsplit_once(['=', ':']) {
            Some((name, level)) => Ok((self.column(name)?, Some(level.to_owned()))),
            None => Ok((self.column(text)?, None)),
        }
    }

    pub fn wrong(&self, column: &str, row: usize, what: &str) -> Finding {
        Finding::new(format!("{}: column “{column}”, row {}: {what}", self.name(), self.rows[row] + 1))
    }

    fn missing(&self, column: &str, row: usize) -> Error {
        self.wrong(column, row, "a value is missing").help("--drop-missing leaves such patients out").into()
    }

    /// A column as words; numbers as they are written.
    pub fn words(&self, name: &str) -> Result<Vec<String>> {
        let column = self.column(name)?;
        (0..self.len()).map(|i| column.word(self.rows[i]).ok_or_else(|| self.missing(name, i))).collect()
    }

    /// A column as numbers, `None` where they are missing.
    pub fn some_numbers(&self, name: &str) -> Result<Vec<Option<f64>>> {
        let numbers = self.some_values(name)?;
        match numbers.iter().position(|x| x.is_some_and(f64::is_infinite)) {
            Some(i) => Err(self.wrong(name, i, "the number is infinite").into()),
            None => Ok(numbers),
        }
    }

    /// The same where a number may be beyond all others, as of those who died.
    pub fn some_values(&self, name: &str) -> Result<Vec<Option<f64>>> {
        match &self.column(name)?.values {
            Values::Numbers(numbers) => Ok(self.rows.iter().map(|&i| numbers[i]).collect()),
            Values::Words(words) => {
                let number = |w: &str| w.trim().parse::<f64>().ok();
                let odd = (0..self.len())
                    .find(|&i| words[self.rows[i]].as_deref().is_some_and(|w| number(w).is_none()));
                match odd {
                    Some(i) => Err(self.no_number(name, i, words).into()),
                    // Words because of a row that has been left out, or nothing but missing values.
                    None => Ok(self.rows.iter().map(|&i| words[i].as_deref().and_then(number)).collect()),
                }
            }
        }
    }

    /// What to say of a word among numbers.
    fn no_number(&self, name: &str, row: usize, words: &[Option<String>]) -> Finding {
        let found = words[self.rows[row]].as_deref().unwrap_or_default().trim();
        let finding = self.wrong(name, row, &format!("“{found}” is not a number"));
        match found.replacen(',', ".", 1) {
            point if point != found && point.parse::<f64>().is_ok() => {
                finding.help(format!("write the decimals with a point, as in {point}"))
            }
            _ => finding,
        }
    }

    /// A column as numbers, all there.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let numbers = self.some_numbers(name)?;
        numbers.iter().enumerate().map(|(i, x)| x.ok_or_else(|| self.missing(name, i))).collect()
    }

    /// A column as numbers that may be infinite, all there.
    pub fn values(&self, name: &str) -> Result<Vec<f64>> {
        let numbers = self.some_values(name)?;
        numbers.iter().enumerate().map(|(i, x)| x.ok_or_else(|| self.missing(name, i))).collect()
    }

    /// Events of a column, or of `COL=VALUE`; `None` where they are missing.
    pub fn some_flags(&self, text: &str) -> Result<Vec<Option<bool>>> {
        let (column, code) = self.split(text)?;
        let name = column.name.clone();
        if let Some(code) = code {
            let words: Vec<Option<String>> = self.rows.iter().map(|&i| column.word(i)).collect();
            if !words.iter().flatten().any(|w| *w == code) {
                let mut levels: Vec<&str> = words.iter().flatten().map(String::as_str).collect();
                levels.sort_unstable();
                levels.dedup();
                let hint = crate::scenario::document::suggestion(&code, &levels);
                return Err(Error::input(format!(
                    "{}: no row of column “{name}” is “{code}”{hint}",
                    self.name()
                )));
            }
            return Ok(words.into_iter().map(|w| w.map(|w| w == code)).collect());
        }
        let flag = |(i, x): (usize, Option<f64>)| match x {
            None => Ok(None),
            Some(0.0) => Ok(Some(false)),
            Some(1.0) => Ok(Some(true)),
            Some(x) => Err(self
                .wrong(&name, i, &format!("{x} is neither 0 nor 1"))
                .help(format!("for another code of the event write {name}=VALUE"))
                .into()),
        };
        self.some_numbers(&name)?.into_iter().enumerate().map(flag).collect()
    }

    /// Events, all there.
    pub fn flags(&self, text: &str) -> Result<Vec<bool>> {
        let name = self.split(text)?.0.name.clone();
        let flags = self.some_flags(text)?;
        flags.iter().enumerate().map(|(i, x)| x.ok_or_else(|| self.missing(&name, i))).collect()
    }

    /// Times from 0.
    pub fn times(&self, name: &str) -> Result<Vec<f64>> {
        let numbers = self.numbers(name)?;
        match numbers.iter().position(|t| *t < 0.0) {
            Some(i) => {
                let what = format!("{} is not a time; it has to be 0 or more", numbers[i]);
                Err(self.wrong(name, i, &what).into())
            }
            None => Ok(numbers),
        }
    }

    /// The word in a column most of which are numbers: a slip, and not a category.
    fn almost_numbers(&self, column: &NamedValues) -> Option<Finding> {
        let Values::Words(words) = &column.values else { return None };
        let word = |i: usize| words[self.rows[i]].as_deref();
        let odd: Vec<usize> =
            (0..self.len()).filter(|&i| word(i).is_some_and(|w| w.trim().parse::<f64>().is_err())).collect();
        let there = (0..self.len()).filter(|&i| word(i).is_some()).count();
        let first = *odd.first()?;
        (2 * odd.len() < there).then(|| {
            let finding = self.no_number(&column.name, first, words);
            let level = word(first).unwrap_or_default();
            if level.contains(',') {
                return finding;
            }
            finding.help(format!("for a category against this level write {}:{level}", column.name))
        })
    }

    /// The columns of a model for `COL`, a number or a category, for `COL:LEVEL`, a category against that
    /// level, or for `log(COL)`, the logarithm of a number.
    pub fn covariates(&self, text: &str) -> Result<Vec<Covariate>> {
        if let Some(inner) = logged(text) {
            let numbers = self.numbers(inner)?;
            if let Some(i) = numbers.iter().position(|x| *x <= 0.0) {
                let what = format!("{} has no logarithm; it has to be above 0", numbers[i]);
                return Err(self.wrong(inner, i, &what).into());
            }
            let values = numbers.iter().map(|x| libm::log(*x)).collect();
            return Ok(vec![Covariate { name: text.to_owned(), values }]);
        }
        let (column, reference) = self.split(text)?;
        let name = column.name.clone();
        if reference.is_none() {
            if let Some(finding) = self.almost_numbers(column) {
                return Err(finding.into());
            }
            if let Ok(values) = self.some_numbers(&name)
                && values.iter().any(Option::is_some)
            {
                let values = self.numbers(&name)?;
                return Ok(vec![Covariate { name, values }]);
            }
        }
        let words = self.words(&name)?;
        let (levels, codes) = codes(&words);
        if levels.len() > MOST_CATEGORIES {
            let row = row_beyond(&codes, MOST_CATEGORIES);
            let what = format!(
                "“{}” is level {} of {}; a category may have {MOST_CATEGORIES}",
                words[row],
                MOST_CATEGORIES + 1,
                levels.len()
            );
            return Err(self.wrong(&name, row, &what).help("is it a column of numbers or of names?").into());
        }
        let reference = match reference {
            None => 0,
            Some(level) => levels.iter().position(|l| *l == level).ok_or_else(|| {
                let names: Vec<&str> = levels.iter().map(String::as_str).collect();
                let hint = crate::scenario::document::suggestion(&level, &names);
                Error::input(format!("{}: no row of column “{name}” is “{level}”{hint}", self.name()))
            })?,
        };
        Ok((0..levels.len())
            .filter(|&k| k != reference)
            .map(|k| Covariate {
                name: format!("{name} {} v {}", levels[k], levels[reference]),
                values: codes.iter().map(|&c| f64::from(u8::from(c as usize == k))).collect(),
            })
            .collect())
    }

    /// The two arms compared.
    pub fn two_arms(&self, column: &str, arguments: &Arguments, arms: &[String]) -> Result<(String, String)> {
        let (names, _) = codes(arms);
        let list = |names: &[String]| names.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
        let known = |value: &String| {
            if names.contains(value) {
                Ok(value.clone())
            } else {
                Err(Error::input(format!(
                    "no patient is in the arm “{value}”; the arms are {}",
                    list(&names)
                )))
            }
        };
        let treatment = arguments.treatment.as_ref().map(known).transpose()?;
        let control = arguments.control.as_ref().map(known).transpose()?;
        let other = |not: &String| names.iter().find(|n| *n != not).cloned().unwrap_or_default();
        match (treatment, control, names.len()) {
            (_, _, 1) => Err(Error::input(format!(
                "{}: all patients are in the arm “{}” of column “{column}”; a comparison needs two",
                self.name(),
                names[0]
            ))),
            (Some(t), Some(c), _) if t != c => Ok((t, c)),
            (Some(_), Some(c), _) => Err(Error::input(format!(
                "treatment and control are both “{c}”; a comparison needs two arms"
            ))),
            (Some(t), None, 2) => Ok((t.clone(), other(&t))),
            (None, Some(c), 2) => Ok((other(&c), c)),
            (None, None, 2) => Ok((names[1].clone(), names[0].clone())),
            // Nothing compares two of them.
            (None, None, several) if arguments.of_all_arms() => {
                Ok((names[several - 1].clone(), names[0].clone()))
            }
            (_, _, several) => {
                let more = if several > 12 { ", …" } else { "" };
                Err(Error::input(format!(
                    "{}: column “{column}” has {several} arms, {}{more}; name two with --treatment and --control",
                    self.name(),
                    list(&names)
                )))
            }
        }
    }
}

/// The row that begins the level after the first `most`, in the order of the rows.
fn row_beyond(codes: &[u32], most: usize) -> usize {
    let mut seen = std::collections::HashSet::new();
    codes.iter().position(|&code| seen.insert(code) && seen.len() > most).unwrap_or(0)
}

/// The column of `log(COL)`.
fn logged(text: &str) -> Option<&str> {
    text.strip_prefix("log(")?.strip_suffix(')')
}

/// Distinct words, numbers in the order of numbers and before other words, and the place of each row's.
pub(super) fn codes(words: &[String]) -> (Vec<String>, Vec<u32>) {
    let mut levels: Vec<String> = words.to_vec();
    let key = |word: &String| word.parse::<f64>().ok();
    levels.sort_by(|a, b| match (key(a), key(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => a.cmp(b),
    });
    levels.dedup();
    let place: std::collections::HashMap<&str, u32> =
        levels.iter().enumerate().map(|(k, l)| (l.as_str(), k as u32)).collect();
    let codes = words.iter().map(|w| place[w.as_str()]).collect();
    (levels, codes)
}
