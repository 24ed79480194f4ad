"""The operation `uncertainty`: the mean prediction of a Bayesian VAE, and maps of its epistemic and aleatoric deviation."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from vaeedit.api import Edit, Frame, Latents, Result, deviation_map
from vaeedit_variants.bayesian_options import UncertaintyOptions
from vaeedit_variants.predictive import Predicted, total

SEEDS = 2**24
"""Seeds of weights: numbers that a map of float32 holds exactly."""


class Uncertainty(Edit[UncertaintyOptions]):
    """Decodes the picture once for each sample of the weights."""

    wants_std = True

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The picture, in floating point, under each sample of the weights."""
        exact = replace(frames[0], pixels=frames[0].floats())
        seeds = range(self.request.seed, self.request.seed + self.options.samples)
        return [exact.with_conditions(weights=float(seed % SEEDS)) for seed in seeds]

    def edit(self, latents: Latents) -> Latents:
        """The mean of q(z | x, w)."""
        return latents.mean()

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The mean picture, both maps, and their averages in units of 1/255."""
        found = _over(frames)
        maps: dict[str, Frame] = {}
        notes: dict[str, float] = {}
        for name in ("epistemic", "aleatoric"):
            std = getattr(found, name).sqrt().numpy()
            maps[name], figures = deviation_map(replace(originals[0], std=std))
            notes |= {f"{name}_{key.partition('_')[0]}": value for key, value in figures.items()}
        frame = originals[0].with_floats(found.mean.numpy())
        return Result(frame, {name: maps[name] for name in self.request.maps}, notes)


def _over(frames: Sequence[Frame]) -> Predicted:
    """The law of total variance for frames (H, W, C), one for each sample of the weights."""
    means = np.stack([frame.pixels for frame in frames])
    deviations = np.stack([frame.std for frame in frames if frame.std is not None])
    return total(torch.from_numpy(means), torch.from_numpy(deviations).square())
