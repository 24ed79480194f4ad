"""Open a pipeline file, or the recipe in a picture that was edited, with the pictures that it names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from vaeedit.errors import PipelineError, UsageError, VaeeditError
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.ui.document import Document
from vaeedit.ui.edit.parts import QUICK, Parts
from vaeedit.ui.edit.state import places_of
from vaeedit.ui.opened import from_file, from_picture
from vaeedit.ui.places import Places

ENDINGS = (".yaml", ".yml")


def open_panel(parts: Parts) -> None:
    """Build the panel."""
    with gr.Accordion("Open a pipeline or a recipe", open=False, elem_id="edit-open"):
        gr.Markdown(
            "A pipeline file (.yaml), or a picture that vaeedit has made; choose the other pictures that it names "
            "together with it."
        )
        chosen = gr.File(
            label="Pipeline file or edited picture", file_count="multiple", type="filepath", height=140,
            elem_id="edit-open-file",
        )  # fmt: skip

    def opened(files: list[str] | None, request: gr.Request) -> tuple[Any, ...]:
        sitting = parts.context.sittings.of(request)
        places = places_of(parts.context, sitting)

        def change(document: Document) -> Document:
            return document.load(pipeline_in([Path(file) for file in files or ()], places))

        return (*parts.edit_shape(sitting, change), None)

    chosen.upload(opened, chosen, [*parts.all_outputs, chosen], **{**QUICK, "trigger_mode": "once"})


def pipeline_in(files: Sequence[Path], places: Places) -> Pipeline:
    """The pipeline of one file among these, the others being what it names; raises VaeeditError."""
    texts = [file for file in files if file.suffix.lower() in ENDINGS]
    if len(texts) > 1:
        raise UsageError("Several pipeline files were chosen; choose one, and the pictures that it names.")
    chosen = texts or files[:1]
    if not chosen or (not texts and len(files) > 1):
        raise UsageError(
            "Choose one pipeline file (.yaml) and the pictures that it names, or one picture that was edited."
        )
    for file in files:
        if file not in texts:
            places.keep(file, file.name)
    try:
        return from_file(chosen[0], places) if texts else from_picture(chosen[0], places)
    except VaeeditError as error:  # without the folder of the upload
        raise PipelineError([line.replace(f"{chosen[0].parent}/", "") for line in error.lines]) from None
