"""Options that several networks have."""

from typing import Annotated

from vaeedit.api import bounded

LEVELS = 8
"""Levels of a network at most: its sides are then multiples of 512 pixels."""
Widths = tuple[Annotated[int, bounded(ge=1, le=4096)], ...]
Blocks = tuple[Annotated[int, bounded(ge=0, le=64)], ...]
