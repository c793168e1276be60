//! `shocktrial merge`: shards into one result, identical to a single run.

use super::conclude::{Made, Printed, conclude};
use crate::{
    error::{Error, Result},
    operating::{Fold, truths},
    report::{
        folder::{
            COUNTS, Identity, OutputFolder, ROWS,
            inputs::{self, Stated, scenario_hash},
            shards::Shards,
        },
        tables::{self, Writer},
    },
    scenario::Scenario,
};
use clap::Args;
use std::path::{Path, PathBuf};

/// Join the folders of shards into one result, identical to a single run.
///
/// The shards have to be of one scenario, seed and version, and each replicate in exactly one of them.
#[derive(Args)]
#[command(
    name = "merge",
    after_help = "Example:\n  shocktrial run trial.toml --range 0..5000 --out a\n  \
                  shocktrial run trial.toml --range 5000..10000 --out b\n  shocktrial merge a b --out whole"
)]
pub struct Arguments {
    /// Folders written by `run --range`.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Output folder.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print the summary as JSON on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

/// Merges the folders.
pub fn run(arguments: &Arguments) -> Result<()> {
    let same = |folder: &PathBuf| match (folder.canonicalize(), arguments.out.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    if arguments.folders.iter().any(same) {
        return Err(Error::input("--out is one of the folders to merge; name another"));
    }
    let shards = Shards::read(&arguments.folders)?;
    let (first, manifest) = &shards.list()[0];
    let scenario = kept(first, &manifest.identity, &manifest.stated)?;
    let identity = Identity { replicate_range: [0, manifest.identity.total()], ..manifest.identity.clone() };
    let folder = OutputFolder::open(&arguments.out, &identity, false)?;
    let mut fold = Fold::new(&scenario.runs, truths(&scenario.truths));
    let mut writers = (Writer::create(&folder.file(ROWS))?, Writer::create(&folder.file(COUNTS))?);
    shards.for_each_part(|range, mut rows, mut counts, path| {
        fold.add(&tables::read_block(&rows, &counts, range, &scenario.runs, path)?);
        writers.0.append(&mut rows)?;
        writers.1.append(&mut counts)
    })?;
    writers.0.finish()?;
    writers.1.finish()?;
    let each = || shards.list().iter().map(|(_, m)| m);
    let seconds: f64 = each().map(|m| m.wall_seconds).sum();
    let work: u64 = identity.replicates.iter().sum();
    let made = Made {
        stated: manifest.stated.clone(),
        identity,
        threads: each().map(|m| m.threads).max().unwrap_or(1),
        seconds,
        replicates_per_second: work as f64 / seconds,
        replicates_per_second_per_core: None,
    };
    let printed = Printed { json: arguments.json, quiet: arguments.quiet };
    conclude(&scenario, &fold, folder, made, printed)
}

/// The scenario a finished folder keeps, which has to be the one its rows belong to.
pub fn kept(folder: &Path, identity: &Identity, stated: &Stated) -> Result<Scenario> {
    let scenario = inputs::load(folder, stated)?;
    let replicates: Vec<u64> = scenario.runs.iter().map(|run| run.replicates).collect();
    let same = scenario_hash(&scenario, &stated.set) == identity.scenario_hash
        && scenario.seed == identity.seed
        && replicates == identity.replicates;
    if same {
        return Ok(scenario);
    }
    Err(Error::Shards(format!("the scenario kept in {} is not the one its manifest names", folder.display())))
}
