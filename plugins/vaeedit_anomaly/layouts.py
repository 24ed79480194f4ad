"""Layouts of normal pictures: whether each place always shows the same part."""

from typing import Literal, get_args

Layout = Literal["aligned", "texture", "free"]
"""Aligned: the same place of all pictures shows the same part. Texture: all places of all pictures show the same material.
Free: pictures show different parts, at no fixed places."""
AUTO = "auto"
"""The layout is found out."""
LAYOUTS: tuple[str, ...] = get_args(Layout)
