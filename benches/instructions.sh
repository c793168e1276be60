#!/usr/bin/env bash
# Instructions per trial of each workload, held against a baseline. Counts do not move with the load of the
# machine, so a change of a few per cent is a change of the program. Needs valgrind; skipped without it.
#
#   benches/instructions.sh                    fails if a workload takes over 5 % more than its baseline
#   benches/instructions.sh --accept           writes the baseline
#   benches/instructions.sh --planted          plants work: conducts 10 % and 2 % more trials than it divides by,
#                                              and fails unless the first is found slower and the second is not
#   BASELINE=FILE benches/instructions.sh …    a baseline other than benches/instructions.txt
set -euo pipefail
cd "$(dirname "$0")/.."
baseline=${BASELINE:-benches/instructions.txt}
mode=${1:-}

# The workloads, and how many trials of each are counted: enough that one more or less does not show.
workloads() {
  local name
  for file in scenarios/peers/*.toml; do
    name=peers/$(basename "$file" .toml)
    case $name in
      peers/w1*) echo "$name 2000" ;;
      peers/w3* | peers/w6*) echo "$name 100" ;;
      *) echo "$name 500" ;;
    esac
  done
  echo "published/ecls_shock 100"
}

if ! command -v valgrind > /dev/null; then
  echo "instructions: skipped, valgrind is not on this machine"
  exit 0
fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "instructions: skipped, the baseline is of Linux on x86-64"
  exit 0
fi
compiler=$(rustc --version)
if [ "$mode" != --accept ] && ! grep -qxF "# $compiler" "$baseline" 2> /dev/null; then
  echo "instructions: skipped, the baseline is not of $compiler; --accept makes one"
  exit 0
fi
built=$(cargo bench --bench workloads --no-run 2>&1) || { echo "$built" >&2; exit 1; }
program=$(sed -n 's/.*Executable.*(\(.*\))$/\1/p' <<< "$built")

# Instructions of $2 trials of workload $1. The portable ones, since valgrind knows no AVX-512 and a
# baseline should not depend on the processor.
count() {
  local said
  said=$(SHOCKTRIAL_INSTRUCTIONS=portable valgrind --tool=callgrind --instr-atstart=no \
    --callgrind-out-file=/dev/null "$program" "$1" --replicates "$2" 2>&1) || { echo "$said" >&2; return 1; }
  sed -n 's/.*Collected : \([0-9]*\).*/\1/p' <<< "$said"
}

# Whether $2 instructions are over 5 % more than $1.
slower() { [ $(($2 * 100)) -gt $(($1 * 105)) ]; }

# By how much $2 differs from $1.
change() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%+.1f %%", 100 * (b / a - 1) }'; }

known() { sed -n "s|^$1 ||p" "$baseline"; }

case $mode in
  --accept)
    {
      echo "# Instructions per trial, portable; benches/instructions.sh --accept writes them."
      echo "# $compiler"
      while read -r workload trials; do
        all=$(count "$workload" "$trials")
        echo "$workload $((all / trials))"
      done < <(workloads)
    } > "$baseline.new"
    mv "$baseline.new" "$baseline"
    cat "$baseline"
    ;;
  --planted)
    workload=peers/w1_binary
    trials=2000
    before=$(($(count $workload $trials) / trials))
    for more in 10 2; do
      all=$(count $workload $((trials * (100 + more) / 100)))
      each=$((all / trials))
      verdict="not slower"
      slower "$before" "$each" && verdict="slower"
      echo "$workload with $more % more work: $each instructions per trial, $(change "$before" "$each"), $verdict"
      [ "$more $verdict" = "10 slower" ] || [ "$more $verdict" = "2 not slower" ] || exit 1
    done
    ;;
  "")
    status=0
    while read -r workload trials; do
      before=$(known "$workload")
      if [ -z "$before" ]; then
        echo "$workload: not counted, it has no baseline; --accept makes one"
        continue
      fi
      all=$(count "$workload" "$trials")
      each=$((all / trials))
      verdict=""
      if slower "$before" "$each"; then
        verdict=": over 5 % slower"
        status=1
      elif slower "$each" "$before"; then
        verdict=": faster; --accept keeps it so"
      fi
      echo "$workload: $each instructions per trial, baseline $before, $(change "$before" "$each")$verdict"
    done < <(workloads)
    exit $status
    ;;
  *)
    sed -n '2,/^set/p' "$0" | sed '$d'
    exit 2
    ;;
esac
