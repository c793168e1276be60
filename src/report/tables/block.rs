//! Rows read back from a table, held against what the scenario says they must be.

use super::{Names, Table};
use crate::{
    analysis::comparison::Comparison,
    error::{Error, Result},
    operating::slices,
    simulation::{Block, Run, RunBlock},
    statistics::Reason,
    trial::{
        Trial,
        record::{Decision, Row, Slice, TrialRow},
    },
};
use polars::prelude::*;
use std::{ops::Range, path::Path};

/// Rebuilds the block behind the rows and counts of some replicates, for a fold that goes on from them.
///
/// Every replicate has to be there once, with the rows the scenario gives it, in their order; `path` names
/// the file in the error if not.
pub fn read_block(
    rows: &Table,
    counts: &Table,
    range: Range<u64>,
    runs: &[Run],
    path: &Path,
) -> Result<Block> {
    let odd = |what: &str| {
        Error::Shards(format!(
            "{} does not hold the rows of replicates {} to {}: {what}",
            path.display(),
            range.start,
            range.end - 1
        ))
    };
    let rows = Rows::new(rows).map_err(|e| explained(e, &odd))?;
    let mut blocks: Vec<RunBlock> = vec![RunBlock::default(); runs.len()];
    let orders: Vec<Order> = runs.iter().map(|run| Order::new(&run.trial)).collect();
    let mut i = 0;
    for replicate in range.clone() {
        for ((run, order), block) in runs.iter().zip(&orders).zip(&mut blocks) {
            if replicate >= run.replicates {
                continue;
            }
            let mut place = 0;
            loop {
                if i >= rows.height || rows.run[i] != run.number || rows.replicate[i] != replicate {
                    return Err(odd(&format!("run {} lacks replicate {replicate}", run.number)));
                }
                if !(1..=run.trial.design.most_looks()).contains(&usize::from(rows.look[i])) {
                    return Err(odd("a look has a number the design has not"));
                }
                if rows.names[0].get(i) == Some("") {
                    if order.0.is_empty() || place % order.0.len() != 0 {
                        return Err(odd(&format!("replicate {replicate} lacks comparisons")));
                    }
                    block.trials.push(rows.trial(i).ok_or_else(|| odd("a decision is unknown"))?);
                    block.ends.push(block.rows.len());
                    i += 1;
                    break;
                }
                let Some((estimand, slice, names)) = order.0.get(place % order.0.len().max(1)) else {
                    return Err(odd("the scenario compares nothing"));
                };
                if rows.names.iter().zip(names).any(|(column, name)| column.get(i) != Some(name)) {
                    return Err(odd(&format!("replicate {replicate} has a comparison the scenario has not")));
                }
                let row = rows.comparison(i, *estimand, *slice);
                block.rows.push(row.ok_or_else(|| odd("a decision or reason is unknown"))?);
                place += 1;
                i += 1;
            }
        }
    }
    if i != rows.height {
        return Err(odd("there are more rows than replicates"));
    }
    read_counts(counts, range.clone(), runs, &mut blocks).map_err(|e| explained(e, &odd))?;
    Ok(Block { replicates: range, runs: blocks })
}

