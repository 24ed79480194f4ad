"""The pad: a slider in two directions between pictures."""

import base64
from collections.abc import Sequence
from typing import Any

import gradio as gr

from vaeedit.ui.static import text


def pad(corners: Sequence[tuple[str, bytes]], **more: Any) -> gr.HTML:
    """A slider between two to four pictures, (name, PNG of a small one or b""); with two, in one direction.

    Its value is {"x", "y"}, from 0 at the first picture to 1, and its event is `input`. `more` goes to `gr.HTML`.
    """
    return gr.HTML(
        {"x": 0.0, "y": 0.0},
        html_template=text("pad/pad.html"),
        css_template=text("pad/pad.css"),
        js_on_load=text("pad/pad.js"),
        apply_default_css=False,
        corners=[{"name": name, "src": _address(png)} for name, png in corners],
        **more,
    )


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else ""
