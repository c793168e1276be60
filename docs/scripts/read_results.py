"""Reads what `shocktrial run` wrote and draws its power again. Needs Python; draws with matplotlib if it is there.

    python3 docs/scripts/read_results.py output/ecls_shock power.png [patients.csv]

The third file is patient-level data, from
    shocktrial patients SCENARIO --replicate 0 --analysis-data --out patients.csv
"""

import csv
import pathlib
import sys

folder, picture = pathlib.Path(sys.argv[1]), sys.argv[2]

with open(folder / "operating_characteristics.csv", newline="", encoding="utf-8") as file:
    measures = list(csv.DictReader(file))

# Power of the primary estimand by run, with its 95 % Monte Carlo interval. The first estimand of the table is
# the primary one; an empty look is the trial as a whole.
primary = measures[0]["estimand"]
power = [
    m
    for m in measures
    if m["estimand"] == primary
    and m["population"] == "all"
    and not m["look"]
    and not m["arm"]
    and m["measure"] in ("power", "type_i_error", "assurance")
]
names = [f"{m['variant'] or 'base case'} {m['sweep']}".strip() for m in power]
for name, m in zip(names, power):
    print(f"{name}: {float(m['value']):.4f} ({float(m['lower']):.4f} to {float(m['upper']):.4f})")

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
except ImportError:
    print("not drawn: matplotlib is not installed")
else:
    rows = range(len(power), 0, -1)
    value, lower, upper = ([float(m[key]) for m in power] for key in ("value", "lower", "upper"))
    figure, axes = pyplot.subplots(figsize=(7, 1.2 + 0.3 * len(power)), layout="constrained")
    axes.hlines(rows, lower, upper, color="black", linewidth=1)
    axes.plot(value, rows, "o", color="black", markersize=4)
    axes.set_yticks(rows, [name[:40] for name in names])
    axes.set(xlim=(0, 1), xlabel="Power")
    for guide in (0.8, 0.9):
        axes.axvline(guide, color="grey", linestyle=":", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=200)

# Patient-level data: one row per subject and parameter. CNSR is 1 where the time is censored.
if len(sys.argv) > 3:
    with open(sys.argv[3], newline="", encoding="utf-8") as file:
        patients = [row for row in csv.DictReader(file) if row["CNSR"] and row["KNOWNFL"] == "Y"]
    for code in dict.fromkeys(row["PARAMCD"] for row in patients):
        one = [row for row in patients if row["PARAMCD"] == code]
        for arm in sorted({row["TRTP"] for row in one}):
            mine = [row for row in one if row["TRTP"] == arm]
            events = sum(float(row["CNSR"]) == 0 for row in mine)
            print(f"{code}, {arm}: {events} of {len(mine)}")
