//! Where simulated blocks go: into the fold, and into closed parts.

use super::{OutputFolder, PART};
use crate::{
    error::Result,
    operating::Fold,
    report::tables,
    simulation::{Block, Run, Sink},
};

/// Writes closed part files as blocks arrive, and folds them.
pub struct FolderSink<'a> {
    folder: Option<&'a mut OutputFolder>,
    runs: &'a [Run],
    fold: &'a mut Fold,
    open: Vec<Block>,
    end: u64,
    done: &'a mut (dyn FnMut(u64) + Send),
}

impl<'a> FolderSink<'a> {
    /// A sink for the rest of a range; `done` hears how many replicates, all runs together, are finished.
    pub fn new(
        folder: Option<&'a mut OutputFolder>,
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
        let Some(folder) = &mut self.folder else { return Ok(()) };
        self.open.push(block.clone());
        if !block.replicates.end.is_multiple_of(PART) && block.replicates.end != self.end {
            return Ok(());
        }
        let replicates = self.open[0].replicates.start..block.replicates.end;
        let mut rows = tables::replicates_frame(&self.open, self.runs)?;
        let mut counts = tables::counts_frame(&self.open, self.runs)?;
        folder.close_part(replicates, &mut rows, &mut counts)?;
        self.open.clear();
        Ok(())
    }
}
