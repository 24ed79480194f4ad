"""The tab Explore."""

import gradio as gr

from vaeedit.ui.context import Context


def explore_tab(context: Context) -> None:
    """Nothing yet."""
    gr.Markdown("")
