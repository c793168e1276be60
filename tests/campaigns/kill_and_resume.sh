#!/usr/bin/env bash
# Kills `shocktrial run` with signal 9 at random moments, resumes it, and holds the folder against that of
# a run that was left alone.
# usage: tests/campaigns/kill_and_resume.sh [ROUNDS] [PROGRAM] [SEED]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-1000}
program=${2:-target/release/shocktrial}
RANDOM=${3:-1}
replicates=3700
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# A copy, so that nobody's edit meanwhile is taken for a fault.
cp "$program" "$scratch/shocktrial"
cp scenarios/peers/w1_binary.toml "$scratch/trial.toml"
program=$scratch/shocktrial
scenario=$scratch/trial.toml
run() { "$program" run "$scenario" --replicates $replicates --quiet --out "$1" "${@:2}"; }
# Everything but the manifest and the report, which carry the time a run took.
sums() { (cd "$1" && find . -type f ! -name manifest.json ! -name report.html | sort | xargs sha256sum); }

start=$(date +%s%N)
run "$scratch/alone"
alone=$((($(date +%s%N) - start) / 1000000))
sums "$scratch/alone" > "$scratch/expected"

killed=0 ended=0 kept=0 wrong=0
for ((round = 1; round <= rounds; round++)); do
    out=$scratch/out
    rm -rf "$out" "$out.partial" "$out.replaced"
    # Every other round replaces an earlier result, and every third is killed twice.
    if ((round % 2 == 0)); then cp -r "$scratch/alone" "$out"; fi
    if ((round % 100 == 0)); then echo "round $round: $killed killed, $wrong wrong"; fi
    resume=()
    for ((kill = 0; kill < (round % 3 == 0 ? 2 : 1); kill++)); do
        moment=$((RANDOM % (alone * 5 / 4) + 1))
        code=0
        "$program" run "$scenario" --replicates $replicates --quiet --out "$out" "${resume[@]}" &
        running=$!
        sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
        kill -KILL $running 2> /dev/null || true
        { wait $running || code=$?; } 2> /dev/null
        case $code in
            137) killed=$((killed + 1)) ;;
            0) ended=$((ended + 1)) ;;
            *) echo "round $round: the run ended with $code"; wrong=$((wrong + 1)) ;;
        esac
        if ls "$out.partial"/part-*.parquet > /dev/null 2>&1; then kept=$((kept + 1)); fi
        resume=(--resume)
    done
    if ! run "$out" --resume; then
        echo "round $round: --resume failed"
        wrong=$((wrong + 1))
    elif ! sums "$out" | cmp -s - "$scratch/expected"; then
        echo "round $round: the folder differs"
        wrong=$((wrong + 1))
    elif [ -e "$out.partial" ] || [ -e "$out.replaced" ]; then
        echo "round $round: something is left beside the folder"
        wrong=$((wrong + 1))
    fi
done
echo "$rounds rounds: $killed runs killed ($kept with closed parts on the disk), $ended ended first; $wrong wrong"
[ "$wrong" = 0 ]
