"""Types of the options that several networks share."""

from typing import Annotated

from vaeedit.api import OptionError, Options, bounded, option

LEVELS = 8
"""Maximum number of levels of a network; with it, images are padded to multiples of 256 pixels."""
Widths = tuple[Annotated[int, bounded(ge=1, le=4096)], ...]
Blocks = tuple[Annotated[int, bounded(ge=0, le=64)], ...]
Slope = Annotated[
    float,
    option(
        "Slope of the residual blocks' activation below zero; with 0 units may die in training.", ge=0, le=1
    ),
]


def require_equal_lengths(options: Options, first: str, *others: str) -> None:
    """Raise OptionError unless these lists among the options are as long as the first, which must not be empty."""
    count = len(getattr(options, first))
    if count == 0:
        raise OptionError(f"{first} must not be empty.")
    for name in others:
        if (length := len(getattr(options, name))) != count:
            flags = [each.replace("_", "-") for each in (name, first)]
            raise OptionError(f"{flags[0]} must have as many values as {flags[1]}, {count}, not {length}.")
