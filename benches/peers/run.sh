#!/usr/bin/env bash
# What other packages take for the workloads of scenarios/peers, beside shocktrial: in one run, on one
# machine, on one thread, CPU time. What is not installed is left out with a line.
#
#   benches/peers/run.sh                all that is there
#   PYTHON=/path/python RSCRIPT=/path/Rscript benches/peers/run.sh
#
# R: the packages rpact and survival. Python: numpy, lifelines, statsmodels.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
python=${PYTHON:-python3}
rscript=${RSCRIPT:-Rscript}
# One thread for everybody.
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
left_out() { echo "left out: $*" >&2; }

r() {
  command -v "$rscript" > /dev/null || { left_out "$1 ($rscript is not on this machine)"; return; }
  local needs=${2:-base}
  if ! "$rscript" --vanilla -e "quit(status = !requireNamespace('$needs', quietly = TRUE))" > /dev/null 2>&1; then
    left_out "$1 (R has no package $needs)"
    return
  fi
  "$rscript" --vanilla "$1" >> "$lines"
}

py() {
  command -v "$python" > /dev/null || { left_out "$1 ($python is not on this machine)"; return; }
  if ! "$python" -c "import $2" > /dev/null 2>&1; then
    left_out "$1 ($python has no module $2)"
    return
  fi
  "$python" "$1" >> "$lines"
}

# The least of 20 samples, and the power that a run of 20 000 trials finds.
shocktrial() {
  local timed folder scenario name rate power
  timed=$(cd "$root" && cargo bench --quiet --bench workloads -- "peers/w[1-5]" 2> /dev/null)
  (cd "$root" && cargo build --quiet --release)
  folder=$(mktemp -d)
  for scenario in "$root"/scenarios/peers/w[1-5]*.toml; do
    name=$(basename "$scenario" .toml)
    rate=$(awk -F'|' -v name=" workload/peers/$name " '$2 == name { print $4 + 0 }' <<< "$timed")
    "${CARGO_TARGET_DIR:-$root/target}"/release/shocktrial run "$scenario" --replicates 20000 --threads 1 --quiet \
      --out "$folder/$name" || [ $? = 1 ]
    power=$(awk -F, '$1 == 1 && $4 == "primary" && $5 == "all" && $7 == "" && $9 == "power" { print $10; exit }' \
      "$folder/$name/operating_characteristics.csv")
    printf '%s\tshocktrial\t%s\t%s\t20000\tpatients drawn; the rows of %s\n' "${name%%_*}" "$rate" "$power" "$name.toml"
  done
  rm -rf "$folder"
}

shocktrial >> "$lines"
r base.R
r rpact.R rpact
r survival.R survival
py numpy_matrix.py numpy
py lifelines_calls.py lifelines
py statsmodels_calls.py statsmodels

sed -n 's/^model name.*: //p' /proc/cpuinfo 2> /dev/null | head -1
echo
echo "| workload | program | trials per second | shocktrial is faster by | power | what it computes |"
echo "|---|---|---:|---:|---:|---|"
sort -t$'\t' -k1,1 -k3,3gr "$lines" | awk -F'\t' -v all="$lines" '
  BEGIN { while ((getline line < all) > 0) { split(line, f, "\t"); if (f[2] == "shocktrial") ours[f[1]] = f[3] } }
  function short(x) { return x >= 100 ? sprintf("%.0f", x) : sprintf("%.1f", x) }
  {
    ratio = $2 == "shocktrial" || !($1 in ours) ? "" : short(ours[$1] / $3)
    error = sqrt($4 * (1 - $4) / $5)
    printf "| %s | %s | %s | %s | %.3f ± %.3f | %s |\n", toupper($1), $2, short($3), ratio, $4, error, $6
  }'
