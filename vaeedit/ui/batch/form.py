"""The form of a new batch."""

import os
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from vaeedit.batch.jobs import EXISTS
from vaeedit.errors import UsageError
from vaeedit.image.files import FORMATS
from vaeedit.ui.batch.listing import Found
from vaeedit.ui.batch.request import Request

EDITED = "-edited"
"""Follows the name of the folder of the pictures where no other output folder is named."""
OF_EDIT = ""
"""Stands for the steps of the tab Edit among the pipelines."""
ANSWERS = {
    "error": "Do nothing at all",
    "overwrite": "Overwrite it",
    "skip": "Skip the picture",
    "unique": "Add a number to the name",
}


@dataclass(frozen=True)
class Form:
    """Its components, in the order of the arguments of `request`."""

    folder: gr.Dropdown
    output: gr.Textbox
    pipeline: gr.Dropdown
    ending: gr.Dropdown
    exists: gr.Dropdown
    recursive: gr.Checkbox
    workers: gr.Slider

    @property
    def inputs(self) -> list[Component]:
        """What an event needs to make a request."""
        return [
            self.folder,
            self.output,
            self.pipeline,
            self.ending,
            self.exists,
            self.recursive,
            self.workers,
        ]


def form() -> Form:
    """Build the form."""
    with gr.Row():
        folder = gr.Dropdown(
            [], value=None, label="Folder of pictures", allow_custom_value=True, elem_id="batch-folder"
        )
        output = gr.Textbox(
            "",
            label="Folder for the results",
            info=f"Empty: the same name with {EDITED}",
            max_lines=1,
            elem_id="batch-output",
        )
        pipeline = gr.Dropdown(
            [("The steps of the tab Edit", OF_EDIT)], value=OF_EDIT, label="Pipeline", elem_id="batch-pipeline",
            allow_custom_value=True,
        )  # fmt: skip
    with gr.Row():
        formats = [("That of each picture", ""), *((ending[1:], ending[1:]) for ending in FORMATS)]
        ending = gr.Dropdown(formats, value="", label="Format of the results", elem_id="batch-format")
        answers = [(ANSWERS[name], name) for name in EXISTS]
        exists = gr.Dropdown(answers, value=EXISTS[0], label="If a result exists", elem_id="batch-exists")
        most = os.cpu_count() or 1
        workers = gr.Slider(
            1, max(2, most), value=1, step=1, label="Worker processes", elem_id="batch-workers"
        )
        recursive = gr.Checkbox(False, label="Sub-folders, too", elem_id="batch-recursive")
    return Form(folder, output, pipeline, ending, exists, recursive, workers)


def choices(found: Found) -> tuple[Any, Any]:
    """The choices of folders and of pipelines."""
    folders = [("the root itself" if name == "." else name, name) for name in found.folders]
    pipelines = [("The steps of the tab Edit", OF_EDIT), *((name, name) for name in found.pipelines)]
    return gr.update(choices=folders), gr.update(choices=pipelines)


def request(
    folder: str | None,
    output: str,
    pipeline: str,
    ending: str,
    exists: Any,
    recursive: bool,
    workers: float,
) -> Request:
    """What the form asks for; raises UsageError for a form that is not filled in."""
    if not folder:
        raise UsageError("Choose a folder of pictures.")
    named = output.strip() or f"{'pictures' if folder == '.' else os.path.normpath(folder)}{EDITED}"
    return Request(
        folder=folder,
        output=named,
        pipeline=pipeline,
        format=ending,
        exists=exists,
        recursive=recursive,
        workers=int(workers),
    )
