"""The options of the step that is selected, made from the spec of its operation."""

import html
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from vaeedit.errors import VaeeditError
from vaeedit.extension.specs import MASK, OperationSpec
from vaeedit.options import Field, fields
from vaeedit.pipeline.step import Step
from vaeedit.plain import plain
from vaeedit.settings import Masking
from vaeedit.ui.document import Document
from vaeedit.ui.edit.input_panel import file_panel, input_panel
from vaeedit.ui.edit.parts import RAW, Parts
from vaeedit.ui.edit.state import document_of, places_of
from vaeedit.ui.engine.desk import Cancelled
from vaeedit.ui.form import Control, control
from vaeedit.ui.places import changed, pictures_of
from vaeedit.ui.remade import remade
from vaeedit.ui.sittings import Sitting
from vaeedit.ui.suitable import suitable

PATIENCE = 1
"""Seconds that a form waits for a worker to look at the installed VAEs; they are on the next one if that takes longer."""


def options_panel(parts: Parts) -> None:
    """Build the place of the options; they are made again only when another step is shown, never while a slider moves."""
    of = parts.context.sittings.of

    def show(request: gr.Request) -> None:
        forget_last_form()
        sitting = of(request)
        entry = document_of(sitting).current
        if entry is not None:
            _form(parts, sitting, entry.key, entry.step)

    remade(parts.turn, show)


def forget_last_form() -> None:
    """Remove the components of the form before, which Gradio would keep as long as the page is open."""
    blocks, maker = LocalContext.blocks_config.get().blocks, LocalContext.renderable.get()
    for key in [key for key, block in blocks.items() if _is_inside(block.parent, maker.container_id)]:
        del blocks[key]


def _is_inside(block: Any, container: int) -> bool:
    """Whether a block is the container, or inside it."""
    return block is not None and (block._id == container or _is_inside(block.parent, container))


def _form(parts: Parts, sitting: Sitting, key: int, step: Step) -> None:
    """All that can be set of a step: pictures that it needs, its options, other pictures, then the rest."""
    spec = parts.context.registry.operations.find(step.operation).spec
    title = html.escape(plain(step.name or step.operation))
    gr.HTML(
        f"<h2>{title}</h2><p>{html.escape(plain(spec.summary))}</p>", elem_id="edit-options", padding=False
    )
    given = pictures_of(step, spec)
    for name in sorted(spec.inputs, key=lambda name: name not in spec.needs):
        if name in spec.needs:
            input_panel(parts, sitting, key, spec, name, given.get(name, []))
    for field in fields(spec.options).values():
        _option(parts, key, field, step)
    others = [name for name in spec.inputs if name not in spec.needs]
    vaes = _vaes(parts, spec, step)
    what = [*others, *(["maps"] if spec.maps else []), *(["VAE"] if vaes else [])]
    if not what:
        return
    is_used = bool(step.maps or step.vae or any(name in given for name in others))
    with gr.Accordion(_sentence(what), open=is_used, elem_id="edit-more"):
        for name in others:
            input_panel(parts, sitting, key, spec, name, given.get(name, []))
        if spec.takes_mask and MASK in given:
            for field in fields(Masking).values():
                _option(parts, key, field, step)
        if spec.maps:
            _maps(parts, key, spec, step)
        if vaes:
            _vae(parts, key, spec, step, vaes)


def _sentence(words: list[str]) -> str:
    """'Mask, maps and VAE'."""
    text = " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    return text[0].upper() + text[1:].replace("-", " ")


def _option(parts: Parts, key: int, field: Field, step: Step) -> None:
    """The control of one option, and what happens when it moves."""
    made = control(field, step.options.get(field.name, field.default))

    def put(document: Document, sitting: Sitting, raw: tuple[Any, ...]) -> Document:
        value = places_of(parts.context, sitting).option(field, field.parse(made.read(*raw)))
        step = changed(document.entry(key).step, field, value)
        return document.put(key, step, moving=(key, field.name))

    def move(request: gr.Request, *raw: Any) -> tuple[Any, ...]:
        sitting = parts.context.sittings.of(request)
        return parts.edit(sitting, lambda document: put(document, sitting, raw))

    def settle(request: gr.Request, *raw: Any) -> tuple[Any, ...]:
        sitting = parts.context.sittings.of(request)
        return parts.edit(sitting, lambda document: put(document, sitting, raw).settled())

    _listen(parts, made, move, settle)
    if field.is_free:
        file_panel(parts, key, field)


