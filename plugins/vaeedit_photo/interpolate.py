"""`interpolate`: the straight line between the latents of two pictures, without the loss of contrast half-way."""

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
"""How much contrast is raised at most."""


class Interpolate(Inspect[InterpolateOptions], Join[InterpolateOptions]):
    """Frames D(z_t) + (1 - t) (a - D(z_a)) + t (b - D(z_b)): the first is a, the last is b, to the bit."""

    def __init__(self, request: Request[InterpolateOptions]) -> None:
        super().__init__(request)
        if len(request.extra_inputs["other"]) != 1:
            raise OptionError("interpolate goes from one picture to one other; name one only.")
        self.ends: tuple[Frame, Frame]
        self.moments = JointMoments()

    @property
    def weights(self) -> list[float]:
        """Of the second picture in each frame."""
        return [float(t) for t in np.linspace(0, 1, self.options.frames)]

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Both pictures at the size of the first."""
        self.ends = pair(frames[0], self.request.extra_inputs["other"][0], self.options.side)
        return self.ends

    def gather(self, index: int, latents: Latents) -> None:
        """Mean and covariance of the two at every level."""
        self.moments.add(index, latents)

    def join(self, latents: Sequence[Latents]) -> Series:
        """One point on the line for each frame."""

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
        """A level at t with the mean and the deviation, per channel, that lie between those of the ends.

        Of pictures that have nothing in common the mean of latents has half their variance. What it is to have is the
        Wasserstein barycenter of the two Gaussians: means and deviations on straight lines.
        """
        (mean_a, mean_b), (var_a, var_b), covariance = self.moments.of(rank)
        mean = torch.lerp(mean_a, mean_b, t)
        wanted = torch.lerp(var_a.sqrt(), var_b.sqrt(), t)
        found = ((1 - t) ** 2 * var_a + t**2 * var_b + 2 * t * (1 - t) * covariance).clamp_min(1e-12).sqrt()
        gain = (wanted / found).clamp(1 / MOST, MOST)
        mean, gain = (each.to(z)[:, None, None] for each in (mean, gain))
        return mean + gain * (z - mean)

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """What decoding loses at the ends is blended in; the frames as a contact sheet and as a film."""
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
