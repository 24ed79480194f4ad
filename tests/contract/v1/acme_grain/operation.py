"""Frozen with its package: an edit, latent steps, a join and an inspection."""

import numpy as np

from vaeedit.api import (
    Edit,
    Estimated,
    Film,
    Frame,
    Grid,
    Inspect,
    Join,
    Latents,
    Mixture,
    Refined,
    Result,
    Series,
    mask_of,
    under,
)


class Grain(Edit):
    """A mixture of mean and samples, a map and a note."""

    @property
    def is_identity(self):
        return self.options.amount == 0

    @property
    def wants_std(self):
        return "spread" in self.request.maps

    def before(self, frames):
        level = self.options.level
        sigma = Estimated(0.5) if level in ("auto", None) else level / 255
        return [frame.with_conditions(sigma=sigma) for frame in frames]

    def edit(self, latents):
        draws, amount = self.options.draws, self.options.amount
        samples = [latents.sample(self.request.seed + k, temperature=0.9) for k in range(draws)]
        if self.options.coarse_only:
            fine = latents.mean().levels[1:]
            samples = [Latents((sample.levels[0], *fine), latents.context) for sample in samples]
        return Mixture([(1 - amount, latents.mean()), *((amount / draws, sample) for sample in samples)])

    def after(self, frames, originals):
        frame = frames[0]
        maps = {}
        if frame.std is not None:
            spread = frame.std.mean(axis=2, keepdims=True)
            maps["spread"] = Frame(np.clip(spread * 2550, 0, 255).astype(np.uint8))
        return Result(frame, maps, {"amount": self.options.amount})


class Fade(Edit):
    """A step that only moves latents, so that it can share an encode and a decode."""

    def edit(self, latents):
        return Latents(tuple(level.at(0.9 * level.mean) for level in latents.levels), latents.context)


class Polish(Edit):
    """Refined latents."""

    def edit(self, latents):
        return Refined(latents.mean(), 2)


class Weave(Inspect, Join):
    """Statistics of all pictures and of a reference, several results, and a film."""

    @property
    def wants_decoded(self):
        return True

    def before(self, frames):
        first = frames[0]
        self.mask = [
            mask_of(mask, first.height, first.width) for mask in self.request.extra_inputs.get("mask", ())
        ]
        others = [
            other for other in self.request.extra_inputs["with"] if other.pixels.shape == first.pixels.shape
        ]
        self.frames = [first, *(others or [first])]
        self.grids = {}
        return self.frames

    def references(self):
        return [self.frames[-1]]

    def gather(self, index, latents):
        for rank, level in enumerate(latents.levels):
            self.grids.setdefault((index, rank), Grid()).add(level)

    def join(self, latents):
        count = self.options.frames
        first, last = latents[0], latents[-1]
        for level in first.levels:
            assert under(self.grids[0, 0].whole(), level).shape == level.mean.shape
        return Series([first.lerp(last, k / (count - 1)).mean() for k in range(count)])

    def after(self, frames, originals):
        made = frames[: self.options.frames]
        decoded = frames[self.options.frames :]
        notes = {"title": self.options.title, "decoded": len(decoded), "masks": len(self.mask)}
        return Result(originals[0].with_floats(made[-1].floats()), notes=notes, film=Film(made, 5.0))


class Meter(Inspect):
    """A measurement, by the calibration in the VAE's header."""

    def before(self, frames):
        self.total = 0.0
        return frames

    def gather(self, index, latents):
        self.total += float(latents.levels[0].mean.abs().mean())

    def after(self, frames, originals):
        return Result(originals[0], notes={"unusual": self.total > self.vae.calibration["limit"]})
