//! Reads the reference data and holds our numbers against it.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use shocktrial::statistics::Interval;

/// A file below `tests/reference/`.
fn reference_file(path: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(path);
    fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The expected values of one family, and which of them have been compared.
pub struct Expected {
    family: String,
    values: BTreeMap<String, String>,
    seen: RefCell<BTreeSet<String>>,
    worst: Cell<(f64, f64)>,
    failures: RefCell<Vec<String>>,
}

/// Tolerance: `|ours − theirs| ≤ absolute + relative·|theirs|`.
#[derive(Clone, Copy)]
pub struct Within(pub f64, pub f64);

/// Closed forms.
pub const EXACT: Within = Within(1e-10, 1e-9);

impl Expected {
    /// Opens `tests/reference/<family>/expected.tsv`.
    pub fn open(family: &str) -> Self {
        Self::open_file(family, "expected.tsv")
    }

    pub fn open_file(family: &str, file: &str) -> Self {
        let values = reference_file(&format!("{family}/{file}"))
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(path, value)| (path.to_owned(), value.to_owned()))
            .collect();
        Expected {
            family: format!("{family}/{file}"),
            values,
            seen: RefCell::default(),
            worst: Cell::new((0.0, 0.0)),
            failures: RefCell::default(),
        }
    }

    pub fn has(&self, path: &str) -> bool {
        self.values.contains_key(path)
    }

    /// The names one level below `prefix/`, in file-independent order.
    pub fn children(&self, prefix: &str) -> Vec<String> {
        let lead = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let mut names: Vec<String> = self
            .values
            .keys()
            .filter_map(|k| k.strip_prefix(&lead))
            .map(|rest| rest.split('/').next().unwrap_or(rest).to_owned())
            .collect();
        names.dedup();
        if names.iter().all(|n| n.parse::<usize>().is_ok()) {
            names.sort_by_key(|n| n.parse::<usize>().unwrap_or(0));
        }
        names
    }

    /// A setting of the case, not a result: marked as used. `None` where it is `NA`.
    pub fn setting(&self, path: &str) -> Option<f64> {
        self.seen.borrow_mut().insert(path.to_owned());
        self.number(path)
    }

    pub fn setting_list(&self, path: &str) -> Vec<f64> {
        (0..)
            .map(|i| format!("{path}/{i}"))
            .take_while(|p| self.has(p))
            .filter_map(|p| self.setting(&p))
            .collect()
    }

    fn number(&self, path: &str) -> Option<f64> {
        let text = self.values.get(path).unwrap_or_else(|| panic!("no `{path}` in {}", self.family));
        match text.as_str() {
            "NA" => None,
            "Inf" => Some(f64::INFINITY),
            "-Inf" => Some(f64::NEG_INFINITY),
            "true" => Some(1.0),
            "false" => Some(0.0),
            number => Some(number.parse().unwrap_or_else(|e| panic!("{path} = {number}: {e}"))),
        }
    }

    /// Compares our number with the reference.
    pub fn check(&self, path: &str, ours: f64, within: Within) {
        self.check_option(path, Some(ours), within);
    }

    /// Compares, `NA` in the reference meaning that we should have none either.
    pub fn check_option(&self, path: &str, ours: Option<f64>, Within(absolute, relative): Within) {
        self.seen.borrow_mut().insert(path.to_owned());
        let theirs = self.number(path);
        let fine = match (ours, theirs) {
            (None, None) => true,
            (Some(a), Some(b)) if b.is_infinite() => a == b,
            (Some(a), Some(b)) => {
                let difference = (a - b).abs();
                let (worst_absolute, worst_share) = self.worst.get();
                let share = difference / (absolute + relative * b.abs());
                if difference.is_finite() {
                    self.worst.set((worst_absolute.max(difference), worst_share.max(share)));
                }
                difference <= absolute + relative * b.abs()
            }
            _ => false,
        };
        if !fine {
            self.failures.borrow_mut().push(format!("{path}: ours {ours:?}, reference {theirs:?}"));
        }
    }

    /// Compares a list with `path/0`, `path/1`, ...
    pub fn check_list(&self, path: &str, ours: &[f64], within: Within) {
        assert!(!self.has(&format!("{path}/{}", ours.len())), "more than {} values at {path}", ours.len());
        for (i, value) in ours.iter().enumerate() {
            self.check(&format!("{path}/{i}"), *value, within);
        }
    }

    pub fn check_interval(&self, path: &str, ours: Interval, within: Within) {
        self.check_list(path, &[ours.lower, ours.upper], within);
    }

    /// Fails on any difference, and on any value neither compared nor left out by name.
    ///
    /// Each exception is a pattern, in which `*` stands for anything, with its reason.
    pub fn finish(self, left_out: &[(&str, &str)]) {
        let seen = self.seen.borrow();
        let missed: Vec<&String> = self
            .values
            .keys()
            .filter(|k| !seen.contains(*k) && !left_out.iter().any(|(p, _)| matches(p, k)))
            .collect();
        let (absolute, share) = self.worst.get();
        println!(
            "{}: {} of {} values compared, largest difference {absolute:.1e}, largest share of tolerance {share:.1e}",
            self.family,
            seen.len(),
            self.values.len()
        );
        let failures = self.failures.borrow();
        assert!(
            failures.is_empty(),
            "{} differences:\n{}",
            failures.len(),
            failures.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
        );
        assert!(
            missed.is_empty(),
            "{} values not compared:\n{}",
            missed.len(),
            missed.iter().take(40).map(|s| s.as_str()).collect::<Vec<_>>().join("\n")
        );
    }
}

