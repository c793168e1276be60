//! The output folder: complete or absent.
//!
//! While running, rows go to a neighbour called `NAME.partial` as closed part files cut at absolute
//! replicate numbers. Finishing joins them, writes the manifest last, and renames the folder. A process may
//! end at any moment: what is named in the journal, or in the manifest, is whole, and the rest is done again.

pub mod hash;
pub mod identity;
pub mod inputs;
mod journal;
mod lock;
pub mod manifest;
pub mod shards;
mod sink;

pub use identity::Identity;
pub use journal::{Part, part_from};
pub use sink::FolderSink;

use super::tables::{self, Table};
use crate::{
    error::{Error, Result},
    simulation::BLOCK,
};
use journal::Journal;
use lock::Lock;
use manifest::{FileEntry, Manifest};
use std::{
    fs::{self, File},
    ops::Range,
    path::{Path, PathBuf},
};

/// Replicates in a part file: whole blocks, few enough that a part fits in memory with ease.
pub const PART: u64 = 4 * BLOCK;

/// Name of the file that says whose parts an unfinished folder holds.
const STAMP: &str = "identity.json";
/// The rows of a finished folder.
pub const ROWS: &str = "replicates.parquet";
/// The counts of a finished folder.
pub const COUNTS: &str = "counts.parquet";

/// A folder being written; nobody else writes to it meanwhile.
#[derive(Debug)]
pub struct OutputFolder {
    target: PathBuf,
    partial: PathBuf,
    journal: Journal,
    lock: Lock,
}

impl OutputFolder {
    /// Opens the neighbour folder for a run. Without `resume`, parts left by an earlier run are removed;
    /// with it they are kept as far as they are rows of this run, and so are those of a finished folder
    /// that asked for fewer replicates.
    pub fn open(target: &Path, identity: &Identity, resume: bool) -> Result<Self> {
        if target.file_name().is_none() {
            return Err(Error::input(format!("{} is not a folder name", target.display())));
        }
        let partial = beside(target, ".partial");
        if target.exists() && !target.is_dir() {
            return Err(Error::input(format!("{} is a file; name a folder with --out", target.display())));
        }
        fs::create_dir_all(&partial).map_err(|why| Error::path("write to", target, &why))?;
        let mut lock = Lock::take(&partial, target)?;
        let old = beside(target, ".replaced");
        if old.exists() && !target.exists() {
            // A run was ended between the two renames of its finish.
            fs::rename(&old, target).map_err(|why| machine(target, &why))?;
        }
        let stamp = partial.join(STAMP);
        let mut shared = identity.replicate_range[0];
        if resume {
            if complete(&partial, identity) {
                // It lacks nothing but its name; its rows are taken over below.
                publish(&partial, target, lock)?;
                fs::create_dir_all(&partial).map_err(|why| machine(&partial, &why))?;
                lock = Lock::take(&partial, target)?;
            }
            if let Some(known) = journal::read_stamp(&stamp) {
                shared = identity.shared_with(&known).map_err(|why| {
                    journal::other_run(&partial, why.to_string().trim_start_matches("error: "))
                })?;
            }
        }
        let journal = Journal::open(&partial, &identity.range(), shared)?;
        let text = serde_json::to_string(identity).expect("plain values serialise");
        write_whole(&stamp, text.as_bytes())?;
        let mut folder = OutputFolder { target: target.to_owned(), partial, journal, lock };
        if resume {
            folder.take_over(identity)?;
        }
        Ok(folder)
    }

    /// Takes over the rows of the finished folder that is there, as far as they are this run's and are
    /// not here already.
    fn take_over(&mut self, identity: &Identity) -> Result<()> {
        if !self.target.join(manifest::NAME).is_file() {
            return Ok(());
        }
        let manifest = Manifest::read(&self.target)?;
        let shared = identity.shared_with(&manifest.identity).map_err(|why| {
            let why = why.to_string();
            Error::Shards(format!(
                "{} is the result of another run: {}; leave out --resume to replace it",
                self.target.display(),
                why.trim_start_matches("error: ")
            ))
        })?;
        let have = self.journal.closed().last().map_or(identity.replicate_range[0], |p| p.replicates.end);
        if shared <= have {
            return Ok(());
        }
        sound(&self.target, &manifest)?;
        let mut parts = tables::Parts::open(&self.target.join(ROWS), &self.target.join(COUNTS))?;
        let mut start = identity.replicate_range[0];
        while let Some((mut rows, mut counts)) = parts.next_part()? {
            let theirs = part_from(start, &manifest.identity.range());
            let ours = part_from(start, &identity.range());
            if theirs != ours || ours.end > shared {
                break;
            }
            start = ours.end;
            if ours.start >= have {
                self.close_part(ours, &mut rows, &mut counts)?;
            }
        }
        Ok(())
    }

    /// The folder that will be there in the end.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Closed parts at the beginning of the range, in order.
    pub fn closed_parts(&self) -> &[Part] {
        self.journal.closed()
    }

