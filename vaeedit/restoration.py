"""What the restoring operations share: their options, and the way from a prior's latents to a result.

This module is light, as plugins declare their options with it; pictures are touched through `vaeedit.image` only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from vaeedit import image
from vaeedit.operation import Operation, Result
from vaeedit.options import Options, option

if TYPE_CHECKING:
    from vaeedit.image import Condition, Frame
    from vaeedit.vae.latents import Latents, Mixture


class RestorationOptions(Options, frozen=True):
    """Options of every operation that estimates an image from what is left of it."""

    samples: Annotated[
        int,
        option("Average this many posterior samples; 0 takes the VAE's mean, which is better.", ge=0, le=256),
    ] = 0
    realism: Annotated[
        float,
        option("From the mean (0: least error) to a posterior sample (1: plausible detail).", ge=0, le=1),
    ] = 0.0
    quality: Annotated[
        Literal["normal", "best"],
        option("best averages eight turned and mirrored runs, at eight times the time."),
    ] = "normal"


R = TypeVar("R", bound=RestorationOptions)

RESTORATION_MAPS = {"uncertainty": "Standard deviation of each pixel's error, brighter where less certain."}
"""Side results that every `Restoration` gives, for its `OperationSpec`."""


class Restoration(Operation[R], ABC):
    """Decodes a conditional VAE at the prior mean (the MMSE estimate), at the mean of samples, or in between."""

    @abstractmethod
    def told(self) -> Mapping[str, Condition]:
        """What the VAE is told beside the image; "sigma" is the noise level, in units of [0, 1]."""

    @property
    def wants_scale(self) -> bool:
        """The uncertainty map is made from the decoded scale."""
        return "uncertainty" in self.request.maps

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Attach what the VAE is told; for the best quality, in eight views."""
        frame = frames[0].with_conditions(**self.told())
        several = self.options.quality == "best" and not self.is_identity
        return image.views(frame) if several else [frame]

    def edit(self, latents: Latents) -> Latents | Mixture:
        """The prior mean, or a mixture of it and samples."""
        options = self.options
        return latents.restored(samples=options.samples, realism=options.realism, seed=self.request.seed)

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image, the map of the uncertainty, and notes; every figure is of 255."""
        frame = frames[0] if len(frames) == 1 else image.merged(frames, originals[0])
        maps: dict[str, Frame] = {}
        notes: dict[str, Any] = {}
        noise = self.told().get("sigma")
        if isinstance(noise, image.Estimated) and noise.times > 0:
            found = frame.conditions["sigma"]
            assert isinstance(found, float)  # the VAE leaves the average of its map
            notes["estimated_sigma"] = round(found / noise.times * 255, 2)
        if frame.scale is not None:
            maps["uncertainty"], figures = image.deviation_map(frame)
            notes |= figures
        return Result(frame, maps, notes)
