"""`interpolate`: the straight line between the latents of two pictures, without a loss of contrast in the middle."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Film, Frame, Inspect, Join, Latents, OptionError, Request, Result, Series
from vaeedit_photo import InterpolateOptions
from vaeedit_photo.fitted import pair
from vaeedit_photo.moments import JointMoments
from vaeedit_photo.sheet import sheet

MOST = 2.0
"""Largest factor on the contrast."""


class Interpolate(Inspect[InterpolateOptions], Join[InterpolateOptions]):
    """Makes frames D(z_t) + (1 - t) (a - D(z_a)) + t (b - D(z_b)): the first is exactly a, the last exactly b."""

    def __init__(self, request: Request[InterpolateOptions]) -> None:
        super().__init__(request)
        if len(request.extra_inputs["other"]) != 1:
            raise OptionError("interpolate goes from one picture to one other picture; name only one.")
        self.ends: tuple[Frame, Frame]
        self.moments = JointMoments()

    @property
    def weights(self) -> list[float]:
        """The share t of the second picture in each frame, from 0 to 1."""
        return [float(t) for t in np.linspace(0, 1, self.options.frames)]

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Both pictures at the size of the first."""
        self.ends = pair(frames[0], self.request.extra_inputs["other"][0], self.options.side)
        return self.ends

    def gather(self, index: int, latents: Latents) -> None:
        """Collect both pictures' latents for their means and covariance at every level."""
        self.moments.add(index, latents)

    def join(self, latents: Sequence[Latents]) -> Series:
        """The latents of each frame, points on the line."""

        def points() -> Iterator[Latents]:
            first, second = latents
            for t in self.weights:
                between = first.lerp(second, t)
                levels = [
                    level.at(self._matched(rank, level.mean, t)) for rank, level in enumerate(between.levels)
                ]
                yield replace(between, levels=tuple(levels))

        return Series(points())

    def _matched(self, rank: int, z: Tensor, t: float) -> Tensor:
        """Means z (1, C, h, w) of a level at t, with the mean and deviation of each channel interpolated between the ends.

        The mean of unrelated latents has half their variance. The target is the Wasserstein barycenter of the two Gaussians:
        their means and standard deviations are interpolated linearly.
        """
        (mean_a, mean_b), (var_a, var_b), covariance = self.moments.of(rank)
        mean = torch.lerp(mean_a, mean_b, t)
        wanted = torch.lerp(var_a.sqrt(), var_b.sqrt(), t)
        mixed = ((1 - t) ** 2 * var_a + t**2 * var_b + 2 * t * (1 - t) * covariance).clamp_min(1e-12).sqrt()
        gain = (wanted / mixed).clamp(1 / MOST, MOST)
        mean, gain = (values.to(z)[:, None, None] for values in (mean, gain))
        return mean + gain * (z - mean)

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The frames, plus what decoding loses at the ends, as a contact sheet and as a film."""
        lost = [
            end.floats() - frame.floats()
            for end, frame in zip(self.ends, (frames[0], frames[-1]), strict=True)
        ]
        made = [self._between(frame, lost, t) for frame, t in zip(frames, self.weights, strict=True)]
        return Result(sheet(made), notes={"frames": len(made)}, film=Film(made, self.options.rate))

    def _between(self, frame: Frame, lost: Sequence[np.ndarray], t: float) -> Frame:
        values = frame.floats() + (1 - t) * lost[0] + t * lost[1]
        made = self.ends[0].with_floats(values.astype(np.float32))
        alphas = [end.alpha for end in self.ends if end.alpha is not None]
        if not alphas:
            return made
        blended = (1 - t) * alphas[0].astype(np.float64) + t * alphas[1]
        return replace(
            made,
            alpha=blended.astype(alphas[0].dtype)
            if made.depth == 32
            else np.rint(blended).astype(alphas[0].dtype),
        )
