"""The denoise operation on the latents of a conditional VAE."""

from collections.abc import Sequence

from vaeedit.api import Estimated, Frame, Latents, Mixture, Operation, Result, deviation_map, merged, views
from vaeedit_denoise import DenoiseOptions


class Denoise(Operation[DenoiseOptions]):
    """Decode at the prior mean (the MMSE estimate), at the mean of samples, or between mean and sample."""

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
        frame = frames[0].with_conditions(sigma=told)
        several = self.options.quality == "best" and not self.is_identity
        return views(frame) if several else [frame]

    def edit(self, latents: Latents) -> Latents | Mixture:
        """The prior mean, or a mixture of it and samples."""
        options = self.options
        return latents.restored(samples=options.samples, realism=options.realism, seed=self.request.seed)

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image, the map of the uncertainty, and notes; every figure is of 255."""
        frame = frames[0] if len(frames) == 1 else merged(frames, originals[0])
        maps, notes = {}, {}
        if self.options.sigma == "auto" and self.options.strength > 0:
            estimated = float(frame.conditions["sigma"]) / self.options.strength  # type: ignore[arg-type]
            notes["estimated_sigma"] = round(estimated * 255, 2)
        if frame.scale is not None:
            maps["uncertainty"], figures = deviation_map(frame)
            notes |= figures
        return Result(frame, maps, notes)
