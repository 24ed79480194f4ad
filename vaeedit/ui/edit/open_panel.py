"""Open a pipeline file, or the recipe in a picture that was edited, with the pictures that it names."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from vaeedit.errors import PipelineError, UsageError, VaeeditError
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.ui.document import Document
from vaeedit.ui.edit.parts import QUICK, Parts
from vaeedit.ui.edit.state import places_of
from vaeedit.ui.engine.desk import Cancelled
from vaeedit.ui.opened import from_file, from_record, recorded
from vaeedit.ui.places import Places
from vaeedit.ui.sittings import Sitting

ENDINGS = (".yaml", ".yml")
PATIENCE = 120
"""Seconds that a worker may take to read a picture, after the tasks before it."""


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
        try:  # before the document is locked, as it may take long
            pipeline = pipeline_in(
                [Path(file) for file in files or ()], places, partial(_read, parts, sitting)
            )
        except VaeeditError as error:
            return (*parts.edit_shape(sitting, partial(_refused, error)), None)
        return (*parts.edit_shape(sitting, lambda document: document.load(pipeline)), None)

    chosen.upload(opened, chosen, [*parts.all_outputs, chosen], **{**QUICK, "trigger_mode": "once"})


def pipeline_in(files: Sequence[Path], places: Places, read: Callable[[Path], Pipeline]) -> Pipeline:
    """The pipeline of one file among these, the others being what it names; `read` opens a picture. Raises VaeeditError."""
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
        return from_file(chosen[0], places) if texts else from_record(read(chosen[0]), places)
    except VaeeditError as error:  # without the folder of the upload
        raise PipelineError([line.replace(f"{chosen[0].parent}/", "") for line in error.lines]) from None


def _read(parts: Parts, sitting: Sitting, picture: Path) -> Pipeline:
    """The pipeline that a picture records, read by a worker; raises VaeeditError."""
    try:
        pipeline: Pipeline = parts.context.desk.submit(sitting.key, recorded, picture).result(PATIENCE)
    except (TimeoutError, Cancelled):
        raise UsageError(f"{picture.name} was not read in {PATIENCE} seconds; try again.") from None
    return pipeline


def _refused(error: VaeeditError, document: Document) -> Document:
    raise error
