"""How the page looks: fonts of the system only, so that no request leaves the machine."""

from importlib.resources import files

import gradio as gr


def theme() -> gr.themes.Base:
    """The theme of all components."""
    return gr.themes.Base(
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
        primary_hue="blue",
        neutral_hue="gray",
    )


def css() -> str:
    """The style sheet of the page."""
    return (files("vaeedit.ui") / "static" / "page.css").read_text()
