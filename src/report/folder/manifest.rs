//! What a finished folder says of itself, and whether it is true.

use super::{Identity, hash, inputs::Stated};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The layout of the folder; a folder of another layout is not read.
pub const FORMAT: u32 = 1;

/// Name of the manifest's file.
pub const NAME: &str = "manifest.json";

/// A file of the folder as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path below the folder, with forward slashes.
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// The manifest of a finished folder; it is written last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `shocktrial`.
    pub program: String,
    pub format: u32,
    #[serde(flatten)]
    pub identity: Identity,
    /// What changed the scenario from the command line.
    pub stated: Stated,
    pub threads: usize,
    pub wall_seconds: f64,
    pub replicates_per_second: f64,
    /// By processor time, which other work on the machine does not add to; simulating, reducing and writing
    /// rows together.
    #[serde(default)]
    pub replicates_per_second_per_core: Option<f64>,
    pub command: String,
    pub pool: PoolSize,
    pub files: Vec<FileEntry>,
}

/// Patients the trials enrol from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSize {
    pub rows: usize,
    pub screened: u64,
}

impl Manifest {
    /// Reads the manifest of a folder the user named.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let odd = |what: &str| Error::Shards(format!("{}: {what}", folder.display()));
        let text = std::fs::read_to_string(&path).map_err(|why| match why.kind() {
            std::io::ErrorKind::NotFound if folder.is_dir() => {
                odd("there is no manifest.json; it is not a finished folder of shocktrial")
            }
            _ => Error::path("read", &path, &why),
        })?;
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|_| odd("the manifest is damaged"))?;
        if value["program"] != "shocktrial" {
            return Err(odd("the manifest is not one of shocktrial"));
        }
        if value["format"] != FORMAT {
            return Err(odd(&format!(
                "the folder has format {} and this version reads {FORMAT}; use shocktrial {}",
                value["format"],
                value["version"].as_str().unwrap_or("of the version that wrote it")
            )));
        }
        let manifest: Manifest =
            serde_json::from_value(value).map_err(|why| odd(&format!("the manifest is damaged: {why}")))?;
        let range = manifest.identity.range();
        if range.is_empty() || range.end > manifest.identity.total() {
            return Err(odd("the manifest is damaged: its range is not one of its replicates"));
        }
        Ok(manifest)
    }

    /// Holds every file against its size and hash; what is wrong, in words.
    pub fn check_files(&self, folder: &Path) -> Vec<String> {
        let check = |entry: &FileEntry| {
            let Some(path) = below(folder, &entry.name) else {
                return Some(format!("{} does not lie in the folder", entry.name));
            };
            match hash::of_file(&path) {
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                    Some(format!("{} is missing", entry.name))
                }
                Err(why) => Some(format!("{} cannot be read: {why}", entry.name)),
                Ok((bytes, _)) if bytes != entry.bytes => {
                    Some(format!("{} has {bytes} bytes, not {}", entry.name, entry.bytes))
                }
                Ok((_, found)) if found != entry.sha256 => {
                    Some(format!("{} was altered: its hash is another", entry.name))
                }
                Ok(_) => None,
            }
        };
        self.files.iter().filter_map(check).collect()
    }
}

/// A path below the folder; a manifest cannot point elsewhere.
fn below(folder: &Path, name: &str) -> Option<PathBuf> {
    use std::path::Component;
    let path = Path::new(name);
    path.components().all(|c| matches!(c, Component::Normal(_))).then(|| folder.join(path))
}
