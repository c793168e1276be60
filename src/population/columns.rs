//! What is known of a patient: the covariates by name, and their values as columns.

/// What values a covariate takes.
#[derive(Clone, Debug, PartialEq)]
pub enum CovariateKind {
    /// A number in the covariate's unit.
    Number,
    /// Yes (1) or no (0).
    Flag,
    /// One of some levels, kept as its position; `ordered` if one level can be more than another.
    Levels { names: Vec<String>, ordered: bool },
}

/// The description of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariate {
    /// The name scenarios use; a recorded value carries the prefix `recorded.`.
    pub name: String,
    /// The name people read.
    pub label: String,
    /// Unit as people read it; empty for flags, levels and plain counts.
    pub unit: String,
    pub kind: CovariateKind,
    /// The column of the recorded value, where a covariate is recorded with error.
    pub recorded: Option<usize>,
}

/// All columns of a population, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dictionary {
    pub list: Vec<Covariate>,
}

impl Dictionary {
    /// Position of the column called `name`.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|c| c.name == name)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Values of some patients: one column per covariate, in the order of the dictionary.
///
/// Flags are 0 or 1, levels their position. A column nobody asked for may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    pub names: Vec<String>,
    pub data: Vec<Vec<f64>>,
    /// The registry row of each patient.
    pub rows: Vec<u64>,
}

impl Columns {
    /// No patients yet, with room for every column of `dictionary`.
    pub fn new(dictionary: &Dictionary) -> Self {
        Self {
            names: dictionary.list.iter().map(|c| c.name.clone()).collect(),
            data: vec![Vec::new(); dictionary.len()],
            rows: Vec::new(),
        }
    }

    /// How many patients there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The values of one covariate.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        let i = self.names.iter().position(|n| n == name)?;
        (!self.data[i].is_empty() || self.is_empty()).then_some(&self.data[i][..])
    }

    /// The patients at some positions, in that order.
    pub fn take(&self, positions: &[usize]) -> Self {
        let data = self
            .data
            .iter()
            .map(|d| if d.is_empty() { Vec::new() } else { positions.iter().map(|&i| d[i]).collect() })
            .collect();
        Self { names: self.names.clone(), data, rows: positions.iter().map(|&i| self.rows[i]).collect() }
    }

    /// Adds the patients of `other` behind these.
    pub fn append(&mut self, mut other: Columns) {
        if self.names.is_empty() {
            *self = other;
            return;
        }
        for (mine, theirs) in self.data.iter_mut().zip(&mut other.data) {
            mine.append(theirs);
        }
        self.rows.append(&mut other.rows);
    }

    /// Keeps the first `n` patients.
    pub fn truncate(&mut self, n: usize) {
        self.data.iter_mut().for_each(|d| d.truncate(n));
        self.rows.truncate(n);
    }
}
