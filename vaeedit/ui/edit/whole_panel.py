"""Whole results: made on demand with progress, cancelled at once, downloaded in any format, alone or as a zip."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from vaeedit.image import FILMS, FORMATS
from vaeedit.settings import POLICIES
from vaeedit.ui.context import Context
from vaeedit.ui.edit.whole_events import AS_INPUT, RESULT, WholeEvents
from vaeedit.ui.sittings import Sitting

SAVE = (
    "(url) => { if (url) Object.assign(document.createElement('a'), { href: url, download: '' }).click(); }"
)
"""JavaScript that saves what is at an address."""
SLOW: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": None, "show_progress": "hidden"}


def whole_panel(context: Context, viewer: gr.HTML, shown: Callable[[Sitting], Any]) -> None:
    """Build it; `shown` gives the viewer's value when a result is there."""
    with gr.Row(elem_id="edit-whole"):
        one = gr.Button("Make the result", variant="primary", elem_id="edit-run", min_width=130)
        every = gr.Button("Make all", elem_id="edit-run-all", min_width=90)
        stop = gr.Button("Cancel", variant="stop", elem_id="edit-cancel", interactive=False, min_width=90)
    said = gr.HTML("", elem_id="edit-progress", padding=False)
    with gr.Row(elem_id="edit-saving"):
        what = gr.Dropdown([RESULT], label="Download", elem_id="edit-what", min_width=150, interactive=True)
        endings = [AS_INPUT, *(key[1:] for key in {**FORMATS, **FILMS})]
        form = gr.Dropdown(endings, label="Format", elem_id="edit-format", min_width=160, interactive=True)
        policy = gr.Dropdown(
            [*POLICIES], label="Metadata", elem_id="edit-metadata", min_width=120, interactive=True
        )
        save = gr.Button("Download", elem_id="edit-download", min_width=110)
        save_all = gr.Button("Download all (zip)", elem_id="edit-download-all", min_width=140)
    address = gr.Textbox(visible=False)
    events = WholeEvents(context, shown)
    making = [one, every, stop, said, what, viewer]
    one.click(events.make_one, None, making, **SLOW)
    every.click(events.make_all, None, making, **SLOW)
    stop.click(events.cancel, None, None, **SLOW)
    for button, make, name in (
        (save, events.make_one, events.save_one),
        (save_all, events.make_all, events.save_all),
    ):
        made = button.click(make, None, making, **SLOW)
        named = made.then(name, [what, form, policy], [said, address], **SLOW)
        named.then(None, address, None, js=SAVE)
