"""lifelines, a call for each test and fit."""

import lifelines
import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.statistics import logrank_test

from timing import time_of

PEER = f"lifelines {lifelines.__version__}"
RANDOM = np.random.default_rng(1)
ALPHA = 0.05


def hazard(risk):
    return -np.log(1 - risk) / 180


def draw(patients, treated):
    arm = np.arange(patients) % 2
    time = RANDOM.exponential(1, patients) / np.where(arm, treated, hazard(0.585))
    return pd.DataFrame({"time": np.minimum(time, 180), "event": time <= 180, "arm": arm})


def benefit(d):
    one, other = d[d.arm == 1], d[d.arm == 0]
    test = logrank_test(one.time, other.time, one.event, other.event)
    return test.p_value < ALPHA and one.event.mean() < other.event.mean()


def w2(trials):
    return sum(benefit(draw(360, hazard(0.458))) for _ in range(trials)) / trials


def fit(d):
    return CoxPHFitter().fit(d, "time", "event")


def w4(trials):
    shown = 0
    for _ in range(trials):
        d = draw(360, hazard(0.458))
        shown += benefit(d)
        assert fit(d).confidence_intervals_.notna().all(axis=None)
    return shown / trials


def w5(trials):
    shown = 0
    for _ in range(trials):
        d = draw(558, 0.75 * hazard(0.585))
        whole = fit(d)
        shown += whole.summary.z["arm"] < -1.959963984540054
        for share in (0.4, 0.5, 0.6, 0.7, 0.8):
            x = (RANDOM.random(558) < share).astype(int)
            fit(d[x == 0])
            fit(d[x == 1])
            fit(d.assign(x=x, both=x * d.arm))
    return shown / trials


time_of("w2", PEER, 20, "patients drawn; logrank_test", w2)
time_of("w4", PEER, 5, "patients drawn; logrank_test, and CoxPHFitter with its 95 % interval", w4)
time_of("w5", PEER, 2, "patients drawn; 16 fits of CoxPHFitter", w5)
