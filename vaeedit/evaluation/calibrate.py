"""Calibration: one temperature for the predicted standard deviations, so that 90 % intervals cover 90 % of the errors.

A single factor keeps the order of pixels and of noise levels that the model predicts (temperature scaling, Guo et al.
2017, for regression: Levi et al. 2022). It is fitted on images that were not used for training.
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
    """The temperature with which the intervals of this VAE cover the share `level` of errors, on average over tasks.

    It replaces the temperature in the VAE's file. Raises UsageError for a folder without images.
    """
    quantiles = []
    for task in tasks:
        ratios = []
        for pair in task.pairs(folder):
            error, std = predicted(session, task, vae, pair)
            ratios.append((np.abs(error) / std).ravel()[::7])  # every 7th value is enough
        quantiles.append(float(np.quantile(np.concatenate(ratios), level)))
    factor = float(np.mean(quantiles)) / interval(level)
    return round(session.vae(vae).info.temperature * factor, 4)
