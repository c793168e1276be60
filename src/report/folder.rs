//! The output folder: complete or absent.
//!
//! While running, rows go to a neighbour called `NAME.partial` as closed part files cut at absolute
//! replicate numbers. Finishing joins them and renames the folder.

use super::tables;
use crate::{
    error::{Error, Result},
    operating::Fold,
    simulation::{BLOCK, Block, Run, Sink},
};
use serde_json::{Value, json};
use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

/// Replicates in a part file: whole blocks, few enough that a part fits in memory with ease.
pub const PART: u64 = 4 * BLOCK;

/// A folder being written.
#[derive(Debug)]
pub struct OutputFolder {
    target: PathBuf,
    partial: PathBuf,
}

/// What a folder's parts belong to; parts of anything else are not resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Hash of the scenario with everything the command line changed.
    pub scenario: String,
    pub seed: u64,
    pub version: String,
    pub ledger: String,
    pub range: Range<u64>,
}

impl Identity {
    fn json(&self) -> Value {
        json!({
            "scenario_hash": self.scenario,
            "seed": self.seed,
            "version": self.version,
            "ledger_version": self.ledger,
            "replicate_range": [self.range.start, self.range.end],
        })
    }
}

impl OutputFolder {
    /// Opens the neighbour folder for a run. Without `resume`, parts left by an earlier run are removed;
    /// with it they are kept if they are of the same run.
    pub fn open(target: &Path, identity: &Identity, resume: bool) -> Result<Self> {
        if target.file_name().is_none() {
            return Err(Error::input(format!("{} is not a folder name", target.display())));
        }
        let partial = beside(target, ".partial");
        if target.exists() && !target.is_dir() {
            return Err(Error::input(format!("{} is a file; name a folder with --out", target.display())));
        }
        let stamp = partial.join("identity.json");
        if partial.exists() {
            let same = fs::read_to_string(&stamp)
                .ok()
                .and_then(|text| serde_json::from_str::<Value>(&text).ok())
                .is_some_and(|known| known == identity.json());
            if resume && !same {
                return Err(Error::Shards(format!(
                    "{} holds parts of another run; leave out --resume to start anew",
                    partial.display()
                )));
            }
            if !resume {
                fs::remove_dir_all(&partial).map_err(|why| Error::path("clear", &partial, &why))?;
            }
        }
        fs::create_dir_all(&partial).map_err(|why| Error::path("write to", target, &why))?;
        fs::write(&stamp, identity.json().to_string())
            .map_err(|why| Error::path("write to", target, &why))?;
        Ok(OutputFolder { target: target.to_owned(), partial })
    }

    /// The folder that will be there in the end.
    pub fn target(&self) -> &Path {
        &self.target
    }

    fn part(&self, kind: &str, first: u64) -> PathBuf {
        self.partial.join(format!("{kind}-{first}.parquet"))
    }

    /// Closed parts at the beginning of a range, with the ranges they cover.
    pub fn closed_parts(&self, range: &Range<u64>) -> Vec<(PathBuf, PathBuf, Range<u64>)> {
        let mut closed = Vec::new();
        let mut start = range.start;
        while start < range.end {
            let end = ((start / PART + 1) * PART).min(range.end);
            let (rows, counts) = (self.part("part", start), self.part("counts", start));
            if !rows.is_file() || !counts.is_file() {
                break;
            }
            closed.push((rows, counts, start..end));
            start = end;
        }
        closed
    }

