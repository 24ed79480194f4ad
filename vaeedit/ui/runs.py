"""The tab Runs."""

import gradio as gr

from vaeedit.ui.context import Context


def runs_tab(context: Context) -> None:
    """Nothing yet."""
    gr.Markdown("")
