//! `shocktrial verify`: whether a finished folder is what it says.

use super::merge::kept;
use crate::{
    error::{Error, Result},
    evidence,
    operating::{Fold, truths},
    report::{
        folder::{COUNTS, ROWS, manifest::Manifest, part_from, sound},
        tables::{self, Parts},
    },
};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Check a result folder: every file against its hash, every replicate there once, and the operating
/// characteristics computed again from the rows.
#[derive(Args)]
#[command(name = "verify", after_help = "Example:\n  shocktrial verify output/ecls_shock")]
pub struct Arguments {
    /// A folder written by `run` or `merge`.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Print one JSON list and nothing else.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

/// Checks each folder; any that is not sound ends the command with 3, after all were looked at.
pub fn run(arguments: &Arguments) -> Result<()> {
    let mut list = Vec::new();
    let mut unsound = Vec::new();
    for folder in &arguments.folders {
        let (checked, finding) = match verify(folder) {
            Ok(checked) => (Some(checked), None),
            Err(Error::Shards(why)) => (None, Some(why)),
            Err(other) => return Err(other),
        };
        list.push(json!({
            "folder": folder.display().to_string(),
            "sound": checked.is_some(),
            "files": checked.as_ref().map(|c| c.files),
            "computed_again": checked.as_ref().map(|c| c.not_computed.is_none()),
            "finding": finding,
        }));
        if let (Some(checked), false) = (&checked, arguments.json || arguments.quiet) {
            let rows = match &checked.not_computed {
                None => "every figure comes again from the rows".to_owned(),
                Some(why) => format!("the figures were not computed again: {why}"),
            };
            super::print(&format!("{}: {} files as written; {rows}", folder.display(), checked.files))?;
        }
        unsound.extend(finding);
    }
    if arguments.json {
        super::print(&serde_json::to_string_pretty(&list).expect("plain values serialise"))?;
    }
    if unsound.is_empty() { Ok(()) } else { Err(Error::Shards(unsound.join("\n"))) }
}

/// What was found in order.
struct Checked {
    files: usize,
    /// Why the operating characteristics were not computed again.
    not_computed: Option<String>,
}

fn verify(folder: &Path) -> Result<Checked> {
    let manifest = Manifest::read(folder)?;
    sound(folder, &manifest)?;
    let files = manifest.files.len();
    let here = (env!("CARGO_PKG_VERSION"), evidence::version());
    let there = (manifest.identity.version.as_str(), manifest.identity.ledger_version.clone());
    if here != there {
        let why = format!(
            "the folder was made by shocktrial {} with ledger {}, and this is {} with {}",
            there.0, there.1, here.0, here.1
        );
        return Ok(Checked { files, not_computed: Some(why) });
    }
    let scenario = kept(folder, &manifest.identity, &manifest.stated)?;
    let mut fold = Fold::new(&scenario.runs, truths(&scenario.truths));
    let range = manifest.identity.range();
    let rows_file = folder.join(ROWS);
    let mut parts = Parts::open(&rows_file, &folder.join(COUNTS))?;
    let mut start = range.start;
    while let Some((rows, counts)) = parts.next_part()? {
        let part = part_from(start, &range);
        start = part.end;
        fold.add(&tables::read_block(&rows, &counts, part, &scenario.runs, &rows_file)?);
    }
    if start != range.end {
        return Err(Error::Shards(format!(
            "{} ends at replicate {start}, and its manifest says {}",
            rows_file.display(),
            range.end
        )));
    }
    let file = folder.join("operating_characteristics.parquet");
    let kept = tables::read_parquet(&file)?;
    let again = tables::measures_frame(&fold.measures(&scenario.runs), &scenario.runs)?;
    if !kept.equals_missing(&again) {
        return Err(Error::Shards(format!(
            "{} does not hold what comes from the rows of {}",
            file.display(),
            rows_file.display()
        )));
    }
    Ok(Checked { files, not_computed: None })
}
