"""The super-resolve operation on the latents of a conditional VAE."""

from collections.abc import Sequence

from vaeedit.api import Estimated, Frame, Latents, Mixture, Operation, Result, deviation_map, merged, views
from vaeedit_super_resolve import SuperResolveOptions


class SuperResolve(Operation[SuperResolveOptions]):
    """Decode at the prior mean (the MMSE estimate), at the mean of samples, or between mean and sample."""

    @property
    def wants_scale(self) -> bool:
        """The uncertainty map is made from the decoded scale."""
        return "uncertainty" in self.request.maps

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Tell the VAE the factor, and how much of the small image is noise."""
        noise = Estimated() if self.options.model == "photo" else 0.0
        frame = frames[0].with_conditions(scale=float(self.options.scale), sigma=noise)
        return views(frame) if self.options.quality == "best" else [frame]

    def edit(self, latents: Latents) -> Latents | Mixture:
        """The prior mean, or a mixture of it and samples."""
        options = self.options
        return latents.restored(samples=options.samples, realism=options.realism, seed=self.request.seed)

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The large image, the map of the uncertainty, and notes; every figure is of 255."""
        frame = frames[0] if len(frames) == 1 else merged(frames, originals[0])
        maps, notes = {}, {}
        if self.options.model == "photo":
            notes["estimated_sigma"] = round(float(frame.conditions["sigma"]) * 255, 2)  # type: ignore[arg-type]
        if frame.scale is not None:
            maps["uncertainty"], figures = deviation_map(frame)
            notes |= figures
        return Result(frame, maps, notes)
