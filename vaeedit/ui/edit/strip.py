"""The strip of a sitting's pictures: small pictures that are buttons."""

import base64
from typing import Any

import gradio as gr

from vaeedit.ui.edit.pictures import Pictures
from vaeedit.ui.static import text


def strip() -> gr.HTML:
    """Small pictures with their names; its event `choose` has the `id` of one that was pressed.

    It is a function, as Gradio writes a file beside the code of every class of components.
    """
    return gr.HTML(
        {"pictures": []},
        html_template=text("strip.html"),
        css_template=text("strip.css"),
        js_on_load=text("strip.js"),
        apply_default_css=False,
    )


def strip_of(pictures: Pictures) -> dict[str, Any]:
    """The value of the strip for pictures."""
    shown = [
        {
            "id": picture.id,
            "name": picture.path.name,
            "pressed": "true" if picture.id == pictures.shown else "false",
            "image": "data:image/png;base64," + base64.b64encode(picture.thumbnail.read_bytes()).decode(),
        }
        for picture in pictures.by_id.values()
    ]
    return {"pictures": shown}
