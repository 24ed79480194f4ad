"""Types of the options that several networks share."""

from typing import Annotated

from vaeedit.api import bounded

LEVELS = 8
"""Maximum number of levels of a network; with it, images are padded to multiples of 256 pixels."""
Widths = tuple[Annotated[int, bounded(ge=1, le=4096)], ...]
Blocks = tuple[Annotated[int, bounded(ge=0, le=64)], ...]
