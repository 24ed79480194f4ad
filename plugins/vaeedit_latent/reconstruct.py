"""`reconstruct`: encode, decode, and say in figures what it took and what was lost."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vaeedit.api import Frame, Gaussian, Latents, Operation, Request, Result
from vaeedit_latent import ReconstructOptions

BIN = 1 / 255
"""Width of the values that the likelihood is counted in: 8 bits."""


class Reconstruct(Operation[ReconstructOptions]):
    """The image at the posterior's mean, with PSNR, KL by level and bits per value."""

    def __init__(self, request: Request[ReconstructOptions]) -> None:
        super().__init__(request)
        self.nats: dict[int, float] = {}
        self.values: dict[int, int] = {}

    @property
    def wants_scale(self) -> bool:
        """For the likelihood."""
        return True

    def gather(self, index: int, latents: Latents) -> None:
        """KL of every level that is kept, and how many values it has."""
        for rank, level in enumerate(self._kept(latents).levels):
            self.values[rank] = self.values.get(rank, 0) + level.mean[0].numel()
            if level.log_scale is not None:
                prior = Gaussian.standard(level.mean.shape, level.mean.device)
                self.nats[rank] = self.nats.get(rank, 0.0) + float(level.kl(prior).sum())

    def _kept(self, latents: Latents) -> Latents:
        levels = latents.levels[: self.options.levels or None]
        return replace(latents, levels=levels)

    def edit(self, latents: Latents) -> Latents:
        """The means; levels that are not kept are at zero."""
        count = len(self._kept(latents).levels)
        left_out = [level.at(level.mean * 0) for level in latents.levels[count:]]
        return replace(latents, levels=(*latents.levels[:count], *left_out)).mean()

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image and its report."""
        frame, original = frames[0], originals[0]
        error = np.square(frame.floats() - original.floats()).mean()
        size = original.pixels.size
        notes: dict[str, Any] = {
            "psnr": round(float(-10 * np.log10(error + 1e-10)), 3),
            "latent_share": round(sum(self.values.values()) / size, 4),
        }
        if self.nats:
            notes["kl_nats_per_pixel"] = [
                round(self.nats[rank] / (frame.height * frame.width), 4) for rank in sorted(self.nats)
            ]
        if self.nats and frame.scale is not None:
            bits = sum(self.nats.values()) / math.log(2) + _code_length(
                original.floats() - frame.floats(), frame.scale
            )
            notes["bits_per_value"] = round(bits / size, 4)
        return Result(frame, notes=notes)


def _code_length(error: np.ndarray, deviation: np.ndarray) -> float:
    """-log2 P of errors under a Laplace distribution of this standard deviation, in bins of 1/255: in bits, summed."""
    scale = np.maximum(deviation.astype(np.float64) / math.sqrt(2), 1e-6)
    low, high = (error.astype(np.float64) - BIN / 2) / scale, (error.astype(np.float64) + BIN / 2) / scale

    def cumulative(x: np.ndarray) -> np.ndarray:
        return np.where(x < 0, 0.5 * np.exp(np.minimum(x, 0)), 1 - 0.5 * np.exp(-np.maximum(x, 0)))

    far = np.minimum(np.abs(low), np.abs(high)) > 30  # the difference of the two would be 0
    inside = np.where(far, 1.0, np.maximum(cumulative(high) - cumulative(low), 1e-300))
    tail = np.minimum(np.abs(low), np.abs(high)) + math.log(2) - np.log(-np.expm1(-BIN / scale))
    nats = np.where(far, tail, -np.log(inside))
    return float(nats.sum() / math.log(2))
