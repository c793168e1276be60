//! Tables in and out: Parquet and CSV. The only door to polars.

use crate::{
    error::{Error, Result},
    operating::{Measure, slices},
    simulation::{Block, Run},
    trial::{
        Trial,
        record::{Row, Slice, TrialRow},
    },
};
use polars::prelude::*;
use std::{collections::HashMap, fs::File, path::Path};

mod block;
mod cells;
mod data;
mod stream;

pub use block::read_block;
pub use data::{Data, NamedValues, Values, read_bytes, read_data};
pub use stream::{Parts, Writer, concatenate, joined, write_part};

/// A table in memory.
pub type Table = DataFrame;

/// The type of a look's number in a table.
const LOOK: DataType = DataType::UInt8;

/// Names that the rows of a run carry as numbers.
struct Names {
    /// By estimand, then slice: estimand, population, level, method.
    rows: Vec<Vec<[String; 4]>>,
    offset: Vec<HashMap<(u8, u8), usize>>,
}

impl Names {
    fn new(trial: &Trial) -> Self {
        let mut rows = Vec::new();
        let mut offset = Vec::new();
        for (e, estimand) in trial.estimands.iter().enumerate() {
            let mut names = Vec::new();
            let mut places = HashMap::new();
            for (k, slice) in slices(trial, e).into_iter().enumerate() {
                let (population, level, method) = match slice {
                    Slice::All => ("all".to_owned(), String::new(), estimand.method_name()),
                    Slice::Level(s, l) => {
                        let subgroup = &trial.subgroups[usize::from(s)];
                        (
                            subgroup.name.clone(),
                            subgroup.levels[usize::from(l)].clone(),
                            estimand.method_name(),
                        )
                    }
                    Slice::Interaction(s) => {
                        (trial.subgroups[usize::from(s)].name.clone(), String::new(), "interaction")
                    }
                };
                places.insert(key(slice), k);
                names.push([estimand.name.clone(), population, level, method.to_owned()]);
            }
            rows.push(names);
            offset.push(places);
        }
        Names { rows, offset }
    }

    fn of(&self, row: &Row) -> &[String; 4] {
        let e = usize::from(row.estimand);
        &self.rows[e][self.offset[e][&key(row.slice)]]
    }
}

fn key(slice: Slice) -> (u8, u8) {
    match slice {
        Slice::All => (u8::MAX, 0),
        Slice::Level(s, l) => (s, l),
        Slice::Interaction(s) => (s, u8::MAX),
    }
}

/// Columns of the replicates table while it grows.
#[derive(Default)]
struct Columns<'a> {
    run: Vec<u32>,
    replicate: Vec<u64>,
    look: Vec<u8>,
    names: [Vec<&'a str>; 4],
    counts: [Vec<Option<u32>>; 4],
    numbers: [Vec<Option<f64>>; 6],
    decision: Vec<&'a str>,
    reason: Vec<Option<String>>,
    patients: Vec<Option<u32>>,
    screened: Vec<Option<u64>>,
    months: Vec<Option<f64>>,
    information: Vec<Option<f64>>,
}

fn number(x: f64) -> Option<f64> {
    (!x.is_nan()).then_some(x)
}

impl<'a> Columns<'a> {
    fn comparison(&mut self, run: u32, replicate: u64, row: &Row, names: &'a [String; 4]) {
        let c = &row.comparison;
        self.run.push(run);
        self.replicate.push(replicate);
        self.look.push(row.look);
        for (column, name) in self.names.iter_mut().zip(names) {
            column.push(name);
        }
        for (column, n) in
            self.counts.iter_mut().zip([c.n_treatment, c.n_control, c.events_treatment, c.events_control])
        {
            column.push(Some(n));
        }
        for (column, x) in
            self.numbers.iter_mut().zip([c.estimate, c.se, c.statistic, c.p_value, c.lower, c.upper])
        {
            column.push(number(x));
        }
        self.decision.push(row.decision.name());
        self.reason.push(c.reason.map(|r| r.to_string()));
        self.patients.push(None);
        self.screened.push(None);
        self.months.push(None);
        self.information.push(None);
    }

    fn trial(&mut self, run: u32, replicate: u64, row: &TrialRow) {
        self.run.push(run);
        self.replicate.push(replicate);
        self.look.push(row.look);
        self.names.iter_mut().for_each(|column| column.push(""));
        self.counts.iter_mut().for_each(|column| column.push(None));
        self.numbers.iter_mut().for_each(|column| column.push(None));
        self.decision.push(row.decision.name());
        self.reason.push(None);
        self.patients.push(Some(row.patients));
        self.screened.push(Some(row.screened));
        self.months.push(Some(row.months));
        self.information.push(Some(row.information));
    }

