"""What the restoring operations share: the way from a prior's latents to a result."""

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
    """Decodes a conditional VAE at the prior mean (the MMSE estimate), at the mean of samples, or in between."""

    @abstractmethod
    def conditions(self) -> Mapping[str, Condition]:
        """Conditions of the VAE beside the image; "sigma" is the noise level, in units of [0, 1]."""

    @property
    def wants_std(self) -> bool:
        """The uncertainty map is made from the decoded scale."""
        return "uncertainty" in self.request.maps

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Attach the conditions of the VAE; for the best quality, in eight views."""
        frame = frames[0].with_conditions(**self.conditions())
        several = self.options.quality == "best" and not self.is_identity
        return views(frame) if several else [frame]

    def edit(self, latents: Latents) -> Latents | Mixture:
        """The prior mean, or a mixture of it and samples."""
        samples, realism = self.options.samples, self.options.realism
        if samples == 0 and realism == 0:
            return latents.mean()
        return Mixture(_components(latents, samples, realism, self.request.seed))

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image, the map of the uncertainty, and notes; every figure is of 255."""
        frame = frames[0] if len(frames) == 1 else merged(frames, originals[0])
        maps: dict[str, Frame] = {}
        notes: dict[str, Any] = {}
        noise = self.conditions().get("sigma")
        if isinstance(noise, Estimated) and noise.times > 0:
            found = frame.conditions["sigma"]
            assert isinstance(found, float)  # the VAE leaves the average of its map
            notes["estimated_sigma"] = round(found / noise.times * 255, 2)
        if frame.std is not None:
            maps["uncertainty"], figures = deviation_map(frame)
            notes |= figures
        return Result(frame, maps, notes)


def _components(latents: Latents, samples: int, realism: float, seed: int) -> Iterator[tuple[float, Latents]]:
    """The average of draws, or of none the mean; by `realism` a point between that and one draw.

    Going straight from the MMSE estimate to a posterior sample is the optimal way to trade distortion for
    perception (Freirich et al. 2021, theorem 3).
    """
    if samples == 0:
        yield 1 - realism, latents.mean()
        yield realism, latents.sample(seed)
    for index in range(samples):
        extra = realism if index == 0 else 0.0
        yield (1 - realism) / samples + extra, latents.sample(seed + index)