    /// A file of the finished folder, to be written before it is finished.
    pub fn file(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    /// Writes one small file.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.file(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|why| machine(&path, &why))?;
        }
        fs::write(&path, bytes).map_err(|why| machine(&path, &why))
    }

    /// Joins the parts into the replicates and counts tables and removes them.
    pub fn join_parts(&self, range: &Range<u64>) -> Result<()> {
        let parts = self.closed_parts(range);
        let rows: Vec<PathBuf> = parts.iter().map(|p| p.0.clone()).collect();
        let counts: Vec<PathBuf> = parts.iter().map(|p| p.1.clone()).collect();
        tables::concatenate(&rows, &self.file("replicates.parquet"))?;
        tables::concatenate(&counts, &self.file("counts.parquet"))?;
        for path in rows.iter().chain(&counts) {
            fs::remove_file(path).map_err(|why| machine(path, &why))?;
        }
        Ok(())
    }

    /// Renames the folder to its name; an earlier complete one is replaced only now.
    pub fn finish(self) -> Result<PathBuf> {
        let stamp = self.partial.join("identity.json");
        fs::remove_file(&stamp).map_err(|why| machine(&stamp, &why))?;
        let old = beside(&self.target, ".replaced");
        if old.exists() {
            // Left by a run that was ended between the two renames below.
            fs::remove_dir_all(&old).map_err(|why| machine(&old, &why))?;
        }
        if self.target.exists() {
            fs::rename(&self.target, &old).map_err(|why| machine(&self.target, &why))?;
        }
        fs::rename(&self.partial, &self.target).map_err(|why| machine(&self.target, &why))?;
        if old.exists() {
            fs::remove_dir_all(&old).map_err(|why| machine(&old, &why))?;
        }
        Ok(self.target)
    }

    /// All files written so far with their hashes, for the manifest.
    pub fn hashes(&self) -> Result<Vec<(String, String)>> {
        let mut list = Vec::new();
        let mut folders = vec![self.partial.clone()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(|why| machine(&folder, &why))?;
            for entry in entries {
                let path = entry.map_err(|why| machine(&folder, &why))?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|n| n != "identity.json" && n != "manifest.json") {
                    let bytes = fs::read(&path).map_err(|why| machine(&path, &why))?;
                    let name = path
                        .strip_prefix(&self.partial)
                        .unwrap_or(&path)
                        .to_string_lossy()
                        .replace('\\', "/");
                    list.push((name, hash(&bytes)));
                }
            }
        }
        list.sort();
        Ok(list)
    }
}

/// A neighbour of a folder: its name with an ending.
fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    folder.with_file_name(name)
}

fn machine(path: &Path, why: &std::io::Error) -> Error {
    Error::Machine(format!("cannot write {}: {why}", path.display()))
}

/// FNV-1a over 64 bits, as 16 hexadecimal digits: tells files apart, proves nothing against an adversary.
pub fn hash(bytes: &[u8]) -> String {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    for &byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    format!("{hash:016x}")
}

/// Writes closed part files as blocks arrive, and folds them.
pub struct FolderSink<'a> {
    folder: Option<&'a OutputFolder>,
    runs: &'a [Run],
    fold: &'a mut Fold,
    open: Vec<Block>,
    end: u64,
    done: &'a mut (dyn FnMut(u64) + Send),
}

impl<'a> FolderSink<'a> {
    /// A sink for the rest of a range; `done` hears how many replicates, all runs together, are finished.
    pub fn new(
        folder: Option<&'a OutputFolder>,
        runs: &'a [Run],
        fold: &'a mut Fold,
        end: u64,
        done: &'a mut (dyn FnMut(u64) + Send),
    ) -> Self {
        FolderSink { folder, runs, fold, open: Vec::new(), end, done }
    }
}

impl Sink for FolderSink<'_> {
    fn take(&mut self, block: &Block) -> Result<()> {
        self.fold.add(block);
        (self.done)(block.runs.iter().map(|r| r.ends.len() as u64).sum());
        let Some(folder) = self.folder else { return Ok(()) };
        self.open.push(block.clone());
        if !block.replicates.end.is_multiple_of(PART) && block.replicates.end != self.end {
            return Ok(());
        }
        let first = self.open[0].replicates.start;
        // The counts come first: a part counts as closed when both files are there.
        let mut counts = tables::counts_frame(&self.open, self.runs)?;
        tables::write_parquet(&mut counts, &folder.part("counts", first))?;
        let mut rows = tables::replicates_frame(&self.open, self.runs)?;
        tables::write_parquet(&mut rows, &folder.part("part", first))?;
        self.open.clear();
        Ok(())
    }
}
