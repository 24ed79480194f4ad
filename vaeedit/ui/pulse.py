"""A clock of the page: it ticks only while somebody looks."""

from typing import Any

import gradio as gr

from vaeedit.ui.static import text

QUIET: dict[str, Any] = {
    "api_visibility": "private",
    "concurrency_limit": None,
    "queue": False,
    "show_progress": "hidden",
    "trigger_mode": "once",
}
"""Of events that take milliseconds and come again by themselves; pages do not wait for each other."""


def pulse(seconds: float) -> gr.HTML:
    """A component with the event `pulse`, every `seconds` while its tab is shown, in a browser window that is not hidden."""
    return gr.HTML("", js_on_load=text("pulse.js"), seconds=seconds)
