"""statsmodels, a call for each test and fit."""

import numpy as np
import statsmodels
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff
from statsmodels.stats.proportion import proportions_ztest

from timing import time_of

PEER = f"statsmodels {statsmodels.__version__}"
RANDOM = np.random.default_rng(1)
UPPER = 1.959963984540054


def hazard(risk):
    return -np.log(1 - risk) / 180


def w1(trials):
    shown = 0
    for _ in range(trials):
        treatment, control = (RANDOM.random(210) < 0.35).sum(), (RANDOM.random(210) < 0.49).sum()
        shown += proportions_ztest([treatment, control], [210, 210])[0] < -UPPER
    return shown / trials


def draw():
    arm = np.arange(360) % 2
    time = RANDOM.exponential(1, 360) / np.where(arm, hazard(0.458), hazard(0.585))
    return np.minimum(time, 180), time <= 180, arm


def benefit(time, event, arm):
    chi_square, _ = survdiff(time, event, arm)
    return chi_square > UPPER**2 and event[arm == 1].mean() < event[arm == 0].mean()


def w2(trials):
    return sum(benefit(*draw()) for _ in range(trials)) / trials


def w4(trials):
    shown = 0
    for _ in range(trials):
        time, event, arm = draw()
        shown += benefit(time, event, arm)
        fit = PHReg(time, arm[:, None].astype(float), status=event, ties="efron").fit()
        assert np.isfinite(fit.conf_int()).all()
    return shown / trials


time_of("w1", PEER, 1_000, "patients drawn; proportions_ztest", w1)
time_of("w2", PEER, 200, "patients drawn; survdiff", w2)
time_of("w4", PEER, 5, "patients drawn; survdiff, and PHReg with its 95 % interval", w4)
