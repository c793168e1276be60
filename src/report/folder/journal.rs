//! The closed parts of an unfinished folder, with their hashes.
//!
//! Parts are not forced to the disk one by one. After a power cut a part may be torn; its hash then
//! differs from the journal's, and it is simulated again.

use super::{Identity, PART, hash};
use crate::error::{Error, Result};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    ops::Range,
    path::{Path, PathBuf},
};

/// Name of the journal's file.
pub const NAME: &str = "journal";

/// A closed part: its files and the replicates they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub rows: PathBuf,
    pub counts: PathBuf,
    pub replicates: Range<u64>,
}

/// The list of closed parts: a line each, `first end hash-of-rows hash-of-counts`.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: File,
    closed: Vec<Part>,
}

impl Journal {
    /// Opens the journal of a folder and keeps the parts of `range` that are whole, up to the first that is
    /// not; `shared` is where this run's rows end being those of the run that wrote them.
    pub fn open(folder: &Path, range: &Range<u64>, shared: u64) -> Result<Self> {
        let path = folder.join(NAME);
        let known = fs::read_to_string(&path).unwrap_or_default();
        let mut closed = Vec::new();
        let mut kept = String::new();
        let mut start = range.start;
        for line in known.split_inclusive('\n') {
            let Some((part, hashes)) = read_line(folder, line) else { break };
            let whole = part.replicates == part_from(start, range) && part.replicates.end <= shared;
            if !whole || !sound(&part.rows, hashes[0]) || !sound(&part.counts, hashes[1]) {
                break;
            }
            start = part.replicates.end;
            closed.push(part);
            kept += line;
        }
        for entry in fs::read_dir(folder).map_err(|why| super::machine(folder, &why))? {
            let path = entry.map_err(|why| super::machine(folder, &why))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let known = closed.iter().any(|p| p.rows == path || p.counts == path);
            if !known && ![NAME, super::lock::NAME, super::STAMP].contains(&name.as_str()) {
                let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                gone.map_err(|why| super::machine(&path, &why))?;
            }
        }
        super::write_whole(&path, kept.as_bytes())?;
        let file = OpenOptions::new().append(true).open(&path).map_err(|why| super::machine(&path, &why))?;
        Ok(Journal { folder: folder.to_owned(), file, closed })
    }

    /// The closed parts, in order.
    pub fn closed(&self) -> &[Part] {
        &self.closed
    }

    /// The files of the part that begins at a replicate.
    pub fn files(&self, first: u64) -> (PathBuf, PathBuf) {
        files(&self.folder, first)
    }

    /// Adds a part whose files are written.
    pub fn close(&mut self, replicates: Range<u64>, hashes: [String; 2]) -> Result<()> {
        let line = format!("{} {} {} {}\n", replicates.start, replicates.end, hashes[0], hashes[1]);
        let (rows, counts) = self.files(replicates.start);
        self.file.write_all(line.as_bytes()).map_err(|why| super::machine(&self.folder, &why))?;
        self.closed.push(Part { rows, counts, replicates });
        Ok(())
    }

    /// Removes the parts and the journal, when their rows are elsewhere.
    pub fn remove(self) -> Result<()> {
        for part in &self.closed {
            for path in [&part.rows, &part.counts] {
                fs::remove_file(path).map_err(|why| super::machine(path, &why))?;
            }
        }
        let path = self.folder.join(NAME);
        fs::remove_file(&path).map_err(|why| super::machine(&path, &why))
    }
}

/// The part of a range that begins at `start`: cut at absolute numbers.
pub fn part_from(start: u64, range: &Range<u64>) -> Range<u64> {
    start..((start / PART + 1) * PART).min(range.end)
}

fn files(folder: &Path, first: u64) -> (PathBuf, PathBuf) {
    (folder.join(format!("part-{first}.parquet")), folder.join(format!("counts-{first}.parquet")))
}

/// A line of the journal; `None` for one that was not written to its end.
fn read_line<'a>(folder: &Path, line: &'a str) -> Option<(Part, [&'a str; 2])> {
    let line = line.strip_suffix('\n')?;
    let words: Vec<&str> = line.split(' ').collect();
    let &[first, end, rows_hash, counts_hash] = &words[..] else { return None };
    let (first, end) = (first.parse().ok()?, end.parse().ok()?);
    let (rows, counts) = files(folder, first);
    Some((Part { rows, counts, replicates: first..end }, [rows_hash, counts_hash]))
}

fn sound(path: &Path, hash: &str) -> bool {
    hash::of_file(path).is_ok_and(|(_, found)| found == hash)
}

/// The stamp of an unfinished folder: whose parts it holds.
pub fn read_stamp(path: &Path) -> Option<Identity> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// Why parts cannot be gone on from, to the person who asked for it.
pub fn other_run(partial: &Path, why: &str) -> Error {
    Error::Shards(format!(
        "{} holds parts of another run: {why}; leave out --resume to start anew",
        partial.display()
    ))
}
