//! `shocktrial slurm`: a scenario as an array of shards on a Slurm cluster.

use super::{ScenarioFlags, run::identity};
use crate::{
    error::{Error, Result},
    report::folder::{Identity, beside, manifest::Manifest},
    scenario,
    simulation::Plan,
};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::BTreeSet,
    fs,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
};

/// Run a scenario as an array of shards on a Slurm cluster, and merge them.
///
/// Writes a batch script for the shards and one for the merge into DIR.shards, to be read and edited, and
/// says which shards are done. With --submit it sends what is missing. The same command again finds the
/// shards that failed or were pre-empted and sends these.
#[derive(Args)]
#[command(
    name = "slurm",
    after_help = "Example:\n  shocktrial slurm trial.toml --shards 200 --time 00:30:00\n  \
                  shocktrial slurm trial.toml --shards 200 --submit"
)]
pub struct Arguments {
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// Shards: tasks of the array.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    shards: u64,
    /// Send the jobs that are missing.
    #[arg(long)]
    submit: bool,
    /// Folder of the merged result; output/NAME by default. The shards are in DIR.shards.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Time limit of a shard, and of the merge.
    #[arg(long, value_name = "HH:MM:SS", default_value = "02:00:00")]
    time: String,
    /// Memory of a shard.
    #[arg(long, value_name = "SIZE", default_value = "2G")]
    memory: String,
    /// Processors of a shard.
    #[arg(long, value_name = "N", default_value_t = 1)]
    cpus: u32,
    /// Partition; the cluster's own choice by default.
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// How often a shard is tried within its job when the machine fails it.
    #[arg(long, value_name = "N", default_value_t = 3)]
    attempts: u32,
    /// Write the batch scripts anew, over what was edited.
    #[arg(long)]
    rewrite: bool,
    #[command(flatten)]
    flags: ScenarioFlags,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

/// The working folder of an array.
struct Array {
    /// Absolute.
    folder: PathBuf,
    result: PathBuf,
    identity: Identity,
    shards: u64,
}

/// Jobs sent so far.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Jobs {
    arrays: Vec<String>,
    merges: Vec<String>,
}

/// How far an array is.
#[derive(Debug, Default)]
struct State {
    done: BTreeSet<u64>,
    /// In the queue or running.
    queued: BTreeSet<u64>,
    /// Neither: never sent, failed, cancelled or damaged.
    missing: BTreeSet<u64>,
    damaged: BTreeSet<u64>,
    merged: bool,
    merge_queued: bool,
}

/// Writes the scripts, looks where the array is, and sends what is missing.
pub fn run(arguments: &Arguments) -> Result<()> {
    let changes = arguments.flags.changes_without_truths();
    let scenario = scenario::load(&arguments.scenario, &changes)?;
    let total = Plan { runs: &scenario.runs, pool: &scenario.pool, seed: scenario.seed }.replicates();
    if arguments.shards > total {
        return Err(Error::input(format!("{} shards of {total} replicates; take fewer", arguments.shards)));
    }
    let result = match &arguments.out {
        Some(out) => out.clone(),
        None => Path::new("output").join(arguments.scenario.file_stem().unwrap_or_default()),
    };
    let absolute = |path: &Path| {
        std::path::absolute(path).map_err(|why| Error::input(format!("{}: {why}", path.display())))
    };
    let result = absolute(&result)?;
    let array = Array {
        folder: beside(&result, ".shards"),
        result,
        identity: identity(&scenario, &changes, &(0..total)),
        shards: arguments.shards,
    };
    array.claim()?;
    array.write_scripts(arguments, &absolute(&arguments.scenario)?)?;
    let mut jobs = array.jobs();
    let state = array.state(&jobs)?;
    let mut sent = Vec::new();
    if arguments.submit && !state.merged {
        sent = array.submit(&state, &mut jobs)?;
    }
    report(arguments, &array, &state, &sent)
}