/// Why a table is not ours.
enum Odd {
    Missing(&'static str),
    Counts,
}

fn explained(why: Odd, odd: &dyn Fn(&str) -> Error) -> Error {
    match why {
        Odd::Missing(column) => odd(&format!("the column {column} is missing or of another type")),
        Odd::Counts => odd("the counts are not those of the scenario's arms and events"),
    }
}

/// The comparisons of a look, in order: estimand, slice, and the names their rows carry.
struct Order(Vec<(u16, Slice, [String; 4])>);

impl Order {
    fn new(trial: &Trial) -> Self {
        let names = Names::new(trial);
        let list = (0..trial.estimands.len()).flat_map(|e| {
            slices(trial, e).into_iter().zip(&names.rows[e]).map(move |(s, n)| (e as u16, s, n.clone()))
        });
        Order(list.collect())
    }
}

/// Columns of a replicates table.
struct Rows<'a> {
    height: usize,
    run: Vec<u32>,
    replicate: Vec<u64>,
    look: Vec<u8>,
    names: [&'a StringChunked; 4],
    counts: [Vec<u32>; 4],
    numbers: [Vec<f64>; 6],
    decision: &'a StringChunked,
    reason: &'a StringChunked,
    patients: Vec<u32>,
    screened: Vec<u64>,
    months: Vec<f64>,
    information: Vec<f64>,
}

type Read<T> = std::result::Result<T, Odd>;

fn words<'a>(table: &'a Table, name: &'static str) -> Read<&'a StringChunked> {
    table.column(name).and_then(Column::str).map_err(|_| Odd::Missing(name))
}

fn small(table: &Table, name: &'static str) -> Read<Vec<u32>> {
    let column = table.column(name).and_then(Column::u32).map_err(|_| Odd::Missing(name))?;
    Ok(column.iter().map(|x| x.unwrap_or(0)).collect())
}

fn large(table: &Table, name: &'static str) -> Read<Vec<u64>> {
    let column = table.column(name).and_then(Column::u64).map_err(|_| Odd::Missing(name))?;
    Ok(column.iter().map(|x| x.unwrap_or(0)).collect())
}

fn real(table: &Table, name: &'static str) -> Read<Vec<f64>> {
    let column = table.column(name).and_then(Column::f64).map_err(|_| Odd::Missing(name))?;
    Ok(column.iter().map(|x| x.unwrap_or(f64::NAN)).collect())
}

impl<'a> Rows<'a> {
    fn new(table: &'a Table) -> Read<Self> {
        let look = table.column("look").and_then(Column::u8).map_err(|_| Odd::Missing("look"))?;
        Ok(Rows {
            height: table.height(),
            run: small(table, "run")?,
            replicate: large(table, "replicate")?,
            look: look.iter().map(|x| x.unwrap_or(0)).collect(),
            names: [
                words(table, "estimand")?,
                words(table, "population")?,
                words(table, "level")?,
                words(table, "method")?,
            ],
            counts: [
                small(table, "n_treatment")?,
                small(table, "n_control")?,
                small(table, "events_treatment")?,
                small(table, "events_control")?,
            ],
            numbers: [
                real(table, "estimate")?,
                real(table, "se")?,
                real(table, "statistic")?,
                real(table, "p_value")?,
                real(table, "lower")?,
                real(table, "upper")?,
            ],
            decision: words(table, "decision")?,
            reason: words(table, "reason")?,
            patients: small(table, "patients")?,
            screened: large(table, "screened")?,
            months: real(table, "months")?,
            information: real(table, "information")?,
        })
    }

    fn decision(&self, i: usize) -> Option<Decision> {
        let name = self.decision.get(i)?;
        Decision::ALL.into_iter().find(|d| d.name() == name)
    }

    fn trial(&self, i: usize) -> Option<TrialRow> {
        Some(TrialRow {
            look: self.look[i],
            patients: self.patients[i],
            screened: self.screened[i],
            months: self.months[i],
            information: self.information[i],
            decision: self.decision(i)?,
        })
    }

    fn comparison(&self, i: usize, estimand: u16, slice: Slice) -> Option<Row> {
        let reason = match self.reason.get(i) {
            None => None,
            Some(text) => Some(Reason::ALL.into_iter().find(|r| r.text() == text)?),
        };
        Some(Row {
            look: self.look[i],
            estimand,
            slice,
            comparison: Comparison {
                n_treatment: self.counts[0][i],
                n_control: self.counts[1][i],
                events_treatment: self.counts[2][i],
                events_control: self.counts[3][i],
                estimate: self.numbers[0][i],
                se: self.numbers[1][i],
                statistic: self.numbers[2][i],
                p_value: self.numbers[3][i],
                lower: self.numbers[4][i],
                upper: self.numbers[5][i],
                reason,
            },
            decision: self.decision(i)?,
        })
    }
}

fn read_counts(table: &Table, range: Range<u64>, runs: &[Run], blocks: &mut [RunBlock]) -> Read<()> {
    let (run, replicate) = (small(table, "run")?, large(table, "replicate")?);
    let (count, patients) = (small(table, "count")?, small(table, "patients")?);
    let (arm, event) = (words(table, "arm")?, words(table, "event")?);
    let mut i = 0;
    for number in range {
        for (of, block) in runs.iter().zip(blocks.iter_mut()).filter(|(run, _)| number < run.replicates) {
            let trial = &of.trial;
            let counted = trial.counted();
            for a in 0..trial.arms.len() {
                if trial.allocation.ratio[a] == 0 {
                    block.arm_patients.push(0);
                    block.counts.extend(std::iter::repeat_n(0, counted));
                    continue;
                }
                let ours = i + counted <= run.len()
                    && (0..counted).all(|k| {
                        run[i + k] == of.number
                            && replicate[i + k] == number
                            && arm.get(i + k) == Some(&trial.arms[a].name)
                            && event.get(i + k) == Some(trial.counted_name(k))
                            && count[i + k] <= patients[i]
                    });
                if !ours {
                    return Err(Odd::Counts);
                }
                block.arm_patients.push(patients[i]);
                block.counts.extend_from_slice(&count[i..i + counted]);
                i += counted;
            }
        }
    }
    if i == run.len() { Ok(()) } else { Err(Odd::Counts) }
}
