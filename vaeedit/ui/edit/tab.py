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

    with gr.Row(elem_classes="edit"):
        left, right = gr.Column(scale=0, min_width=340), gr.Column(scale=1)
    with right:
        seen = viewer(lambda asked: rendered(context, asked), elem_id="edit-viewer")
        whole_panel(context, seen, view)
    with left:
        pictures_panel(context, seen, view)
        steps_panel(context, seen, view)
