//! Tables too long for memory: written and read a part at a time.

use super::{Table, cannot, fault};
use crate::{
    error::{Error, Result},
    report::folder::hash::Hashing,
};
use polars::{
    io::parquet::{metadata::FileMetadataRef, write::BatchedWriter},
    prelude::*,
};
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// The compression of every Parquet file: readers of R and Python know it.
fn writer<W: std::io::Write>(to: W) -> ParquetWriter<W> {
    ParquetWriter::new(to).with_compression(ParquetCompression::Zstd(None))
}

/// Writes a part, one row group, and gives its hash; the file is complete or absent.
pub fn write_part(table: &mut Table, path: &Path) -> Result<String> {
    let mut writer = Writer::create(path)?;
    writer.append(table)?;
    writer.finish()
}

/// A Parquet file that grows by a row group at a time; it has its name when it is complete.
pub struct Writer {
    path: PathBuf,
    unfinished: PathBuf,
    writer: Option<BatchedWriter<Shared>>,
    to: Shared,
}

/// The file beneath a writer, kept at hand for its hash.
#[derive(Clone)]
struct Shared(std::sync::Arc<std::sync::Mutex<Hashing<File>>>);

impl Shared {
    fn hash(&self) -> String {
        self.0.lock().expect("no writer panics").hash()
    }
}

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.lock().expect("no writer panics").flush()
    }
}

impl Writer {
    /// Begins a file.
    pub fn create(path: &Path) -> Result<Self> {
        let unfinished = path.with_extension("unfinished");
        let file = File::create(&unfinished).map_err(|why| cannot("write", path, why))?;
        let to = Shared(std::sync::Arc::new(std::sync::Mutex::new(Hashing::new(file))));
        Ok(Writer { path: path.to_owned(), unfinished, writer: None, to })
    }

    /// Adds the next rows, as one row group.
    pub fn append(&mut self, table: &mut Table) -> Result<()> {
        let failed = |why: PolarsError| cannot("write", &self.path, why);
        table.rechunk_mut();
        if self.writer.is_none() {
            self.writer = Some(writer(self.to.clone()).batched(table.schema()).map_err(failed)?);
        }
        let writer = self.writer.as_mut().expect("begun just now");
        writer.write_batch(table).map_err(failed)
    }

    /// Ends the file and gives its hash.
    pub fn finish(mut self) -> Result<String> {
        if let Some(writer) = &mut self.writer {
            writer.finish().map_err(|why| cannot("write", &self.path, why))?;
        }
        std::fs::rename(&self.unfinished, &self.path).map_err(|why| cannot("write", &self.path, why))?;
        Ok(self.to.hash())
    }
}

/// Writes part files one after another into one file, a row group each, holding one at a time.
pub fn concatenate(parts: &[&Path], path: &Path) -> Result<()> {
    let mut writer = Writer::create(path)?;
    for part in parts {
        writer.append(&mut super::read_parquet(part)?)?;
    }
    writer.finish()?;
    Ok(())
}

/// One table below another.
pub fn joined(mut above: Table, below: &Table) -> Result<Table> {
    above.vstack_mut(below).map_err(fault)?;
    Ok(above)
}

/// The rows and counts of a finished folder, a part at a time.
pub struct Parts {
    rows: Groups,
    counts: Groups,
}

impl Parts {
    /// Opens the two tables of a finished folder.
    pub fn open(rows: &Path, counts: &Path) -> Result<Self> {
        Ok(Parts { rows: Groups::open(rows)?, counts: Groups::open(counts)? })
    }

    /// The next part; `None` after the last.
    pub fn next_part(&mut self) -> Result<Option<(Table, Table)>> {
        match (self.rows.next()?, self.counts.next()?) {
            (Some(rows), Some(counts)) => Ok(Some((rows, counts))),
            (None, None) => Ok(None),
            _ => Err(Error::Shards(format!(
                "{} and {} do not have the same parts",
                self.rows.path.display(),
                self.counts.path.display()
            ))),
        }
    }
}

/// The row groups of a Parquet file, one after another.
struct Groups {
    path: PathBuf,
    metadata: FileMetadataRef,
    next: usize,
    /// Rows before the next group.
    offset: usize,
}

impl Groups {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|why| Error::path("read", path, &why))?;
        let mut reader = ParquetReader::new(file);
        let metadata = reader.get_metadata().map_err(|why| foreign(path, &why))?.clone();
        Ok(Groups { path: path.to_owned(), metadata, next: 0, offset: 0 })
    }

    fn next(&mut self) -> Result<Option<Table>> {
        let Some(group) = self.metadata.row_groups.get(self.next) else { return Ok(None) };
        let file = File::open(&self.path).map_err(|why| Error::path("read", &self.path, &why))?;
        let mut reader = ParquetReader::new(file).with_slice(Some((self.offset, group.num_rows())));
        reader.set_metadata(self.metadata.clone());
        self.offset += group.num_rows();
        self.next += 1;
        reader.finish().map(Some).map_err(|why| foreign(&self.path, &why))
    }
}

/// A file that cannot be read as a table of this program.
pub(super) fn foreign(path: &Path, why: &PolarsError) -> Error {
    Error::Shards(format!("{} is not a table this program wrote: {why}", path.display()))
}
