#!/usr/bin/env bash
# Twenty shards on a real Slurm, one of them killed and its machine made to fail it for good, found and sent
# again by the same command, merged by the dependent job, and held against the single run.
# usage: tests/slurm/array.sh PROGRAM
# Ends with 77 where Slurm is not installed (tests/slurm/install.sh installs it).
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "${1:-target/release/shocktrial}")
export PATH=$PATH:/usr/sbin:/sbin
for tool in sbatch squeue scancel slurmctld slurmd munged; do
    if ! command -v $tool > /dev/null; then
        echo "skipped: $tool is not on this machine; tests/slurm/install.sh installs it"
        exit 77
    fi
done
. tests/slurm/cluster.sh
scratch=$(mktemp -d)
trap 'cluster_stop "$scratch/cluster"; rm -rf "$scratch"' EXIT
cluster_start "$scratch/cluster"
fail() { echo "failed: $*"; tail -n 3 "$scratch"/out.shards/logs/* 2> /dev/null || true; exit 1; }

# Without what it expects of 420 patients.
sed '/^\[\[expect\]\]/,$d' scenarios/peers/w1_binary.toml > "$scratch/it's a trial.toml"
flags=(--replicates 40000 --set 'trial.patients=300')
array() {
    "$program" slurm "$scratch/it's a trial.toml" "${flags[@]}" --shards 20 --out "$scratch/out" \
        --memory 100M --time 00:05:00 "$@"
}
wait_for_queue() {
    for ((try = 0; try < 600; try++)); do
        if [ -z "$(squeue --noheader)" ]; then return 0; fi
        sleep 0.2
    done
    squeue
    fail "the queue does not empty"
}

array | grep -q "^0 of 20 shards are done" || fail "the first look"
bash -n "$scratch/out.shards/array.sbatch" && bash -n "$scratch/out.shards/merge.sbatch"
# The script is the user's: an edit stays. Here shard 7 is killed while it runs, in its first job only.
sed -i "s|^cd |if [ \$shard = 7 ] \&\& [ ! -e $scratch/killed ]; then touch $scratch/killed; kill -9 \$\$; fi\ncd |" \
    "$scratch/out.shards/array.sbatch"
array --submit | grep -q "^sent shards 0-19 as job" || fail "the first submission"
array --submit | grep "^sent" && fail "a shard was sent twice"
wait_for_queue
[ -e "$scratch/out" ] && fail "a result without shard 7"
grep -q "replicates 14000 to 15999 are missing" "$scratch/out.shards/logs/merge.log" || fail "the merge's message"
[ "$(array | sed -n 's/^missing: //p')" = 7 ] || fail "the missing shard is not named"
# A second shard comes to harm afterwards.
echo altered >> "$scratch/out.shards/shard-12/replicates.parquet"
array --submit | grep -q "^sent shards 7,12 as job" || fail "the second submission"
wait_for_queue
array | grep -q "^all is done" || fail "the end"

"$program" run "$scratch/it's a trial.toml" "${flags[@]}" --quiet --out "$scratch/alone"
sums() { (cd "$1" && find . -type f ! -name manifest.json ! -name report.html | sort | xargs sha256sum); }
diff <(sums "$scratch/out") <(sums "$scratch/alone") || fail "the merged result is not the single run's"
"$program" verify "$scratch/out" --quiet
echo "20 shards, one killed, one altered, sent again and merged: the single run, byte for byte"
sums "$scratch/out" | grep replicates.parquet
