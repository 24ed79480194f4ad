"""Latents as a notebook displays them: mean and standard deviation of every level, coarse to fine."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vaeedit.image.display import png_of
from vaeedit.image.frame import Frame
from vaeedit.image.panels import laid_out
from vaeedit.image.sizing import resized
from vaeedit.notebook import PICTURES, block, picture
from vaeedit.vae.latents import Gaussian, Latents

Floats = NDArray[np.floating[Any]]

CHANNELS = 16
"""Most channels of a level that are shown."""
SIDE = 384
"""About the width of a picture in pixels, if it has about as many rows as columns."""
LARGEST = 16
"""Most pixels of a picture for one value, in width and height."""
OUTLIERS = 0.005
"""Share of the values that may lie outside of the range from black to white."""


def html_of(latents: Latents) -> str:
    """Pictures of the levels of the first image, with their shapes and KL divergences from the prior N(0, I)."""
    count, batch = len(latents.levels), latents.levels[0].mean.shape[0]
    most = PICTURES // (2 * count)
    levels = [
        _level(level.image(0), f"Level {n} of {count}:", most) for n, level in enumerate(latents.levels, 1)
    ]
    of = f"; the first of {batch} images" if batch > 1 else ""
    context = f"; context: {', '.join(latents.context)}" if latents.context else ""
    about = f"of {count} level{'s, coarse to fine' if count > 1 else ''}{of}{context}"
    return block("Latents", about, *levels)


def _level(level: Gaussian, name: str, most: int) -> str:
    """One level of one image: its channels that differ most from the prior, side by side."""
    mean, (_, channels, height, width) = _array(level.mean), level.mean.shape
    apart, about = mean**2, "a point"
    if level.log_scale is not None:
        apart = _array(level.kl(Gaussian.standard((1, channels, height, width), level.mean.device)))
        about = f"KL from the prior {apart.sum():,.1f} nats, {apart.mean():.3g} for each value"
    chosen = np.sort(np.argsort(-apart.mean((1, 2)), kind="stable")[:CHANNELS])
    about += f"; the {CHANNELS} channels that differ most from the prior" if channels > CHANNELS else ""
    reach = max(1.0, _top(np.abs(mean[chosen])))
    title = f"mean: black -{reach:.2g}, gray 0, white {reach:.2g}"
    pictures = [_picture(mean[chosen], -reach, reach, title, most)]
    if level.log_scale is not None:
        spread = _array(level.std)[chosen]
        top = max(1e-6, _top(spread))
        title = f"standard deviation: black 0, white {top:.2g}"
        pictures.append(_picture(spread, 0, top, title, most))
    return block(name, f"{channels}x{height}x{width}; {about}", *pictures)


def _array(values: Tensor) -> Floats:
    """(1, C, h, w) -> (C, h, w) in float32; values that are not numbers are 0."""
    return np.asarray(np.nan_to_num(values[0].detach().float().cpu().numpy()))


def _top(values: Floats) -> float:
    return float(np.quantile(values, 1 - OUTLIERS))


def _picture(values: Floats, low: float, high: float, title: str, most: int) -> str:
    """Channels (C, h, w) in rows, with transparent gaps: `low` is black and `high` white."""
    gray = ((values - low) / (high - low)).clip(0, 1).astype(np.float32)
    columns = math.ceil(math.sqrt(len(gray)))
    parts = [_at_size(channel[..., None], SIDE // columns) for channel in gray]
    whole = laid_out([np.dstack([part, np.ones_like(part)]) for part in parts], columns, 2, 0)
    frame = Frame(whole[..., :1], whole[..., 1])
    return picture(png_of(frame, most=most), title, frame.width)


def _at_size(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Values (h, w, 1) with about `side` rows or columns, whichever are more: pixels repeated, or averages of areas."""
    height, width = values.shape[:2]
    longest = max(height, width)
    if longest > side:
        return resized(values, max(1, height * side // longest), max(1, width * side // longest))
    factor = min(side // longest, LARGEST)
    return values.repeat(factor, 0).repeat(factor, 1)