    /// Writes a part: the next replicates of the range.
    pub fn close_part(&mut self, replicates: Range<u64>, rows: &mut Table, counts: &mut Table) -> Result<()> {
        let (rows_file, counts_file) = self.journal.files(replicates.start);
        let hashes = [tables::write_part(rows, &rows_file)?, tables::write_part(counts, &counts_file)?];
        self.journal.close(replicates, hashes)
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

    /// Joins the parts into the replicates and counts tables.
    pub fn join_parts(&self) -> Result<()> {
        let parts = self.closed_parts();
        let rows: Vec<&Path> = parts.iter().map(|p| p.rows.as_path()).collect();
        let counts: Vec<&Path> = parts.iter().map(|p| p.counts.as_path()).collect();
        tables::concatenate(&rows, &self.file(ROWS))?;
        tables::concatenate(&counts, &self.file(COUNTS))
    }

    /// Writes the manifest and renames the folder to its name; an earlier complete one is replaced only now.
    pub fn finish(self, mut manifest: Manifest) -> Result<PathBuf> {
        manifest.files = self.seal()?;
        let text = serde_json::to_string_pretty(&manifest).expect("plain values serialise");
        write_whole(&self.file(manifest::NAME), text.as_bytes())?;
        let OutputFolder { target, partial, journal, lock } = self;
        journal.remove()?;
        publish(&partial, &target, lock)
    }

    /// All files of the result with their hashes; what cannot be made from the rest is forced to the disk.
    fn seal(&self) -> Result<Vec<FileEntry>> {
        let mut list = Vec::new();
        let mut folders = vec![self.partial.clone()];
        let parts: Vec<&PathBuf> = self.closed_parts().iter().flat_map(|p| [&p.rows, &p.counts]).collect();
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(|why| machine(&folder, &why))?;
            for entry in entries {
                let path = entry.map_err(|why| machine(&folder, &why))?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(&self.partial).unwrap_or(&path);
                let name = name.to_string_lossy().replace('\\', "/");
                let passing = [STAMP, journal::NAME, lock::NAME, manifest::NAME];
                if passing.contains(&name.as_str()) || parts.contains(&&path) {
                    continue;
                }
                // Figures can be drawn again; a folder has many.
                if !name.starts_with("figures/") {
                    File::open(&path).and_then(|f| f.sync_all()).map_err(|why| machine(&path, &why))?;
                }
                let (bytes, sha256) = hash::of_file(&path).map_err(|why| machine(&path, &why))?;
                list.push(FileEntry { name, bytes, sha256 });
            }
        }
        list.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(list)
    }
}

/// Whether an unfinished folder lacks nothing but its name.
fn complete(partial: &Path, identity: &Identity) -> bool {
    partial.join(manifest::NAME).is_file()
        && Manifest::read(partial).is_ok_and(|m| m.identity == *identity && m.check_files(partial).is_empty())
}

/// An error that names everything wrong with the files of a finished folder.
pub fn sound(folder: &Path, manifest: &Manifest) -> Result<()> {
    let wrong = manifest.check_files(folder);
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::Shards(format!("{} does not verify:\n  {}", folder.display(), wrong.join("\n  "))))
}

/// Renames a complete folder to its name and removes what only the writing needed.
fn publish(partial: &Path, target: &Path, lock: Lock) -> Result<PathBuf> {
    let parts = fs::read_dir(partial).map_err(|why| machine(partial, &why))?;
    for entry in parts {
        let path = entry.map_err(|why| machine(partial, &why))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let part = name.starts_with("part-") || name.starts_with("counts-");
        if part || name == STAMP || name == journal::NAME {
            fs::remove_file(&path).map_err(|why| machine(&path, &why))?;
        }
    }
    sync_folder(partial);
    let old = beside(target, ".replaced");
    if old.exists() {
        fs::remove_dir_all(&old).map_err(|why| machine(&old, &why))?;
    }
    if target.exists() {
        fs::rename(target, &old).map_err(|why| machine(target, &why))?;
    }
    fs::rename(partial, target).map_err(|why| machine(target, &why))?;
    if let Some(parent) = target.parent() {
        sync_folder(parent);
    }
    // The lock goes with the folder, so that nobody can take it between its removal and the renaming.
    let left = target.join(lock::NAME);
    fs::remove_file(&left).map_err(|why| machine(&left, &why))?;
    drop(lock);
    if old.exists() {
        fs::remove_dir_all(&old).map_err(|why| machine(&old, &why))?;
    }
    Ok(target.to_owned())
}

/// Writes a small file so that it is complete or absent, also after a power cut.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    let written = fs::write(&unfinished, bytes)
        .and_then(|()| File::open(&unfinished)?.sync_all())
        .and_then(|()| fs::rename(&unfinished, path));
    written.map_err(|why| machine(path, &why))?;
    if let Some(folder) = path.parent() {
        sync_folder(folder);
    }
    Ok(())
}

/// Forces the names in a folder to the disk, where the system can; a folder is a file on Unix only.
fn sync_folder(folder: &Path) {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if let Ok(file) = File::open(folder) {
        let _ = file.sync_all();
    }
}

/// A neighbour of a folder: its name with an ending.
pub fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    folder.with_file_name(name)
}

fn machine(path: &Path, why: &std::io::Error) -> Error {
    Error::Machine(format!("cannot write {}: {why}", path.display()))
}