/// Whether `text` fits `pattern`, where `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A data set from `tests/reference/data/`, as columns; a missing cell is `NaN`.
#[derive(Clone)]
pub struct Data {
    columns: BTreeMap<String, Vec<f64>>,
    pub n: usize,
}

impl Data {
    pub fn read(name: &str) -> Self {
        let text = reference_file(&format!("data/{name}.csv"));
        let mut lines = text.lines();
        let names: Vec<String> =
            lines.next().unwrap_or("").split(',').map(|s| s.trim_matches('"').to_owned()).collect();
        let mut columns = vec![Vec::new(); names.len()];
        for line in lines {
            for (column, cell) in columns.iter_mut().zip(line.split(',')) {
                column.push(cell.trim_matches('"').parse().unwrap_or(f64::NAN));
            }
        }
        let n = columns[0].len();
        Data { columns: names.into_iter().zip(columns).collect(), n }
    }

    pub fn column(&self, name: &str) -> Vec<f64> {
        self.columns.get(name).unwrap_or_else(|| panic!("no column {name}")).clone()
    }

    pub fn flags(&self, name: &str) -> Vec<bool> {
        self.column(name).iter().map(|&x| x == 1.0).collect()
    }

    pub fn codes(&self, name: &str) -> Vec<u32> {
        self.column(name).iter().map(|&x| x as u32).collect()
    }

    pub fn groups(&self, name: &str) -> Vec<u8> {
        self.column(name).iter().map(|&x| x as u8).collect()
    }

    /// Adds or replaces a column computed from the row's cells.
    pub fn with(mut self, name: &str, value: impl Fn(&dyn Fn(&str) -> f64) -> f64) -> Self {
        let made = (0..self.n).map(|i| value(&|column: &str| self.columns[column][i])).collect();
        self.columns.insert(name.to_owned(), made);
        self
    }

    /// Adds or replaces a column.
    pub fn with_column(mut self, name: &str, column: Vec<f64>) -> Self {
        assert_eq!(column.len(), self.n);
        self.columns.insert(name.to_owned(), column);
        self
    }

    pub fn from_columns<const K: usize>(columns: [(&str, Vec<f64>); K]) -> Self {
        let n = columns[0].1.len();
        Data { columns: columns.into_iter().map(|(name, c)| (name.to_owned(), c)).collect(), n }
    }

    /// The rows for which `keep` holds.
    pub fn filter(&self, keep: impl Fn(&dyn Fn(&str) -> f64) -> bool) -> Self {
        let rows: Vec<usize> =
            (0..self.n).filter(|&i| keep(&|column: &str| self.columns[column][i])).collect();
        let columns = self
            .columns
            .iter()
            .map(|(name, column)| (name.clone(), rows.iter().map(|&i| column[i]).collect()))
            .collect();
        Data { columns, n: rows.len() }
    }
}
