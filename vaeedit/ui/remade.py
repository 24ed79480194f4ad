"""Forms that are made again when a number on the page changes.

The number of `gr.State` works only for events that go through Gradio's queue, and the queue loses replies: the one to an
event that comes while the stream of replies is closing stays on the server until the next event.
"""

from collections.abc import Callable

import gradio as gr

SCRIPT = "watch('value', () => trigger('apply'));"


def turn() -> gr.HTML:
    """The number, of which nothing is seen; it is an output of the events after which a form is made again."""
    return gr.HTML(0, html_template="", js_on_load=SCRIPT, elem_classes="turn", padding=False)


def remade(turn: gr.HTML, make: Callable[[gr.Request], None]) -> None:
    """Make a form here, at every change of the number."""
    gr.render(triggers=[turn.apply], queue=False, concurrency_limit=None, show_progress="hidden")(make)
