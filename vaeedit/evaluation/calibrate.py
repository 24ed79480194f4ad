"""Calibration: one temperature on the predicted deviation, so that its 90 % interval covers 90 % of errors.

A single factor keeps the order of pixels and of noise levels as the model predicts them (temperature scaling,
Guo et al. 2017, in the form for regression: Levi et al. 2022). Fit it on images that the model has not seen.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vaeedit.evaluation.measure import predicted
from vaeedit.evaluation.metrics import interval
from vaeedit.evaluation.task import Task
from vaeedit.run.session import Session


def fit_temperature(
    session: Session, folder: Path, tasks: Sequence[Task], *, vae: str, level: float = 0.9
) -> float:
    """The factor on this VAE's deviations that gives coverage `level` on average over tasks; the file's own is included."""
    quantiles = []
    for task in tasks:
        ratios = []
        for pair in task.pairs(folder):
            error, deviation = predicted(session, task, vae, pair)
            ratios.append((np.abs(error) / deviation).ravel()[::7])  # every 7th value is enough
        quantiles.append(float(np.quantile(np.concatenate(ratios), level)))
    found = float(np.mean(quantiles)) / interval(level)
    return round(session.vae(vae).info.temperature * found, 4)