def _listen(parts: Parts, made: Control, move: Callable[..., Any], settle: Callable[..., Any]) -> None:
    """Sliders and boxes of numbers act while they move, text at its end, all others at once."""
    inputs, outputs = [*made.parts], parts.outputs
    for part in made.parts:
        if isinstance(part, gr.Textbox):
            part.submit(settle, inputs, outputs, **RAW)
            part.blur(settle, inputs, outputs, **RAW)
        elif isinstance(part, gr.Slider | gr.Number):
            part.input(move, inputs, outputs, **RAW)
            end = part.release if isinstance(part, gr.Slider) else part.blur
            end(settle, inputs, outputs, **RAW)
        elif isinstance(part, gr.Checkbox | gr.Dropdown):
            part.input(settle, inputs, outputs, **RAW)
    if made.number is not None and isinstance(made.parts[0], gr.Checkbox | gr.Dropdown):
        made.parts[0].input(
            lambda chosen: gr.update(visible=made.needs_number(chosen)), made.parts[0], made.number, **RAW
        )


def _maps(parts: Parts, key: int, spec: OperationSpec, step: Step) -> None:
    """Which side results are made."""
    choices = [(f"{name}: {text}", name) for name, text in spec.maps.items()]
    box = gr.CheckboxGroup(choices, value=[*step.maps], label="Maps", elem_id="edit-maps", interactive=True)

    def choose(maps: list[str], request: gr.Request) -> tuple[Any, ...]:
        known = [name for name in spec.maps if name in maps]
        return parts.edit(
            parts.context.sittings.of(request),
            lambda document: document.put(key, document.entry(key).step.but(maps=known)),
        )

    box.input(choose, box, parts.outputs, **RAW)


def _vaes(parts: Parts, spec: OperationSpec, step: Step) -> list[tuple[str, str]]:
    """The VAEs to choose from, with what is shown of each; empty if there is no choice."""
    if not spec.uses_vae:
        return []
    names = [*_suitable(parts, step.operation), *filter(None, [step.vae])]
    own = [(f"{spec.vae} (its own)", "")] if spec.vae else []
    others = [(name, name) for name in dict.fromkeys(names) if name != spec.vae]
    return [*own, *others] if others or parts.context.root else []


def _vae(parts: Parts, key: int, spec: OperationSpec, step: Step, vaes: list[tuple[str, str]]) -> None:
    """The VAE: one that is installed and suits, or any file below the root."""
    root = parts.context.root
    info = (
        "An installed VAE that suits."
        if root is None
        else "An installed VAE that suits, or a file below --root."
    )
    box = gr.Dropdown(
        vaes,
        value=step.vae or ("" if spec.vae else None),
        label="VAE",
        info=info,
        allow_custom_value=root is not None,
        elem_id="edit-vae",
        interactive=True,
    )

    def choose(name: str | None, request: gr.Request) -> tuple[Any, ...]:
        sitting = parts.context.sittings.of(request)

        def change(document: Document) -> Document:
            vae = places_of(parts.context, sitting).vae(name) if name else None
            return document.put(key, document.entry(key).step.but(vae=None if vae == spec.vae else vae))

        return parts.edit(sitting, change)

    box.input(choose, box, parts.outputs, **RAW)


def _suitable(parts: Parts, operation: str) -> list[str]:
    """The installed VAEs that suit, asked of a worker once; none while that is not known, or fails."""
    ticket = parts.suitable.get(operation)
    if ticket is None:
        ticket = parts.suitable[operation] = parts.context.desk.submit("VAEs", suitable, operation)
    try:
        names: list[str] = ticket.result(PATIENCE)
    except TimeoutError:
        return []
    except (VaeeditError, Cancelled):
        del parts.suitable[operation]
        return []
    return names
