"""The base of the restoring operations: from the latents of the prior to a result."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from vaeedit.api import (
    Condition,
    Edit,
    Estimated,
    Frame,
    Latents,
    Mixture,
    Result,
    deviation_map,
    merged,
    views,
)
from vaeedit_restore.options import RestorationOptions

R = TypeVar("R", bound=RestorationOptions)


class Restoration(Edit[R]):
    """Decodes a conditional VAE at the prior mean (the MMSE estimate), at the mean of samples, or at points between."""

    @abstractmethod
    def conditions(self) -> Mapping[str, Condition]:
        """Conditions of the VAE; "sigma" is the standard deviation of the noise, in units of [0, 1]."""

    @property
    def sampled(self) -> float:
        """Share of one more posterior sample in the result."""
        return 0.0

    @property
    def wants_std(self) -> bool:
        """True if the map `uncertainty` is requested."""
        return "uncertainty" in self.request.maps

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The image with the conditions of the VAE; for the quality `best`, in eight views."""
        frame = frames[0].with_conditions(**self.conditions())
        several = self.options.quality == "best" and not self.is_identity
        return views(frame) if several else [frame]

    def edit(self, latents: Latents) -> Latents | Mixture:
        """The prior mean, or a mixture of it and samples."""
        samples, realism = self.options.samples, self.sampled
        if samples == 0 and realism == 0:
            return latents.mean()
        return Mixture(_components(latents, samples, realism, self.request.seed))

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image, the map of the uncertainty, and notes; all figures are in units of 1/255."""
        frame = frames[0] if len(frames) == 1 else merged(frames, originals[0])
        maps: dict[str, Frame] = {}
        notes: dict[str, Any] = {}
        noise = self.conditions().get("sigma")
        if isinstance(noise, Estimated) and noise.times > 0:
            sigma = frame.conditions["sigma"]
            assert isinstance(sigma, float)  # the mean of the estimated map
            notes["estimated_sigma"] = round(sigma / noise.times * 255, 2)
        if frame.std is not None and "uncertainty" in self.request.maps:
            maps["uncertainty"], figures = deviation_map(frame)
            notes |= figures
        return Result(frame, maps, notes)


def _components(latents: Latents, samples: int, realism: float, seed: int) -> Iterator[tuple[float, Latents]]:
    """Weights, which sum to 1, and latents: the mean or `samples` samples, and by `realism` a share of one sample.

    The straight line from the MMSE estimate to a posterior sample is the optimal trade of distortion for perception
    (Freirich et al. 2021, theorem 3).
    """
    if samples == 0:
        yield 1 - realism, latents.mean()
        yield realism, latents.sample(seed)
    for index in range(samples):
        extra = realism if index == 0 else 0.0
        yield (1 - realism) / samples + extra, latents.sample(seed + index)
