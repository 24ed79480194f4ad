"""The denoise operation on the latents of a conditional VAE."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Estimated, Frame, Latents, Mixture, Operation, Result
from vaeedit_denoise import DenoiseOptions


class Denoise(Operation[DenoiseOptions]):
    """Decode at the prior mean (the MMSE estimate), at the mean of samples, or between mean and sample.

    Interpolating linearly between the MMSE estimate and a posterior sample is the optimal way to trade
    distortion for perception (Freirich et al. 2021, theorem 3).
    """

    @property
    def is_identity(self) -> bool:
        """Strength 0 changes nothing."""
        return self.options.strength == 0

    @property
    def wants_scale(self) -> bool:
        """The uncertainty map is made from the decoded scale."""
        return "uncertainty" in self.request.maps

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Tell the VAE the noise level."""
        sigma, strength = self.options.sigma, self.options.strength
        told = Estimated(strength) if sigma == "auto" else sigma / 255 * strength
        return [frame.with_conditions(sigma=told) for frame in frames]

    def edit(self, latents: Latents) -> Latents | Mixture:
        """The prior mean, or a mixture of it and samples."""
        if self.options.samples == 0 and self.options.realism == 0:
            return latents.mean()
        return Mixture(self._components(latents))

    def _components(self, latents: Latents) -> Iterator[tuple[float, Latents]]:
        """(1 - realism) of the centre, which is the mean or `samples` draws, and realism of one draw."""
        realism, count = self.options.realism, self.options.samples
        if count == 0:
            yield 1 - realism, latents.mean()
            yield realism, latents.sample(self.request.seed)
            return
        for index in range(count):
            extra = realism if index == 0 else 0.0
            yield (1 - realism) / count + extra, latents.sample(self.request.seed + index)

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image, the map of the uncertainty, and notes; every figure is of 255."""
        frame = frames[0]
        maps, notes = {}, {}
        if self.options.sigma == "auto" and self.options.strength > 0:
            estimated = float(frame.conditions["sigma"]) / self.options.strength  # type: ignore[arg-type]
            notes["estimated_sigma"] = round(estimated * 255, 2)
        if frame.scale is not None:
            deviation = frame.scale.mean(axis=2, keepdims=True)
            top = max(float(np.percentile(deviation[::4, ::4], 99.5)), 1e-6)
            notes["mean_uncertainty"] = round(float(deviation.mean()) * 255, 2)
            notes["white_uncertainty"] = round(top * 255, 2)  # what white stands for in the map
            maps["uncertainty"] = _grey(deviation / top)
        return Result(frame, maps, notes)


def _grey(values: NDArray[np.float32]) -> Frame:
    """A grey 8-bit picture: 0 is black, 1 and more white."""
    return Frame(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8))
