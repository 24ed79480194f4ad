"""A clock of the page: it ticks only while somebody looks."""

import gradio as gr

from vaeedit.ui.static import text


def pulse(seconds: float) -> gr.HTML:
    """A component with the event `pulse`, every `seconds` while its tab is shown, in a browser window that is not hidden."""
    return gr.HTML("", js_on_load=text("pulse.js"), seconds=seconds)
