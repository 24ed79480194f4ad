"""The viewer: before and after on one canvas, with zoom, a divider and maps; the browser asks for the region that is seen."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from vaeedit.ui.static import text

SCRIPTS = ("geometry", "tiles", "drawing", "asking", "gestures", "panel", "viewer")
"""The JavaScript in the order in which it is joined; the last file starts the viewer."""


def viewer(
    render: Callable[[dict[str, Any]], Mapping[str, Any]],
    value: Mapping[str, Any] | None = None,
    *,
    label: str = "Picture",
    **more: Any,
) -> gr.HTML:
    """A viewer whose pixels come from `render`.

    `value` is what is seen: {"key", "picture", "name", "version", "width", "height", "maps", "state", "message"} and
    optionally "layers" (["after"] for a picture without a divider). It is None, or has no width, where there is no
    picture; `version` changes whenever the pixels would. `render` is called in a thread for each look with {"key",
    "picture", "version", "region", "width", "height", "layers", "finer"}: the region as fractions [x0, y0, x1, y1], the
    pixels to fill, and how often this look was answered coarsely. It returns {"version", "region", "layers", "exact",
    "scale", "note", "error", "ranges", "size"}: layers as data URLs of PNG, a scale below 1 for a coarse answer that a
    finer one may follow, for gray maps, which the viewer colors, the values [low, high] of black and white, and the size
    [width, height] of the result if it may differ from that of `value`. `more` goes to `gr.HTML`.
    """

    def region(asked: dict[str, Any]) -> Mapping[str, Any]:
        return render(asked)

    return gr.HTML(
        value,
        label=label,
        html_template=text("viewer/viewer.html"),
        css_template=text("viewer/viewer.css"),
        js_on_load="\n".join(text(f"viewer/{name}.js") for name in SCRIPTS),
        apply_default_css=False,
        server_functions=[region],
        **more,
    )
