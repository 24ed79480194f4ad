"""The tab Edit."""

from typing import Any

import gradio as gr

from vaeedit.ui.context import Context
from vaeedit.ui.edit.pictures_panel import pictures_panel
from vaeedit.ui.edit.steps_panel import steps_panel
from vaeedit.ui.edit.view import rendered, shown
from vaeedit.ui.edit.whole_panel import whole_panel
from vaeedit.ui.sittings import Sitting
from vaeedit.ui.viewer import viewer


def edit_tab(context: Context) -> None:
    """Pictures and steps at the left, the viewer and what is made of them at the right."""

    def view(sitting: Sitting) -> Any:
        return shown(context, sitting)

    seen = viewer(lambda asked: rendered(context, asked), render=False, elem_id="edit-viewer")
    with gr.Row(elem_classes="edit"):
        with gr.Column(scale=0, min_width=340):
            pictures_panel(context, seen, view)
            steps_panel(context, seen, view)
        with gr.Column(scale=1):
            seen.render()
            whole_panel(context, seen, view)
