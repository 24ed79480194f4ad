"""Frames and options that the checks use."""

from typing import Any

import numpy as np

from vaeedit.image import Frame
from vaeedit.image.frame import peak_of
from vaeedit.options import Field, Options, fields, validate

FRAMES: dict[str, tuple[tuple[int, int, int], Any, bool]] = {
    "1x1": ((1, 1, 3), np.uint8, False),
    "odd": ((37, 51, 3), np.uint8, False),
    "gray": ((24, 33, 1), np.uint8, False),
    "rgba": ((25, 32, 3), np.uint8, True),
    "16-bit": ((32, 24, 3), np.uint16, False),
}
"""Inputs that every operation must support: shape, dtype, and whether there is alpha."""

LONG = (16, 1200, 3)
"""A shape longer than the receptive field of any shipped VAE, so that tiles do not cover the whole image."""


def required_options(cls: type[Options]) -> dict[str, Any]:
    """Sample values of the required options, by name."""
    return {name: _sample_value(field) for name, field in fields(cls).items() if field.required}


def sample_options(cls: type[Options]) -> Options:
    """Options that differ from their defaults if they have bounds or examples."""
    return validate(cls, {name: _sample_value(field) for name, field in fields(cls).items()})


def sample_frame(kind: str) -> Frame:
    """The frame of this kind, a key of `FRAMES`."""
    return synthetic_frame(*FRAMES[kind])


def synthetic_frame(shape: tuple[int, int, int], dtype: Any, with_alpha: bool = False) -> Frame:
    """A noisy gradient (H, W, C) over the range of `dtype` and, `with_alpha`, a ramp as alpha."""
    height, width, channels = shape
    ramp = np.linspace(0.1, 0.9, height * width * channels).reshape(height, width, channels)
    noisy = ramp + np.random.default_rng(0).normal(0, 0.05, ramp.shape)
    peak = peak_of(np.dtype(dtype))
    pixels = np.rint(np.clip(noisy, 0, 1) * peak).astype(dtype)
    alpha = np.linspace(0, peak, height * width).reshape(height, width).astype(dtype) if with_alpha else None
    return Frame(pixels, alpha)


def _sample_value(field: Field) -> Any:
    """The example of an option; else its upper bound; else its default or, if it is required, one of its choices."""
    if field.example is not None:
        return field.example
    members = getattr(field.info, "types", (field.info,))
    bounds = [member.le for member in members if getattr(member, "le", None) is not None]
    choices = [value for member in members for value in getattr(member, "values", ())]
    values = [*bounds, *(choices if field.required else [field.default])]
    assert values, f"the option {field.flag} is required: declare it with option(..., example=...)"
    return values[0]
