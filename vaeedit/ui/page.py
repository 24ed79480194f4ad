"""The page and its tabs."""

import gradio as gr

from vaeedit.ui.batch.tab import batch_tab
from vaeedit.ui.context import Context
from vaeedit.ui.edit.tab import edit_tab
from vaeedit.ui.explore.tab import explore_tab
from vaeedit.ui.runs.tab import runs_tab


def page(context: Context) -> gr.Blocks:
    """The page as Gradio's blocks."""

    with gr.Blocks(title="vaeedit", analytics_enabled=False) as blocks:
        gr.HTML("<h1>vaeedit</h1>", elem_classes="only-read")
        with gr.Tabs():
            with gr.Tab("Edit"):
                edit_tab(context)
            with gr.Tab("Explore") as explore:
                explore_tab(context, explore)
            with gr.Tab("Runs"):
                runs_tab(context)
            with gr.Tab("Batch"):
                batch_tab(context)
        blocks.unload(lambda: None)  # with it, browsers tell the server when a page is closed
    return blocks
