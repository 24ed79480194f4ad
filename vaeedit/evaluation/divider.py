"""A self-contained HTML page that shows two pictures with a divider between them."""

import base64
from collections.abc import Sequence
from importlib.resources import files
from string import Template

from vaeedit.image import Frame, write_bytes
from vaeedit.plain import in_html

SHOWN = ("JPEG", "PNG", "WEBP", "AVIF")
"""Formats that browsers show, with their color profiles and orientations."""


def divider_page(
    left: str, right: str, sources: tuple[str, str], size: tuple[int, int], lines: Sequence[str]
) -> str:
    """The page; `sources` are the `data_url`s of the pictures called `left` and `right`, `size` is that of the larger one."""
    return Template(files("vaeedit.evaluation").joinpath("divider.html").read_text("utf-8")).substitute(
        left=in_html(left),
        right=in_html(right),
        left_data=sources[0],
        right_data=sources[1],
        width=size[0],
        height=size[1],
        lines="<br>\n".join(map(in_html, lines)),
    )


def data_url(frame: Frame, data: bytes, format: str | None) -> str:
    """The picture inside a page: the bytes of its file if browsers show that format, else a PNG of 8 bits."""
    if format not in SHOWN:
        format, (data, _) = "PNG", write_bytes(frame.as_depth(8), "PNG")
    return f"data:image/{format.lower()};base64,{base64.b64encode(data).decode()}"
