"""Frames and options that the checks use."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from vaeedit.image import Frame
from vaeedit.image.frame import peak_of
from vaeedit.options import Field, Options, fields

SMALL = "small"
"""The kind of frame that runs fastest."""
FRAMES: dict[str, tuple[tuple[int, int, int], Any, bool]] = {
    "1x1": ((1, 1, 3), np.uint8, False),
    "odd": ((37, 51, 3), np.uint8, False),
    "gray": ((24, 33, 1), np.uint8, False),
    "rgba": ((25, 32, 3), np.uint8, True),
    "16-bit": ((32, 24, 3), np.uint16, False),
    SMALL: ((11, 17, 3), np.uint8, False),
}
"""Inputs that every operation must support: shape, dtype, and whether there is alpha."""


def required_options(cls: type[Options]) -> dict[str, Any]:
    """A value for each required option, by name; raises AssertionError for one that has no sample."""
    return {name: _sample(field) for name, field in fields(cls).items() if field.required}


def option_values(cls: type[Options]) -> Iterator[tuple[str, Any]]:
    """Every option with each of its `values`, except the default."""
    for name, field in fields(cls).items():
        yield from ((name, value) for value in values(field) if field.required or value != field.default)


def values(field: Field) -> list[Any]:
    """The bounds of a number, all choices, on and off; an example stands for all values but the lower bound.

    That is for options whose upper bound takes long, or is rarely possible, and for those that have neither.
    """
    members = getattr(field.info, "types", (field.info,))
    low, high = ([getattr(member, name, None) for member in members] for name in ("ge", "le"))
    choices = [value for member in members for value in getattr(member, "values", ())]
    most = high + choices + ([False, True] if field.is_flag else [])
    found = [*low, *(most if field.example is None else [field.example])]
    return [value for number, value in enumerate(found) if value is not None and value not in found[:number]]


def _sample(field: Field) -> Any:
    """The example of a required option; else its last value."""
    found = values(field)
    assert found, f"the option {field.flag} is required: declare it with option(..., example=...)"
    return found[-1]


def synthetic_frame(shape: tuple[int, int, int], dtype: Any, with_alpha: bool = False) -> Frame:
    """A noisy gradient (H, W, C) over the range of `dtype` and, `with_alpha`, a ramp as alpha."""
    height, width, channels = shape
    ramp = np.linspace(0.1, 0.9, height * width * channels).reshape(height, width, channels)
    noisy = ramp + np.random.default_rng(0).normal(0, 0.05, ramp.shape)
    peak = peak_of(np.dtype(dtype))
    pixels = np.rint(np.clip(noisy, 0, 1) * peak).astype(dtype)
    alpha = np.linspace(0, peak, height * width).reshape(height, width).astype(dtype) if with_alpha else None
    return Frame(pixels, alpha)
