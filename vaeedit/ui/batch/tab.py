"""The tab Batch."""

import functools
from collections.abc import Callable
from typing import Any

import gradio as gr

from vaeedit.errors import VaeeditError
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.ui.batch.batches import MOST
from vaeedit.ui.batch.form import OF_EDIT, choices, form, request
from vaeedit.ui.batch.shown import safe_lines
from vaeedit.ui.batch.watching import watching
from vaeedit.ui.context import Context
from vaeedit.ui.edit.state import document_of, places_of
from vaeedit.ui.opened import pipeline_of
from vaeedit.ui.pulse import QUIET, pulse

EVERY = 15
"""Seconds until the page looks for new folders and pipelines."""
NONE = (
    "Start the server with `vaeedit ui --root DIR`: here you then choose a folder of pictures below DIR and edit all of "
    "them with one pipeline. Nothing outside of DIR is read or written."
)
ASKED: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": None, "trigger_mode": "once"}
"""Of the buttons."""


def batch_tab(context: Context) -> None:
    """A form at the top; below it the batches, and how the chosen one goes."""
    batches = context.batches
    if batches is None:
        gr.Markdown(NONE)
        return
    asked = form()
    with gr.Row():
        count = gr.Button("Dry run", elem_id="batch-count")
        start = gr.Button("Start", variant="primary", elem_id="batch-start")
    said = gr.HTML(elem_id="batch-said")
    with gr.Accordion("The same as a command line", open=False):
        command = gr.Code(
            "# Dry run and Start write it here.",
            language="shell",
            show_label=False,
            label="Command line",
            buttons=["copy"],
            interactive=False,
        )
    watched = watching(context, batches)

    def counted(request_: gr.Request, *given: Any) -> Any:
        wanted = request(*given)
        words = wanted.command(batches.root, batches.settings)
        return batches.count(wanted, _pipeline(context, request_, wanted.pipeline)), words, gr.skip()

    def started(request_: gr.Request, *given: Any) -> Any:
        wanted, owner = request(*given), context.sittings.of(request_).key
        running = batches.start(owner, wanted, _pipeline(context, request_, wanted.pipeline))
        words = running.request.command(batches.root, batches.settings)
        return "Started. It goes on when this page is closed.", words, watched.choice(running.request.output)

    outputs = [said, command, watched.chosen]
    count.click(_told(counted), asked.inputs, outputs, **ASKED)
    start.click(_told(started), asked.inputs, outputs, **ASKED).then(
        watched.draw, watched.inputs, watched.outputs, **QUIET
    )
    pulse(EVERY).pulse(lambda: choices(batches.listing.now), None, [asked.folder, asked.pipeline], **QUIET)
    gr.Markdown(
        f"One batch at a time for each page, and {MOST} in all. They end when the server ends, and can then be resumed."
    )


def _pipeline(context: Context, request: gr.Request, name: str) -> Pipeline | None:
    """The pipeline of the tab Edit, if that is chosen; raises VaeeditError where it cannot run yet."""
    if name != OF_EDIT:
        return None
    sitting = context.sittings.of(request)
    return pipeline_of(document_of(sitting), places_of(context, sitting))


def _told(event: Callable[..., Any]) -> Callable[..., Any]:
    """The event, with a sentence as its first output where something is wrong, and the others as they are."""

    @functools.wraps(event)
    def told(request: gr.Request, *given: Any) -> Any:
        try:
            sentence, *others = event(request, *given)
        except VaeeditError as error:
            return f'<p role="alert">{safe_lines(chr(10).join(error.lines))}</p>', gr.skip(), gr.skip()
        return f'<p role="status">{safe_lines(sentence)}</p>', *others

    return told
