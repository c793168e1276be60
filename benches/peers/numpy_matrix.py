"""numpy, as a careful script uses it: a matrix with a row for each trial, and no loop over patients."""

import numpy as np

from timing import time_of

PEER = f"numpy {np.__version__}"
UPPER = 1.959963984540054
RANDOM = np.random.default_rng(1)
CHUNK = 250


def in_chunks(simulate):
    def all_of_them(trials):
        parts = [min(CHUNK, trials - start) for start in range(0, trials, CHUNK)]
        return sum(simulate(part) for part in parts) / trials

    return all_of_them


def w1(trials):
    control = (RANDOM.random((trials, 210)) < 0.49).sum(axis=1)
    treatment = (RANDOM.random((trials, 210)) < 0.35).sum(axis=1)
    pooled = (control + treatment) / 420
    z = (treatment - control) / 210 / np.sqrt(pooled * (1 - pooled) * 2 / 210)
    return (z < -UPPER).sum()


def hazard(risk):
    return -np.log(1 - risk) / 180


def risk_sets(time, event, arm):
    """By falling time: events, and how many are at risk in all and in the treatment arm. No ties but at the end."""
    order = np.argsort(-time, axis=1)
    event = np.take_along_axis(event, order, axis=1)
    arm = np.take_along_axis(np.broadcast_to(arm, time.shape), order, axis=1)
    at_risk = np.arange(1, time.shape[1] + 1)
    return event, arm, at_risk, np.cumsum(arm, axis=1)


def log_rank(event, arm, at_risk, treated):
    share = treated / at_risk
    difference = (event * (arm - share)).sum(axis=1)
    return difference / np.sqrt((event * share * (1 - share)).sum(axis=1))


def cox(event, arm, at_risk, treated):
    """Newton's method for one covariate."""
    beta = np.zeros(event.shape[0])
    for _ in range(5):
        ratio = np.exp(beta)[:, None]
        share = ratio * treated / (ratio * treated + at_risk - treated)
        information = (event * share * (1 - share)).sum(axis=1)
        beta += (event * (arm - share)).sum(axis=1) / information
    return beta, 1 / np.sqrt(information)


def w2_sets(trials):
    arm = np.arange(360) % 2
    time = RANDOM.exponential(1, (trials, 360)) / np.where(arm, hazard(0.458), hazard(0.585))
    return risk_sets(np.minimum(time, 180), time <= 180, arm)


def w2(trials):
    return (log_rank(*w2_sets(trials)) < -UPPER).sum()


def w3(trials):
    arm = np.arange(558) % 2
    entry = np.sort(RANDOM.random((trials, 558)) * 1800, axis=1)
    time = RANDOM.exponential(1, (trials, 558)) / (hazard(0.585) * np.where(arm, 0.75, 1))
    day = np.where(time <= 180, entry + time, np.inf)
    going, shown = np.ones(trials, dtype=bool), 0
    sorted_days = np.sort(day, axis=1)
    for events, bound in zip((84, 168, 252), (3.471, 2.454, 2.004)):
        cut = np.minimum(sorted_days[going, events - 1], entry[going, -1] + 180)[:, None]
        known = np.clip(cut - entry[going], 0, 180)
        seen = np.minimum(time[going], known)
        event = (time[going] <= known) & (known > 0)
        z = log_rank(*risk_sets(seen, event, arm))
        shown += (z < -bound).sum()
        going[going] = z >= -bound
    return shown


def w4(trials):
    sets = w2_sets(trials)
    z = log_rank(*sets)
    beta, se = cox(*sets)
    interval = np.exp(beta - UPPER * se), np.exp(beta + UPPER * se)
    assert (interval[0] < interval[1]).all()
    return (z < -UPPER).sum()


time_of("w1", PEER, 20_000, "patients drawn; test of two rates, trials as rows of a matrix", in_chunks(w1))
time_of("w2", PEER, 4_000, "patients drawn; log-rank, trials as rows of a matrix", in_chunks(w2))
time_of("w3", PEER, 1_000, "patients drawn; log-rank at 84, 168 and 252 events, trials as rows", in_chunks(w3))
time_of("w4", PEER, 2_000, "patients drawn; log-rank, Cox by Newton's method, 95 % interval", in_chunks(w4))
