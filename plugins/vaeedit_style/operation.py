"""`style`: colors by optimal transport between palettes, then the texture of a canvas on the levels of the latents."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vaeedit.api import (
    Edit,
    Frame,
    Grid,
    Inspect,
    Latents,
    OptionError,
    Request,
    Result,
    luma,
    resized,
    under,
)
from vaeedit_style import StyleOptions
from vaeedit_style.canvas import canvas
from vaeedit_style.paint import painted
from vaeedit_style.palette import match_palette, recolored

FADED = "The style is gray, so it takes the colors away; preserve_color keeps them."
LARGEST = 1024
"""Most pixels along the longer side of a style picture."""
PAINTED = 0.5
"""Texture that `auto` takes of a painting."""
SMALLEST = 32
"""Fewest pixels along its shorter side: one patch of texture."""
Image = NDArray[np.float32]


class Style(Inspect[StyleOptions], Edit[StyleOptions]):
    """Changes colors before the VAE, adds texture to its latents, and matches the palette again after it."""

    def __init__(self, request: Request[StyleOptions]) -> None:
        super().__init__(request)
        self.shares = _shares(self.options.weights, len(request.extra_inputs["style"]))
        self.styles: list[Image] = []
        self.canvases: list[Image] = []
        self.texture = 0.0
        self.grids: dict[tuple[int, int], Grid] = {}
        self.changes: list[Tensor] = []

    @property
    def is_identity(self) -> bool:
        """True for strength 0."""
        return self.options.strength == 0

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The picture in the styles' colors, always with three channels, and its canvas."""
        gray = self.options.preserve_color
        own = _rgb(frames[0], gray)
        given = [_rgb(style, gray) for style in self.request.extra_inputs["style"]]
        self.styles = [_sized(style, max(own.shape)) for style in given]
        changed = recolored(own, self.styles, self.shares, self.options.strength)
        self.texture = self._texture(given)
        if self.texture:
            self.canvases = [canvas(changed, self.styles, self.shares)]
        return [Frame(changed)]

    def _texture(self, styles: Sequence[Image]) -> float:
        """The amount of texture; `auto` takes `PAINTED` of a painting and nothing of a photograph."""
        if self.options.texture != "auto":
            return self.options.texture
        return PAINTED * sum(share * painted(style) for style, share in zip(styles, self.shares, strict=True))

    def references(self) -> Sequence[Frame]:
        """The canvas."""
        return [Frame(image) for image in self.canvases]

    def gather(self, index: int, latents: Latents) -> None:
        """Collect all levels of the picture and of its canvas."""
        for rank, level in enumerate(latents.levels if self.canvases else ()):
            self.grids.setdefault((index, rank), Grid()).add(level)

    def edit(self, latents: Latents) -> Latents:
        """Move the levels that the option `levels` names towards those of the canvas."""
        if not self.texture:
            return latents.mean()
        count = len(latents.levels)
        moving = {"all": range(count), "coarse": range((count + 1) // 2), "fine": range(count // 2, count)}
        self.changes = self.changes or self._changes(count)
        levels = list(latents.levels)
        for rank in moving[self.options.levels]:
            level = levels[rank]
            levels[rank] = level.at(level.mean + under(self.changes[rank], level).to(level.mean))
        return replace(latents, levels=tuple(levels)).mean()

    def _changes(self, count: int) -> list[Tensor]:
        """The change that texture makes to each level of the whole picture."""
        amount = self.options.strength * self.texture
        grids = ([self.grids[index, rank].whole() for rank in range(count)] for index in range(2))
        changes = [amount * (painted - own) for own, painted in zip(*grids, strict=True)]
        self.grids.clear()
        return changes

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """Match the palette, which the texture has changed; then apply `preserve_color`."""
        original, values = originals[0], frames[0].floats()
        if self.texture:
            values = match_palette(values, self.styles, self.shares, self.texture * self.options.strength)
        kept, gray = self.options.preserve_color, all(map(_is_gray, self.styles))
        if original.channels == 1 and (kept or gray):
            values = values.mean(2, keepdims=True)
        elif kept:
            values = original.floats() + (values - _rgb(original, gray=True)).mean(2, keepdims=True)
        if values.shape[2] > original.channels:  # a gray profile does not describe colors
            original = replace(original, metadata=replace(original.metadata, icc=None))
        faded = gray and not kept and original.channels == 3
        return Result(original.with_floats(values), warnings=(FADED,) if faded else ())


def _shares(weights: Sequence[float], count: int) -> list[float]:
    """Weights that sum to 1; raises OptionError for a wrong number of weights, or if none is above 0."""
    given = weights or (1.0,) * count
    if len(given) != count or min(given) < 0 or sum(given) <= 0:
        pictures = "the style picture" if count == 1 else f"each of the {count} style pictures"
        raise OptionError(f"weights must hold one number for {pictures}: 0 or more, and not all of them 0.")
    return [weight / sum(given) for weight in given]


def _rgb(frame: Frame, gray: bool) -> Image:
    """(H, W, 3) in [0, 1]; `gray` repeats the luma."""
    values = frame.floats()
    if gray and frame.channels == 3:
        values = luma(values)[..., None]
    return np.broadcast_to(values, (*values.shape[:2], 3))


def _is_gray(image: Image) -> bool:
    return bool(np.ptp(image, 2).max() < 1e-3)


def _sized(image: Image, longest: int) -> Image:
    """A style picture resized to the picture's longer side, within limits: brush strokes keep their relative size."""
    scale = min(longest, LARGEST) / max(image.shape)
    width, height = (max(SMALLEST, round(size * scale)) for size in image.shape[1::-1])
    return resized(image, height, width).clip(0, 1)
