"""The tab Edit."""

import gradio as gr

from vaeedit.ui.context import Context


def edit_tab(context: Context) -> None:
    """Pictures and steps at the left, the viewer at the right."""
    gr.Markdown("Drop pictures here.")