    fn frame(self) -> Result<DataFrame> {
        let height = self.run.len();
        let [estimand, population, level, method] = self.names;
        let [n_treatment, n_control, events_treatment, events_control] = self.counts;
        let [estimate, se, statistic, p_value, lower, upper] = self.numbers;
        let columns = vec![
            Column::new("run".into(), self.run),
            Column::new("replicate".into(), self.replicate),
            Column::new("look".into(), self.look.iter().map(|&l| u32::from(l)).collect::<Vec<_>>())
                .cast(&LOOK)
                .map_err(fault)?,
            Column::new("estimand".into(), estimand),
            Column::new("population".into(), population),
            Column::new("level".into(), level),
            Column::new("method".into(), method),
            Column::new("n_treatment".into(), n_treatment),
            Column::new("n_control".into(), n_control),
            Column::new("events_treatment".into(), events_treatment),
            Column::new("events_control".into(), events_control),
            Column::new("estimate".into(), estimate),
            Column::new("se".into(), se),
            Column::new("statistic".into(), statistic),
            Column::new("p_value".into(), p_value),
            Column::new("lower".into(), lower),
            Column::new("upper".into(), upper),
            Column::new("decision".into(), self.decision),
            Column::new("reason".into(), self.reason),
            Column::new("patients".into(), self.patients),
            Column::new("screened".into(), self.screened),
            Column::new("months".into(), self.months),
            Column::new("information".into(), self.information),
        ];
        DataFrame::new(height, columns).map_err(fault)
    }
}

/// A fault of polars on data of our own making, which only memory can cause.
fn fault(why: PolarsError) -> Error {
    Error::Machine(format!("cannot build a table: {why}"))
}

fn cannot(doing: &str, path: &Path, why: impl std::fmt::Display) -> Error {
    Error::Machine(format!("cannot {doing} {}: {why}", path.display()))
}

/// The rows of blocks as a table: replicate by replicate, run by run, the trial's own row last.
pub fn replicates_frame(blocks: &[Block], runs: &[Run]) -> Result<DataFrame> {
    let names: Vec<Names> = runs.iter().map(|run| Names::new(&run.trial)).collect();
    let mut columns = Columns::default();
    for block in blocks {
        for (i, replicate) in block.replicates.clone().enumerate() {
            for ((run, names), rows) in runs.iter().zip(&names).zip(&block.runs) {
                let Some(&end) = rows.ends.get(i) else { continue };
                let start = if i == 0 { 0 } else { rows.ends[i - 1] };
                for row in &rows.rows[start..end] {
                    columns.comparison(run.number, replicate, row, names.of(row));
                }
                columns.trial(run.number, replicate, &rows.trials[i]);
            }
        }
    }
    columns.frame()
}

/// Deaths, complications and changes of arm of blocks, by arm.
pub fn counts_frame(blocks: &[Block], runs: &[Run]) -> Result<DataFrame> {
    let (mut run_column, mut replicate_column, mut look): (Vec<u32>, Vec<u64>, Vec<u32>) = Default::default();
    let (mut arm, mut event): (Vec<&str>, Vec<&str>) = Default::default();
    let (mut count, mut patients): (Vec<u32>, Vec<u32>) = Default::default();
    for block in blocks {
        for (i, replicate) in block.replicates.clone().enumerate() {
            for (run, rows) in runs.iter().zip(&block.runs) {
                if i >= rows.ends.len() {
                    continue;
                }
                let trial = &run.trial;
                let (arms, counted) = (trial.arms.len(), trial.counted());
                for a in 0..arms {
                    let n = rows.arm_patients[i * arms + a];
                    if trial.allocation.ratio[a] == 0 {
                        continue;
                    }
                    for k in 0..counted {
                        run_column.push(run.number);
                        replicate_column.push(replicate);
                        look.push(u32::from(rows.trials[i].look));
                        arm.push(&trial.arms[a].name);
                        event.push(trial.counted_name(k));
                        count.push(rows.counts[(i * arms + a) * counted + k]);
                        patients.push(n);
                    }
                }
            }
        }
    }
    let height = run_column.len();
    let columns = vec![
        Column::new("run".into(), run_column),
        Column::new("replicate".into(), replicate_column),
        Column::new("look".into(), look).cast(&LOOK).map_err(fault)?,
        Column::new("arm".into(), arm),
        Column::new("event".into(), event),
        Column::new("count".into(), count),
        Column::new("patients".into(), patients),
    ];
    DataFrame::new(height, columns).map_err(fault)
}

/// Writes a table; the file is complete or absent.
pub fn write_parquet(frame: &mut DataFrame, path: &Path) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    let file = File::create(&unfinished).map_err(|why| cannot("write", path, why))?;
    ParquetWriter::new(file)
        .with_compression(ParquetCompression::Zstd(None))
        .finish(frame)
        .map_err(|why| cannot("write", path, why))?;
    std::fs::rename(&unfinished, path).map_err(|why| cannot("write", path, why))
}