impl Array {
    fn range(&self, shard: u64) -> Range<u64> {
        let cut =
            |k: u64| (u128::from(k) * u128::from(self.identity.total()) / u128::from(self.shards)) as u64;
        cut(shard)..cut(shard + 1)
    }

    fn shard(&self, shard: u64) -> PathBuf {
        self.folder.join(format!("shard-{shard}"))
    }

    /// Makes the folder this array's, or finds that it is another's.
    fn claim(&self) -> Result<()> {
        let path = self.folder.join("plan.json");
        let plan = json!({ "identity": self.identity, "shards": self.shards });
        if let Ok(text) = fs::read_to_string(&path) {
            if serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|known| known == plan) {
                return Ok(());
            }
            return Err(Error::Shards(format!(
                "{} holds shards of another scenario, version or cut; remove it, or name another folder with --out",
                self.folder.display()
            )));
        }
        fs::create_dir_all(self.folder.join("logs"))
            .map_err(|why| Error::path("write to", &self.folder, &why))?;
        write(&path, &serde_json::to_string_pretty(&plan).expect("plain values serialise"))
    }

    fn jobs(&self) -> Jobs {
        let text = fs::read_to_string(self.folder.join("jobs.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Writes the batch scripts unless they are there: they may have been edited.
    fn write_scripts(&self, arguments: &Arguments, scenario: &Path) -> Result<()> {
        let program = std::env::current_exe()
            .map_err(|why| Error::Machine(format!("cannot tell where the program is: {why}")))?;
        let here = std::env::current_dir()
            .map_err(|why| Error::Machine(format!("cannot tell where the command was started: {why}")))?;
        for (name, text) in [
            ("array.sbatch", self.array_script(arguments, &program, &here, scenario)),
            ("merge.sbatch", self.merge_script(arguments, &program, &here)),
        ] {
            let path = self.folder.join(name);
            if arguments.rewrite || !path.is_file() {
                write(&path, &text)?;
            }
        }
        Ok(())
    }

    fn head(&self, arguments: &Arguments, what: &str) -> String {
        let partition = match &arguments.partition {
            Some(name) => format!("#SBATCH --partition={name}"),
            None => "##SBATCH --partition=NAME".to_owned(),
        };
        let name = self.result.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        format!(
            "#!/bin/bash\n# Written by shocktrial {} and yours to edit; --rewrite writes it anew.\n\
             #SBATCH --job-name={name}_{what}\n#SBATCH --ntasks=1\n#SBATCH --time={}\n{partition}\n\
             #SBATCH --open-mode=append\n",
            self.identity.version, arguments.time
        )
    }

    fn array_script(&self, arguments: &Arguments, program: &Path, here: &Path, scenario: &Path) -> String {
        let flags: String = arguments.flags.words().iter().map(|word| format!(" {}", quoted(word))).collect();
        let folder = self.folder.display().to_string();
        format!(
            "{head}#SBATCH --array=0-{last}\n#SBATCH --cpus-per-task={cpus}\n#SBATCH --mem={memory}\n\
             #SBATCH --requeue\n#SBATCH --output={logs}\n\n\
             replicates={total} shards={shards} attempts={attempts}\n\
             shard=$SLURM_ARRAY_TASK_ID\n\
             first=$((shard * replicates / shards))\n\
             end=$(((shard + 1) * replicates / shards))\n\
             cd {here} || exit 4\n\n\
             # A shard that was stopped goes on from what it has on the disk.\n\
             for ((attempt = 1; attempt <= attempts; attempt++)); do\n    \
             {program} run {scenario}{flags} \\\n        --range $first..$end --resume --quiet \\\n        \
             --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" --out {folder}/shard-$shard\n    \
             code=$?\n    case $code in\n        0 | 1) exit 0 ;;        # written; 1: an expectation is not met by this shard alone\n        \
             2 | 3) exit $code ;;   # the input is wrong: trying again does not help\n    esac\n    \
             sleep $((attempt * 5))\ndone\nexit $code\n",
            head = self.head(arguments, "shards"),
            last = self.shards - 1,
            cpus = arguments.cpus,
            memory = arguments.memory,
            logs = quoted(&format!("{folder}/logs/shard-%a.log")),
            total = self.identity.total(),
            shards = self.shards,
            attempts = arguments.attempts,
            here = quoted(&here.display().to_string()),
            program = quoted(&program.display().to_string()),
            scenario = quoted(&scenario.display().to_string()),
            folder = quoted(&folder),
        )
    }

    fn merge_script(&self, arguments: &Arguments, program: &Path, here: &Path) -> String {
        let folder = self.folder.display().to_string();
        format!(
            "{head}#SBATCH --mem=4G\n#SBATCH --output={logs}\n\ncd {here} || exit 4\nfolders=()\n\
             for ((shard = 0; shard < {shards}; shard++)); do\n    folder={folder}/shard-$shard\n    \
             [ -d \"$folder\" ] && folders+=(\"$folder\")\ndone\n\
             # 3: shards are missing; the command that wrote this script sends them again.\n\
             {program} merge \"${{folders[@]}}\" --out {result}\n",
            head = self.head(arguments, "merge"),
            logs = quoted(&format!("{folder}/logs/merge.log")),
            here = quoted(&here.display().to_string()),
            shards = self.shards,
            folder = quoted(&folder),
            program = quoted(&program.display().to_string()),
            result = quoted(&self.result.display().to_string()),
        )
    }

    fn state(&self, jobs: &Jobs) -> Result<State> {
        let mut state = State {
            merged: Manifest::read(&self.result).is_ok_and(|m| m.identity == self.identity),
            merge_queued: !in_queue(&jobs.merges).is_empty(),
            ..State::default()
        };
        let queued: BTreeSet<u64> =
            in_queue(&jobs.arrays).iter().filter_map(|task| task.parse().ok()).collect();
        for shard in 0..self.shards {
            let range = self.range(shard);
            let wanted = Identity { replicate_range: [range.start, range.end], ..self.identity.clone() };
            let folder = self.shard(shard);
            let sound = match Manifest::read(&folder) {
                Ok(manifest) => manifest.identity == wanted && manifest.check_files(&folder).is_empty(),
                Err(_) => false,
            };
            if sound {
                state.done.insert(shard);
            } else if queued.contains(&shard) {
                state.queued.insert(shard);
            } else {
                state.missing.insert(shard);
                if folder.exists() {
                    state.damaged.insert(shard);
                }
            }
        }
        Ok(state)
    }

    /// Sends the missing shards, and the merge after them; what was sent, in words.
    fn submit(&self, state: &State, jobs: &mut Jobs) -> Result<Vec<String>> {
        let mut sent = Vec::new();
        for &shard in &state.damaged {
            let folder = self.shard(shard);
            fs::remove_dir_all(&folder).map_err(|why| Error::path("remove", &folder, &why))?;
        }
        if !state.missing.is_empty() {
            let tasks = list(&state.missing);
            let id = sbatch(&[&format!("--array={tasks}")], &self.folder.join("array.sbatch"))?;
            sent.push(format!("shards {tasks} as job {id}"));
            jobs.arrays.push(id);
            self.keep(jobs)?;
        }
        if !state.missing.is_empty() || !state.merge_queued && state.queued.is_empty() {
            let after = jobs.arrays.iter().filter(|id| !in_queue(std::slice::from_ref(id)).is_empty());
            let after: Vec<String> = after.cloned().collect();
            let dependency = format!("--dependency=afterany:{}", after.join(":"));
            let flags: &[&str] = if after.is_empty() { &[] } else { &[&dependency] };
            let id = sbatch(flags, &self.folder.join("merge.sbatch"))?;
            sent.push(format!("the merge as job {id}"));
            jobs.merges.push(id);
            self.keep(jobs)?;
        }
        Ok(sent)
    }

    fn keep(&self, jobs: &Jobs) -> Result<()> {
        let text = serde_json::to_string_pretty(jobs).expect("plain values serialise");
        write(&self.folder.join("jobs.json"), &text)
    }
}

