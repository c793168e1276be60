"""CPU time of a peer on a workload: the least of five batches, as a line for run.sh."""

import time

BATCHES = 5


def time_of(workload, peer, trials, what, simulate):
    """`simulate(trials)` gives the share of trials that show a benefit."""
    simulate(max(2, trials // 20))
    seconds, power = float("inf"), []
    for _ in range(BATCHES):
        before = time.process_time()
        power.append(simulate(trials))
        seconds = min(seconds, time.process_time() - before)
    print(workload, peer, trials / seconds, sum(power) / BATCHES, BATCHES * trials, what, sep="\t", flush=True)