/// Reads a Parquet file the program wrote.
pub fn read_parquet(path: &Path) -> Result<DataFrame> {
    let file = File::open(path).map_err(|why| Error::path("read", path, &why))?;
    ParquetReader::new(file)
        .finish()
        .map_err(|why| Error::Shards(format!("{} is not a table this program wrote: {why}", path.display())))
}

/// Operating characteristics as a table, in the order of the contract.
pub fn measures_frame(measures: &[Measure], runs: &[Run]) -> Result<DataFrame> {
    let text = |name: &str, f: &dyn Fn(&Measure) -> String| {
        Column::new(name.into(), measures.iter().map(f).collect::<Vec<String>>())
    };
    let real = |name: &str, f: &dyn Fn(&Measure) -> f64| {
        Column::new(name.into(), measures.iter().map(|m| number(f(m))).collect::<Vec<Option<f64>>>())
    };
    let whole = |name: &str, f: &dyn Fn(&Measure) -> u64| {
        Column::new(name.into(), measures.iter().map(f).collect::<Vec<u64>>())
    };
    let run = |m: &Measure| &runs[m.run as usize - 1];
    let columns = vec![
        Column::new("run".into(), measures.iter().map(|m| m.run).collect::<Vec<u32>>()),
        text("variant", &|m| run(m).variant.clone()),
        text("sweep", &|m| run(m).sweep.clone()),
        text("estimand", &|m| m.estimand.clone()),
        text("population", &|m| m.population.clone()),
        text("level", &|m| m.level.clone()),
        Column::new(
            "look".into(),
            measures.iter().map(|m| m.look.map(u32::from)).collect::<Vec<Option<u32>>>(),
        ),
        text("arm", &|m| m.arm.clone()),
        text("measure", &|m| m.measure.to_owned()),
        real("value", &|m| m.value),
        real("mcse", &|m| m.mcse),
        real("lower", &|m| m.lower),
        real("upper", &|m| m.upper),
        whole("replicates", &|m| m.replicates),
        whole("failed", &|m| m.failed),
        text("method", &|m| m.method.to_owned()),
    ];
    DataFrame::new(measures.len(), columns).map_err(fault)
}

/// The table with an apostrophe before words that a spreadsheet would take for a formula.
fn without_formulas(table: &Table) -> Result<Table> {
    let formula = |word: &str| word.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mut safe = table.clone();
    for column in table.columns().iter().filter(|c| c.dtype() == &DataType::String) {
        let words = column.str().map_err(fault)?;
        if words.iter().flatten().any(formula) {
            let mended: Vec<Option<String>> = words
                .iter()
                .map(|word| word.map(|w| if formula(w) { format!("'{w}") } else { w.to_owned() }))
                .collect();
            safe.with_column(Column::new(column.name().clone(), mended)).map_err(fault)?;
        }
    }
    Ok(safe)
}

/// Writes a table as CSV to a file, or to standard output.
pub fn write_csv(frame: &mut DataFrame, path: Option<&Path>) -> Result<()> {
    let frame = &mut without_formulas(frame)?;
    match path {
        None => CsvWriter::new(std::io::stdout().lock())
            .finish(frame)
            .map_err(|why| Error::Machine(format!("cannot write to standard output: {why}"))),
        Some(path) => {
            let file = File::create(path).map_err(|why| Error::path("write", path, &why))?;
            CsvWriter::new(file).finish(frame).map_err(|why| cannot("write", path, why))
        }
    }
}

/// A data set to write, column by column.
pub fn data_frame(columns: Vec<NamedValues>) -> Result<DataFrame> {
    let height = columns.first().map_or(0, |c| match &c.values {
        Values::Numbers(v) => v.len(),
        Values::Words(v) => v.len(),
    });
    let columns = columns
        .into_iter()
        .map(|c| match c.values {
            Values::Numbers(v) => Column::new(c.name.as_str().into(), v),
            Values::Words(v) => Column::new(c.name.as_str().into(), v),
        })
        .collect();
    DataFrame::new(height, columns).map_err(fault)
}

/// The rows of a table as JSON objects; what is missing is null.
pub fn json_rows(table: &Table) -> Result<Vec<serde_json::Value>> {
    let mut rows = vec![serde_json::Map::new(); table.height()];
    for column in table.columns() {
        let name = column.name().to_string();
        if column.dtype() == &DataType::String {
            for (row, word) in rows.iter_mut().zip(column.str().map_err(fault)?.iter()) {
                row.insert(name.clone(), word.into());
            }
        } else {
            let numbers = column.cast(&DataType::Float64).map_err(fault)?;
            for (row, x) in rows.iter_mut().zip(numbers.f64().map_err(fault)?.iter()) {
                row.insert(name.clone(), x.into());
            }
        }
    }
    Ok(rows.into_iter().map(serde_json::Value::Object).collect())
}
