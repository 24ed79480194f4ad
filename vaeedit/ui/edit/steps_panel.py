"""The panel of the steps: add, select, switch, move and remove them, undo, open and export."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.components import Component

from vaeedit.errors import UsageError
from vaeedit.extension.registry import GROUP, Registry
from vaeedit.options import fields
from vaeedit.pipeline.step import Step
from vaeedit.settings import Settings
from vaeedit.ui.context import Context
from vaeedit.ui.document import Document
from vaeedit.ui.edit.export_panel import export_panel
from vaeedit.ui.edit.open_panel import open_panel
from vaeedit.ui.edit.options_panel import options_panel
from vaeedit.ui.edit.parts import QUICK, RAW, Parts
from vaeedit.ui.edit.step_list import step_list
from vaeedit.ui.form import start
from vaeedit.ui.places import changed, options_of
from vaeedit.ui.remade import turn
from vaeedit.ui.sittings import Sitting

SAID = """p { margin: 0; padding: 6px 8px; border-left: 3px solid var(--error-icon-color);
color: var(--error-text-color); background: var(--error-background-fill); }"""


def steps_panel(context: Context, viewer: Component, shown: Callable[[Sitting], Any]) -> None:
    """Build the panel. `shown` gives the viewer's new value for a sitting whose document has changed."""
    adding = gr.Dropdown(
        operations(context.registry),
        value=None,
        label="Add a step",
        elem_id="edit-operation",
        interactive=True,
    )
    listing = step_list(elem_id="edit-steps")
    said = gr.HTML("", elem_id="edit-said", visible=False, css_template=SAID)
    with gr.Row():
        undo = gr.Button("Undo", size="sm", min_width=60, interactive=False, elem_id="edit-undo")
        redo = gr.Button("Redo", size="sm", min_width=60, interactive=False, elem_id="edit-redo")
    options = gr.Column()
    field = fields(Settings)["seed"]
    seed = gr.Number(
        0, label="Seed", info=field.description, minimum=0, precision=0, elem_id="edit-seed", interactive=True
    )
    exported = export_panel()
    parts = Parts(context, viewer, shown, listing, said, undo, redo, seed, exported, turn())
    with options:
        options_panel(parts)
    open_panel(parts)
    _listen(parts, adding)


def operations(registry: Registry) -> list[tuple[str, str]]:
    """Every operation of every plugin: what is shown, and its name. One whose name another plugin has is 'plugin:name'."""
    found = registry.operations
    names = {item.qualified: name for name, item in found.bare.items()}
    chosen = {names.get(qualified, qualified): item for qualified, item in found.qualified.items()}
    return [
        (
            f"{name}: {item.spec.summary}"
            + ("" if item.distribution == GROUP else f" ({item.distribution})"),
            name,
        )
        for name, item in sorted(chosen.items())
    ]


def new_step(registry: Registry, operation: object) -> Step:
    """A step with first values for the options that are required; raises UnknownName."""
    spec = registry.operations.find(str(operation)).spec
    step = Step(str(operation))
    for field in options_of(spec).values():
        if field.required and (value := start(field)) is not None:
            step = changed(step, field, field.parse(value))
    return step


def _listen(parts: Parts, adding: Component) -> None:
    of = parts.context.sittings.of

    def add(operation: str | None, request: gr.Request) -> Any:
        if not operation:  # the drop-down was emptied, below
            return gr.skip()
        step = new_step(parts.context.registry, operation)
        return (*parts.edit_shape(of(request), lambda document: document.add(step)), None)

    def act(request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        return parts.edit_shape(of(request), lambda document: acted(document, event._data))

    def undo(request: gr.Request) -> tuple[Any, ...]:
        return parts.edit_shape(of(request), Document.undo)

    def redo(request: gr.Request) -> tuple[Any, ...]:
        return parts.edit_shape(of(request), Document.redo)

    def sow(seed: float | None, request: gr.Request) -> tuple[Any, ...]:
        field = fields(Settings)["seed"]
        return parts.edit(of(request), lambda document: document.sow(field.parse(seed or 0), moving="seed"))

    adding.change(add, adding, [*parts.all_outputs, adding], **QUICK)
    parts.listing.act(act, None, parts.all_outputs, **{**QUICK, "trigger_mode": "multiple"})
    parts.undo.click(undo, None, parts.all_outputs, **{**QUICK, "trigger_mode": "multiple"})
    parts.redo.click(redo, None, parts.all_outputs, **{**QUICK, "trigger_mode": "multiple"})
    parts.seed.input(sow, parts.seed, parts.outputs, **RAW)


def acted(document: Document, said: Any) -> Document:
    """The document after what was pressed in the list; raises UsageError for anything else."""
    match said:
        case {"action": "select", "key": int(key)}:
            return document.select(key)
        case {"action": "switch", "key": int(key), "on": bool(on)}:
            return document.switch(key, on)
        case {"action": "up", "key": int(key)}:
            return document.move(key, -1)
        case {"action": "down", "key": int(key)}:
            return document.move(key, 1)
        case {"action": "remove", "key": int(key)}:
            return document.remove(key)
    raise UsageError("The page asked for something that it has no button for.")
