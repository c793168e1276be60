//! Folders that together hold one run.

use super::{COUNTS, ROWS, manifest::Manifest, part_from, sound};
use crate::{
    error::{Error, Result},
    report::tables::{self, Parts, Table},
};
use std::{
    ops::Range,
    path::{Path, PathBuf},
};

/// Finished folders in the order of their replicates, each replicate in one of them.
#[derive(Debug)]
pub struct Shards {
    list: Vec<(PathBuf, Manifest)>,
}

impl Shards {
    /// Reads the manifests and holds the files against their hashes; every way in which the folders do not
    /// make one run is an error that says which.
    pub fn read(folders: &[PathBuf]) -> Result<Self> {
        let mut list = Vec::new();
        for folder in folders {
            let manifest = Manifest::read(folder)?;
            sound(folder, &manifest)?;
            list.push((folder.clone(), manifest));
        }
        list.sort_by_key(|(_, m)| m.identity.replicate_range);
        let shards = Shards { list };
        shards.check()?;
        Ok(shards)
    }

    fn check(&self) -> Result<()> {
        let (first, rest) = self.list.split_first().ok_or_else(|| Error::input("no folder to merge"))?;
        let mut wrong = Vec::new();
        for (folder, manifest) in rest {
            let other = first.1.identity.differs(&manifest.identity).or_else(|| {
                (first.1.identity.replicates != manifest.identity.replicates)
                    .then(|| "it asks for another number of replicates".to_owned())
            });
            if let Some(why) = other {
                wrong.push(format!(
                    "{} is not of the same run as {}: {why}",
                    folder.display(),
                    first.0.display()
                ));
            }
        }
        if !wrong.is_empty() {
            return Err(Error::Shards(wrong.join("\n  ")));
        }
        let mut next = 0;
        let mut before: Option<&Path> = None;
        for (folder, manifest) in &self.list {
            let range = manifest.identity.range();
            if range.start > next {
                wrong.push(format!("replicates {} to {} are missing", next, range.start - 1));
            } else if let (true, Some(before)) = (range.start < next, before) {
                wrong.push(format!(
                    "replicates {} to {} are double: {} and {}",
                    range.start,
                    range.end.min(next) - 1,
                    before.display(),
                    folder.display()
                ));
            }
            if range.end > next {
                (next, before) = (range.end, Some(folder.as_path()));
            }
        }
        let total = first.1.identity.total();
        if next < total {
            wrong.push(format!("replicates {next} to {} are missing", total - 1));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Error::Shards(format!("the shards do not make one run:\n  {}", wrong.join("\n  "))))
    }

    /// The folders with their manifests.
    pub fn list(&self) -> &[(PathBuf, Manifest)] {
        &self.list
    }

    /// Hands over the rows and counts part by part, cut as a single run cuts them.
    pub fn for_each_part(
        &self,
        mut work: impl FnMut(Range<u64>, Table, Table, &Path) -> Result<()>,
    ) -> Result<()> {
        let total = self.list[0].1.identity.total();
        let mut open: Option<(u64, Table, Table)> = None;
        for (folder, manifest) in &self.list {
            let range = manifest.identity.range();
            let file = folder.join(ROWS);
            let mut parts = Parts::open(&file, &folder.join(COUNTS))?;
            let mut start = range.start;
            while let Some((rows, counts)) = parts.next_part()? {
                let part = part_from(start, &range);
                if part.is_empty() {
                    return Err(Error::Shards(format!(
                        "{} holds more than its manifest says",
                        file.display()
                    )));
                }
                start = part.end;
                let (first, rows, counts) = match open.take() {
                    Some((first, r, c)) => (first, tables::joined(r, &rows)?, tables::joined(c, &counts)?),
                    None => (part.start, rows, counts),
                };
                if part.end == part_from(first, &(0..total)).end {
                    work(first..part.end, rows, counts, &file)?;
                } else {
                    open = Some((first, rows, counts));
                }
            }
            if start != range.end {
                return Err(Error::Shards(format!("{} holds less than its manifest says", file.display())));
            }
        }
        Ok(())
    }
}
