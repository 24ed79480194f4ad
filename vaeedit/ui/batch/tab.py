"""The tab Batch."""

import gradio as gr

from vaeedit.ui.context import Context


def batch_tab(context: Context) -> None:
    """Nothing yet."""
    gr.Markdown("")
