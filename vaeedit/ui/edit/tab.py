"""The tab Edit."""

from typing import Any

import gradio as gr

from vaeedit.ui.context import Context
from vaeedit.ui.edit.pictures_panel import pictures_panel
from vaeedit.ui.sittings import Sitting


def edit_tab(context: Context) -> None:
    """Pictures and steps at the left, the viewer at the right."""

    def shown(sitting: Sitting) -> dict[str, Any]:
        return {}

    with gr.Row():
        with gr.Column(scale=0, min_width=340):
            beside = gr.HTML(render=False)
            pictures_panel(context, beside, shown)
        with gr.Column(scale=1):
            beside.render()
