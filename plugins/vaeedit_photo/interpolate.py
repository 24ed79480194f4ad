"""`interpolate`: along the optical flow where two pictures match; elsewhere the straight line between their latents.

The line keeps the contrast in the middle, but shows one picture through the other; what matches moves instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Film, Frame, Inspect, Join, Latents, OptionError, Request, Result, Series
from vaeedit_photo import InterpolateOptions
from vaeedit_photo.fitted import pair
from vaeedit_photo.flow import Array, flow_of
from vaeedit_photo.moments import JointMoments
from vaeedit_photo.sheet import sheet

MOST = 2.0
"""Largest factor on the contrast."""


class Interpolate(Inspect[InterpolateOptions], Join[InterpolateOptions]):
    """Makes frames D(z_t) + (1 - t) (a - D(z_a)) + t (b - D(z_b)), and moves what matches; the ends are exactly a and b."""

    def __init__(self, request: Request[InterpolateOptions]) -> None:
        super().__init__(request)
        if len(request.extra_inputs["other"]) != 1:
            raise OptionError("interpolate goes from one picture to one other picture; name only one.")
        self.ends: tuple[Frame, Frame]
        self.moments = JointMoments()

    @property
    def weights(self) -> list[float]:
        """The share t of the second picture in each frame, from 0 to 1; the ends are always made."""
        if self.options.at is not None:
            return [0.0, self.options.at, 1.0]
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
        """Means z (1, C, h, w) of a level at t, with the mean of channels and the deviation between the ends'.

        The mean of unrelated latents has half their variance. The target is the Wasserstein barycenter of the two Gaussians:
        their means and standard deviations are interpolated linearly. Channels have one gain, or the grid of the level shows.
        """
        (mean_a, mean_b), (var_a, var_b), covariance = self.moments.of(rank)
        mean = torch.lerp(mean_a, mean_b, t)
        wanted = torch.lerp(var_a.sqrt(), var_b.sqrt(), t).square().sum()
        mixed = ((1 - t) ** 2 * var_a + t**2 * var_b + 2 * t * (1 - t) * covariance).sum().clamp_min(1e-12)
        gain = float((wanted / mixed).sqrt().clamp(1 / MOST, MOST))
        mean = mean.to(z)[:, None, None]
        return mean + gain * (z - mean)

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The frames as a contact sheet and as a film, or the one at the position that is asked for."""
        values = [_values(end) for end in self.ends]
        flow = flow_of(*(end.floats() for end in self.ends))
        made = []
        for frame, t in zip(frames, self.weights, strict=True):
            between = self._dissolved(frame, frames, t)
            if flow is not None and 0 < t < 1:
                moved, share = flow.between(values[0], values[1], t)
                between += share * (moved - between)
            made.append(_frame(self.ends[0], between) if 0 < t < 1 else self.ends[round(t)])
        made = made if self.options.at is None else made[1:2]
        matched = 0.0 if flow is None else float(np.mean(flow.trust))
        notes = {"frames": len(made), "matched": round(matched, 3)}
        return Result(sheet(made), notes=notes, film=Film(made, self.options.rate))

    def _dissolved(self, frame: Frame, frames: Sequence[Frame], t: float) -> Array:
        """A decoded frame plus what decoding loses at the ends, and alpha: (H, W, C)."""
        made = frame.floats()
        for weight, end, decoded in zip((1 - t, t), self.ends, (frames[0], frames[-1]), strict=True):
            made = made + np.float32(weight) * (end.floats() - decoded.floats())
        alphas = [_values(end)[..., end.channels :] for end in self.ends]
        return np.concatenate([made, (1 - t) * alphas[0] + t * alphas[1]], 2).astype(np.float32)


def _values(frame: Frame) -> Array:
    """Values and, if there is one, alpha (H, W, C) in [0, 1]."""
    if frame.alpha is None:
        return frame.floats()
    alpha = frame.alpha.astype(np.float32) / np.float32(frame.peak)
    return np.concatenate([frame.floats(), alpha[..., None]], 2)


def _frame(like: Frame, values: Array) -> Frame:
    """A frame of the kind of `like` of such values."""
    made = replace(like, alpha=None).with_floats(np.ascontiguousarray(values[..., : like.channels]))
    if like.alpha is None:
        return made
    alpha = made.with_floats(np.ascontiguousarray(values[..., like.channels :])).pixels[..., 0]
    return replace(made, alpha=alpha)