fn report(arguments: &Arguments, array: &Array, state: &State, sent: &[String]) -> Result<()> {
    if arguments.json {
        let value = json!({
            "folder": array.folder.display().to_string(), "result": array.result.display().to_string(),
            "shards": array.shards, "done": state.done, "queued": state.queued, "missing": state.missing,
            "damaged": state.damaged, "merged": state.merged, "sent": sent,
        });
        return super::print(&serde_json::to_string_pretty(&value).expect("plain values serialise"));
    }
    if arguments.quiet {
        return Ok(());
    }
    let folder = array.folder.display();
    if state.merged {
        return super::print(&format!("all is done; the result is in {}", array.result.display()));
    }
    let mut lines = vec![format!("{} of {} shards are done in {folder}", state.done.len(), array.shards)];
    for (shards, what) in [
        (&state.queued, "in the queue or running"),
        (&state.missing, "missing"),
        (&state.damaged, "among these damaged"),
    ] {
        if !shards.is_empty() {
            lines.push(format!("{what}: {}", list(shards)));
        }
    }
    lines.extend(sent.iter().map(|what| format!("sent {what}")));
    if !arguments.submit {
        lines.push(format!("read {folder}/array.sbatch and merge.sbatch, then add --submit"));
    }
    super::print(&lines.join("\n"))
}

