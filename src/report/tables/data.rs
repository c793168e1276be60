//! Data sets people give, CSV or Parquet: only the columns that are used are read.

use super::{cells::Cells, fault};
use crate::error::{Error, Finding, Result};
use polars::prelude::*;
use std::{
    borrow::Cow,
    fs::File,
    io::Read,
    path::Path,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering},
    },
};

/// One column of a data set a user gave.
#[derive(Clone, Debug)]
pub enum Values {
    Numbers(Vec<Option<f64>>),
    Words(Vec<Option<String>>),
}

/// A column with its name.
#[derive(Clone, Debug)]
pub struct NamedValues {
    pub name: String,
    pub values: Values,
}

impl NamedValues {
    /// Rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(values) => values.len(),
            Values::Words(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the row has a value.
    pub fn is_there(&self, row: usize) -> bool {
        match &self.values {
            Values::Numbers(values) => values[row].is_some(),
            Values::Words(values) => values[row].is_some(),
        }
    }

    /// The row's value as a word; a number as it is written.
    pub fn word(&self, row: usize) -> Option<String> {
        match &self.values {
            Values::Numbers(values) => values[row].map(|x| x.to_string()),
            Values::Words(values) => values[row].clone(),
        }
    }
}

/// A data set: what its columns are called, and those that were asked for.
#[derive(Clone, Debug)]
pub struct Data {
    pub names: Vec<String>,
    pub columns: Vec<NamedValues>,
    pub rows: usize,
}

/// What stands for a missing value in a CSV file, beside an empty cell: R's, Python's and SAS's.
const MISSING: [&str; 6] = ["", "NA", "NaN", "nan", "null", "."];

/// Bytes of a data set at most: hundreds of times the largest trial there was.
const MOST_DATA: u64 = 2 << 30;

/// Reads the columns `wanted` of a data set, CSV or Parquet by its ending. A missing value and one that is
/// not a number are `None`.
pub fn read_data(path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Data> {
    let file = File::open(path).map_err(|why| Error::path("read", path, &why))?;
    let parquet = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet"));
    let mut bytes = Vec::new();
    file.take(MOST_DATA + 1).read_to_end(&mut bytes).map_err(|why| Error::path("read", path, &why))?;
    if bytes.len() as u64 > MOST_DATA {
        let message =
            format!("{} is larger than {} GB, too large for one trial", path.display(), MOST_DATA >> 30);
        return Err(Error::input(message));
    }
    read_bytes(bytes, parquet, path, wanted)
}

/// Reads a data set from its bytes; `path` names it in errors.
pub fn read_bytes(bytes: Vec<u8>, parquet: bool, path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Data> {
    if parquet { read_parquet(bytes, path, wanted) } else { read_csv(&bytes, path, wanted) }
}

/// A column that is used and whose name stands twice.
fn check_names(names: &[String], path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<()> {
    for (i, name) in names.iter().enumerate().filter(|(_, name)| wanted(name)) {
        if let Some(before) = names[..i].iter().position(|other| other == name) {
            let what =
                format!("{}: columns {} and {} are both called “{name}”", path.display(), before + 1, i + 1);
            return Err(Finding::new(what).help("give each its own name").into());
        }
    }
    Ok(())
}

fn read_csv(bytes: &[u8], path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Data> {
    let (mut cells, heading) = Cells::new(bytes, path)?;
    let names: Vec<String> = heading.iter().map(|c| c.to_string()).collect();
    check_names(&names, path, wanted)?;
    let places: Vec<usize> = (0..names.len()).filter(|&i| wanted(&names[i])).collect();
    let mut columns: Vec<Vec<Cow<'_, str>>> = vec![Vec::new(); places.len()];
    let mut row = Vec::with_capacity(names.len());
    let mut rows = 0;
    while cells.next_row(&mut row)? {
        rows += 1;
        for (column, &i) in columns.iter_mut().zip(&places) {
            column.push(std::mem::take(&mut row[i]));
        }
    }
    let columns = columns
        .iter()
        .zip(&places)
        .map(|(cells, &i)| NamedValues { name: names[i].clone(), values: values_of(cells) })
        .collect();
    Ok(Data { names, columns, rows })
}

/// Numbers if all cells are, or all are true or false; else words as they are written.
///
/// A column with a code such as 007, or with more digits than a number holds, is of words: as numbers two
/// codes could be one.
fn values_of(cells: &[Cow<'_, str>]) -> Values {
    let there = |cell: &str| !MISSING.contains(&cell.trim());
    let number = |cell: &str| -> Option<f64> { cell.trim().parse().ok() };
    let truth = |cell: &str| match cell.trim() {
        "true" | "True" | "TRUE" => Some(1.0),
        "false" | "False" | "FALSE" => Some(0.0),
        _ => None,
    };
    let some = |read: &dyn Fn(&str) -> Option<f64>| -> Option<Vec<Option<f64>>> {
        let one = |cell: &Cow<'_, str>| match there(cell) {
            true => read(cell).map(|x| Some(x).filter(|x| !x.is_nan())),
            false => Some(None),
        };
        cells.iter().map(one).collect()
    };
    let plain = |cell: &str| number(cell).filter(|_| !is_code(cell.trim()));
    match some(&plain).or_else(|| some(&truth)) {
        Some(numbers) => Values::Numbers(numbers),
        None => Values::Words(cells.iter().map(|c| there(c).then(|| c.to_string())).collect()),
    }
}

/// Whether digits are a code and not a number.
fn is_code(cell: &str) -> bool {
    let digits = cell.bytes().take_while(u8::is_ascii_digit).count();
    (cell.starts_with('0') && digits > 1) || (digits > 15 && digits == cell.len())
}

/// Whether a Parquet column of this type is read, and if not, what it holds and what to write instead.
fn unreadable_type(kind: &ArrowDataType) -> Option<(&'static str, &'static str)> {
    use ArrowDataType as T;
    let days = "write days from randomisation as a number, or the date as text";
    match kind {
        T::Null | T::Boolean | T::Int32 | T::Int64 | T::UInt8 | T::UInt32 | T::UInt64 => None,
        T::Float32 | T::Float64 => None,
        T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView => None,
        T::Dictionary(_, inner, _) => unreadable_type(inner),
        T::Int8 => Some(("integers of 8 bits", "write it as integers of 32 bits (int32)")),
        T::Int16 | T::UInt16 => Some(("integers of 16 bits", "write it as integers of 32 bits (int32)")),
        T::Float16 => Some(("numbers of 16 bits", "write it as numbers of 64 bits (float64)")),
        T::Date32 | T::Date64 => Some(("dates", days)),
        T::Timestamp(..) => Some(("dates with a time", days)),
        T::Duration(_) | T::Interval(_) => {
            Some(("durations", "write days, or another unit, as a number (float64)"))
        }
        T::Time32(_) | T::Time64(_) => Some(("times of day", "write hours as a number (float64)")),
        T::List(_) | T::LargeList(_) | T::FixedSizeList(..) => Some(("lists", "write one value a row")),
        T::Struct(_) | T::Map(..) => Some(("structures", "write each field as a column of its own")),
        _ => Some(("decimals or another kind of value", "write it as numbers of 64 bits (float64)")),
    }
}

fn read_parquet(bytes: Vec<u8>, path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Data> {
    let unreadable = |why: &dyn std::fmt::Display| {
        Error::input(format!("{} cannot be read as a table: {why}", path.display()))
    };
    let read = || -> Result<Data> {
        let mut reader = ParquetReader::new(std::io::Cursor::new(bytes));
        let schema = reader.schema().map_err(|why| unreadable(&why))?;
        let rows = reader.num_rows().map_err(|why| unreadable(&why))?;
        let names: Vec<String> = schema.iter_names().map(|name| name.to_string()).collect();
        check_names(&names, path, wanted)?;
        let mut places = Vec::new();
        for (i, (name, field)) in schema.iter().enumerate().filter(|(_, (name, _))| wanted(name)) {
            if let Some((kind, help)) = unreadable_type(&field.dtype) {
                let what = format!("{}: column “{name}” holds {kind}, which is not read", path.display());
                return Err(Finding::new(what).help(help).into());
            }
            places.push(i);
        }
        let mut columns = Vec::new();
        if !places.is_empty() {
            let frame = reader.with_projection(Some(places)).finish().map_err(|why| unreadable(&why))?;
            for column in frame.columns() {
                columns.push(named_values(column, &unreadable)?);
            }
        }
        let rows = columns.first().map_or(rows, NamedValues::len);
        Ok(Data { names, columns, rows })
    };
    quietly(read).unwrap_or_else(|| Err(unreadable(&"the file is damaged")))
}

/// Files being read: a damaged one may trip the library over, which is an error like any other for whoever
/// gave us the file, and no place in somebody's code.
static READING: AtomicUsize = AtomicUsize::new(0);
static HOOK: Once = Once::new();

/// What `read` says, or nothing where it panicked; the panic is not printed.
fn quietly<T>(read: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if READING.load(Ordering::Relaxed) == 0 {
                before(panic);
            }
        }));
    });
    READING.fetch_add(1, Ordering::Relaxed);
    let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    READING.fetch_sub(1, Ordering::Relaxed);
    made.ok()
}

fn named_values(
    column: &Column,
    unreadable: &dyn Fn(&dyn std::fmt::Display) -> Error,
) -> Result<NamedValues> {
    let name = column.name().to_string();
    let values = if column.dtype().is_primitive_numeric() || column.dtype() == &DataType::Boolean {
        let column = column.cast(&DataType::Float64).map_err(fault)?;
        let number = |x: Option<f64>| x.filter(|x| !x.is_nan());
        Values::Numbers(column.f64().map_err(fault)?.iter().map(number).collect())
    } else {
        let column = column.cast(&DataType::String).map_err(|why| unreadable(&why))?;
        Values::Words(column.str().map_err(fault)?.iter().map(|w| w.map(str::to_owned)).collect())
    };
    Ok(NamedValues { name, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stay_apart_and_numbers_are_numbers() {
        let read = |cells: &[&str]| values_of(&cells.iter().map(|&c| Cow::Borrowed(c)).collect::<Vec<_>>());
        let words = |cells: &[&str]| match read(cells) {
            Values::Words(words) => words.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>(),
            Values::Numbers(_) => panic!("{cells:?}"),
        };
        let numbers = |cells: &[&str]| match read(cells) {
            Values::Numbers(numbers) => numbers,
            Values::Words(_) => panic!("{cells:?}"),
        };
        assert_eq!(words(&["01", "1", "NA"]), ["01", "1", ""]);
        assert_eq!(words(&["12345678901234567", "12345678901234568"]).len(), 2);
        assert_eq!(words(&["1", "b"]), ["1", "b"]);
        assert_eq!(
            numbers(&["1", " 1.0", "0.5", "-2e3", "."]),
            [Some(1.0), Some(1.0), Some(0.5), Some(-2000.0), None]
        );
        assert_eq!(numbers(&["TRUE", "false", ""]), [Some(1.0), Some(0.0), None]);
    }
}
