"""What the parts of the steps' panel share: an edit of the document, and everything on the page that follows from it."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import gradio as gr
from gradio.components import Component

from vaeedit.errors import VaeeditError
from vaeedit.plain import plain
from vaeedit.ui.context import Context
from vaeedit.ui.document import Document
from vaeedit.ui.edit.export_panel import exports
from vaeedit.ui.edit.state import document_of, keep
from vaeedit.ui.edit.step_list import rows
from vaeedit.ui.engine.desk import Ticket
from vaeedit.ui.sittings import Sitting

QUICK: dict[str, Any] = {
    "api_visibility": "private",
    "concurrency_limit": None,
    "queue": False,
    "show_progress": "hidden",
    "trigger_mode": "always_last",
}
"""Of events that take milliseconds: none is lost while one is under way but those between it and the last.

They do not use Gradio's queue (see `remade`).
"""
RAW: dict[str, Any] = {**QUICK, "preprocess": False}
"""Of events of options: what a component holds is checked by the option's declaration, and never by Gradio."""
_turns = count(1)


@dataclass(frozen=True)
class Parts:
    """The components that show the document of a sitting."""

    context: Context
    viewer: Component
    shown: Callable[[Sitting], Any]
    """The viewer's value for a sitting."""
    listing: gr.HTML
    said: Component
    """What was wrong with the last edit."""
    undo: Component
    redo: Component
    seed: Component
    exported: Component
    turn: gr.HTML
    """Another number when the options of a step have to be made again."""
    suitable: dict[str, Ticket] = field(default_factory=dict)
    """Of each operation: which installed VAEs suit."""

    @property
    def outputs(self) -> list[Component]:
        """Of events that change values: nothing is made again, so that a slider can move."""
        return [self.listing, self.said, self.undo, self.redo, self.exported, self.viewer]

    @property
    def all_outputs(self) -> list[Component]:
        """Of events after which another step, or another form, is shown."""
        return [*self.outputs, self.seed, self.turn]

    def edit(self, sitting: Sitting, change: Callable[[Document], Document]) -> tuple[Any, ...]:
        """Change the sitting's document; the values of `outputs`. What is wrong is said, and the document stays."""
        said: Sequence[str] = ()
        with sitting.lock:
            before = document_of(sitting)
            try:
                keep(sitting, change(before))
            except VaeeditError as error:
                said = error.lines
            document = document_of(sitting)
        return (
            rows(document),
            said_in([sitting.named(line) for line in said]),
            gr.update(interactive=bool(document.before)),
            gr.update(interactive=bool(document.after)),
            exports(document, self.context.registry),
            gr.skip() if document == before else self.shown(sitting),
        )

    def edit_shape(self, sitting: Sitting, change: Callable[[Document], Document]) -> tuple[Any, ...]:
        """The same, with the values of `all_outputs`."""
        return (*self.edit(sitting, change), document_of(sitting).seed, next(_turns))


def said_in(lines: Sequence[str]) -> Any:
    """Sentences that screen readers say at once; nothing for no lines."""
    shown = "<br>".join(html.escape(plain(line)) for line in lines)
    return gr.update(value=f'<p role="alert" class="said">{shown}</p>', visible=bool(lines))