/// Task numbers of jobs that wait or run; the job's own number for one that is no array.
fn in_queue(jobs: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for job in jobs {
        // A job that is long over is unknown to the queue, and so is every job where there is no Slurm.
        let output =
            Command::new("squeue").args(["--noheader", "--array", "--format=%K %T", "--jobs", job]).output();
        let Ok(output) = output else { continue };
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let (task, status) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            let over =
                ["COMPLETED", "COMPLETING", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"];
            if !over.contains(&status) {
                found.insert(task.to_owned());
            }
        }
    }
    found
}

/// Sends a script and gives the number of its job.
fn sbatch(flags: &[&str], script: &Path) -> Result<String> {
    let output =
        Command::new("sbatch").arg("--parsable").args(flags).arg(script).output().map_err(|why| {
            Error::input(match why.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("there is no sbatch here; submit {} where Slurm is", script.display())
                }
                _ => format!("sbatch cannot be started: {why}"),
            })
        })?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::input(format!("sbatch does not take {}: {why}", script.display())));
    }
    let id = String::from_utf8_lossy(&output.stdout);
    Ok(id.trim().split(';').next().unwrap_or_default().to_owned())
}

/// Numbers as Slurm lists them: `3,7-9`.
fn list(numbers: &BTreeSet<u64>) -> String {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for &n in numbers {
        match ranges.last_mut() {
            Some(range) if range.end == n => range.end = n + 1,
            _ => ranges.push(n..n + 1),
        }
    }
    let one = |r: &Range<u64>| {
        if r.end - r.start == 1 { r.start.to_string() } else { format!("{}-{}", r.start, r.end - 1) }
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(",")
}

/// A word for the shell, in quotes where it needs them.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|why| Error::path("write", path, &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_as_slurm_lists_them() {
        assert_eq!(list(&[3, 7, 8, 9, 12].into()), "3,7-9,12");
        assert_eq!(list(&BTreeSet::new()), "");
    }

    #[test]
    fn words_survive_the_shell() {
        for word in ["plain/path-1.toml", "two words", "it's", "$(rm -rf x)", "a=\"b\"", "", "`x`", "a;b"] {
            let said =
                Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), word);
        }
    }
}
