"""Frozen with its package; uses every part of contract 1 that an operation can."""

import numpy as np

from vaeedit.api import Edit, Estimated, Frame, Latents, Mixture, Result


class Grain(Edit):
    """A mixture of mean and sample, a map and a note."""

    @property
    def is_identity(self):
        return False

    @property
    def wants_std(self):
        return "spread" in self.request.maps

    def before(self, frames):
        return [frame.with_conditions(sigma=Estimated(0.5)) for frame in frames]

    def edit(self, latents):
        sample = latents.sample(self.request.seed, temperature=0.9)
        if self.options.coarse_only:
            levels = (sample.levels[0], *latents.mean().levels[1:])
            sample = Latents(levels, latents.context)
        return Mixture([(1 - self.options.amount, latents.mean()), (self.options.amount, sample)])

    def after(self, frames, originals):
        frame = frames[0]
        maps = {}
        if frame.std is not None:
            spread = frame.std.mean(axis=2, keepdims=True)
            maps["spread"] = Frame(np.clip(spread * 2550, 0, 255).astype(np.uint8))
        return Result(frame, maps, {"amount": self.options.amount})
