"""The tab Explore."""

from typing import Any

import gradio as gr

from vaeedit.errors import VaeeditError
from vaeedit.ui.context import Context
from vaeedit.ui.edit.options_panel import forget_last_form
from vaeedit.ui.edit.parts import QUICK, said_in
from vaeedit.ui.edit.pictures import samples
from vaeedit.ui.edit.strip import strip, strip_of
from vaeedit.ui.edit.whole_panel import SAVE
from vaeedit.ui.engine.desk import Cancelled
from vaeedit.ui.explore import opening
from vaeedit.ui.explore.board import Board, board
from vaeedit.ui.explore.parts import EVENTS, Parts
from vaeedit.ui.explore.state import exploring
from vaeedit.ui.explore.view import replied
from vaeedit.ui.remade import remade, turn
from vaeedit.ui.viewer import viewer


def explore_tab(context: Context, tab: gr.Tab) -> None:
    """The VAE, the pictures and the controls at the left, what they decode to at the right."""
    with gr.Row(elem_classes="explore"):
        with gr.Column(scale=0, min_width=360):
            vae = gr.Dropdown([], label="VAE", elem_id="explore-vae", interactive=True)
            facts = gr.HTML("", elem_id="explore-facts", padding=False)
            start = gr.Radio(
                [opening.PICTURES, opening.DRAWS],
                label="Start with",
                elem_id="explore-start",
                interactive=True,
                visible=False,
            )
            mine = gr.Column(elem_id="explore-pictures")
            with mine:
                row = strip()
            controls = gr.Column()
        with gr.Column(scale=1, elem_classes="seen"):
            seen = viewer(lambda asked: replied(context, asked), elem_id="explore-viewer")
            warned = gr.HTML("", visible=False, elem_id="explore-said")
            foot = gr.Row()
            with foot:
                compare = gr.Checkbox(
                    False, label="Compare with the picture", elem_id="explore-compare", interactive=True
                )
    parts = Parts(context, vae, facts, start, mine, row, turn(), seen, warned, compare)
    parts.listen(tab.select, opening.begin)
    parts.listen(vae.input, opening.choose, vae)
    parts.listen(start.input, opening.start_with, start)
    with mine:
        _sources(parts)
    with foot:
        _foot(parts)
    with controls:
        _controls(parts)


def _sources(parts: Parts) -> None:
    """Where pictures come from, and how they go."""
    files = gr.File(
        label="Add pictures, up to four",
        file_count="multiple",
        height=120,
        elem_id="explore-drop",
    )
    with gr.Row():
        sample = gr.Dropdown(
            [*samples()], value=None, label="Or take a sample", elem_id="explore-sample", interactive=True
        )
        with gr.Column(min_width=140):
            edited = gr.Button("Take the picture of Edit", size="sm", elem_id="explore-take")
            remove = gr.Button("Remove this picture", size="sm", elem_id="explore-remove")

    def picked(event: gr.EventData, request: gr.Request) -> Any:
        pictures = exploring(parts.context.sittings.of(request)).pictures
        pictures.shown = str(event.id)
        return strip_of(pictures)

    parts.row.choose(picked, None, parts.row, **QUICK)
    parts.listen(files.upload, opening.upload, files)
    files.upload(lambda: None, None, files, **EVENTS)
    parts.listen(sample.change, opening.sample, sample)  # `input` comes twice for one click
    sample.change(lambda: None, None, sample, **EVENTS)
    parts.listen(edited.click, opening.take)
    parts.listen(remove.click, opening.remove)


def _foot(parts: Parts) -> None:
    """What can be done with the picture that is shown."""
    context = parts.context
    reset = gr.Button("Reset the controls", elem_id="explore-reset", min_width=120)
    save = gr.Button("Download PNG", elem_id="explore-download", min_width=120)
    address = gr.Textbox(visible=False)

    async def saved(request: gr.Request) -> tuple[Any, str]:
        sitting = context.sittings.of(request)
        try:
            return said_in([]), await opening.download(context, sitting)
        except Cancelled:
            return gr.skip(), ""
        except VaeeditError as error:
            return said_in([sitting.named(line) for line in error.lines]), ""

    parts.listen(reset.click, opening.reset)
    save.click(saved, None, [parts.warned, address], **EVENTS).then(None, address, None, js=SAVE)


def _controls(parts: Parts) -> None:
    """The controls of the scene, which are made again only when it changes, never while one moves."""
    of = parts.context.sittings.of

    def made(request: gr.Request) -> None:
        forget_last_form()
        state = exploring(of(request))
        if state.known is not None:
            _listen(parts, board(parts.context.registry, state.known, state.names))

    remade(parts.turn, made)


def _listen(parts: Parts, made: Board) -> None:
    """Show the picture of every move of the controls."""

    async def moved(request: gr.Request, compared: bool, *values: Any) -> Any:
        sitting = parts.context.sittings.of(request)
        exploring(sitting).compare = compared
        try:
            shown, warnings = await opening.shown(parts.context, sitting, made.move(values))
        except Cancelled:
            return gr.skip(), gr.skip()
        except VaeeditError as error:
            return gr.skip(), said_in([sitting.named(line) for line in error.lines])
        return shown, said_in(warnings)

    inputs = [parts.compare, *made.parts]
    gr.on([part.input for part in inputs], moved, inputs, [parts.viewer, parts.warned], **QUICK)
