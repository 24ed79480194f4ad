"""`reconstruct`: encode, decode, and report bits and what is lost."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vaeedit.api import Edit, Frame, Inspect, Latents, Refined, Request, Result, Series, psnr, ssim
from vaeedit_photo import ReconstructOptions
from vaeedit_photo.code_length import code_length
from vaeedit_photo.nested import counts, first, kl


class Reconstruct(Inspect[ReconstructOptions], Edit[ReconstructOptions]):
    """Decodes the posterior mean and reports PSNR, SSIM, KL by level and bits per value."""

    def __init__(self, request: Request[ReconstructOptions]) -> None:
        super().__init__(request)
        self.values = 0
        self.nats: list[float] | None = None

    @property
    def wants_std(self) -> bool:
        """True for the likelihood; refined latents are points and have none."""
        return not self.options.refine

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The image in floats, so that the decoded values are not rounded before they are compared."""
        return [replace(frame, pixels=frame.floats()) for frame in frames]

    def gather(self, index: int, latents: Latents) -> None:
        """Sum the KL of every level and the number of kept values."""
        kept = counts(latents, self.options.channels)
        self.values += sum(
            level.mean[0, :count].numel() for level, count in zip(latents.levels, kept, strict=True)
        )
        nats = None if self.options.refine else kl(latents, self.options.channels)
        if nats is not None:
            self.nats = [a + b for a, b in zip(self.nats or [0.0] * len(nats), nats, strict=True)]

    def edit(self, latents: Latents) -> Series | Refined:
        """The mean and, if there is a posterior, a sample: the bound on the likelihood needs samples."""
        kept = first(latents, self.options.channels)
        if self.options.refine:
            return Refined(kept.mean(), self.options.refine)
        return Series([kept.mean()] if self.nats is None else [kept.mean(), kept.sample(self.request.seed)])

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The decoded image and the figures."""
        original, mean = originals[0], frames[0]
        result = original.with_floats(mean.pixels)
        size = original.pixels.size
        notes = {**_fidelity(original, result), "values_kept": round(self.values / size, 4)}
        if self.nats is not None:
            bits = [nats / math.log(2) / size for nats in self.nats]
            notes["kl_bits_by_level"] = [round(value, 4) for value in bits]
            if frames[1].std is not None and original.depth < 32:
                notes["bits_per_value"] = round(sum(bits) + code_length(original, frames[1]) / size, 4)
        return Result(result, notes=notes)


def _fidelity(original: Frame, result: Frame) -> dict[str, Any]:
    """PSNR in dB, at most 100, and SSIM if the image is large enough for its window."""
    a, b = (frame.floats() * np.float64(255) for frame in (original, result))
    figures = {"psnr": round(min(psnr(a, b), 100.0), 3) if not np.array_equal(a, b) else 100.0}
    if not math.isnan(similarity := ssim(a, b)):
        figures["ssim"] = round(similarity, 4)
    return figures
