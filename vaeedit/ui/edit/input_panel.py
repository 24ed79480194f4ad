"""Files for a step: an extra input, such as a mask, is chosen among the pictures that were uploaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from vaeedit.extension.specs import MASK, OperationSpec
from vaeedit.options import Field
from vaeedit.ui.document import Document
from vaeedit.ui.edit.parts import QUICK, RAW, Parts
from vaeedit.ui.edit.state import places_of
from vaeedit.ui.form import described, label
from vaeedit.ui.places import changed, pictures_of, with_pictures
from vaeedit.ui.sittings import Sitting


def input_panel(
    parts: Parts, sitting: Sitting, key: int, spec: OperationSpec, name: str, given: Sequence[str]
) -> None:
    """Build it for one extra input, of which `given` are chosen."""
    several = not (spec.takes_mask and name == MASK)
    title = name.replace("-", " ").capitalize()
    uploads = [path.name for path in sorted(places_of(parts.context, sitting).uploads.iterdir())]
    with gr.Group():
        box = gr.Dropdown(
            [*dict.fromkeys([*uploads, *given])],
            value=[*given] if several else next(iter(given), None),
            multiselect=several,
            label=f"{title} (needed)" if name in spec.needs else title,
            info=described(spec.inputs[name]),
            elem_id=f"edit-input-{name}",
            interactive=True,
        )
        button = gr.UploadButton(
            f"Upload a picture for {title.lower()}",
            file_count="multiple" if several else "single",
            type="filepath",
            size="sm",
            elem_id=f"edit-upload-{name}",
        )

    def use(sitting: Sitting, texts: Sequence[str], also: bool = False) -> tuple[Any, ...]:
        places = places_of(parts.context, sitting)

        def change(document: Document) -> Document:
            step = document.entry(key).step
            before = pictures_of(step, spec).get(name, []) if also and several else []
            chosen = [*dict.fromkeys([*before, *map(places.file, texts)])]
            return document.put(key, with_pictures(step, spec, {name: chosen}))

        return parts.edit_shape(sitting, change)

    def choose(chosen: list[str] | str | None, request: gr.Request) -> tuple[Any, ...]:
        texts = [chosen] if isinstance(chosen, str) else chosen or []
        return use(parts.context.sittings.of(request), texts)

    def upload(files: list[str] | str, request: gr.Request) -> tuple[Any, ...]:
        sitting = parts.context.sittings.of(request)
        places = places_of(parts.context, sitting)
        paths = map(Path, [files] if isinstance(files, str) else files)
        return use(sitting, [places.keep(path, path.name) for path in paths], also=True)

    box.input(choose, box, parts.all_outputs, **RAW)
    button.upload(upload, button, parts.all_outputs, **{**QUICK, "trigger_mode": "once"})


def file_panel(parts: Parts, key: int, field: Field) -> None:
    """Build an upload for an option that takes any text: on the page it names no other file."""
    button = gr.UploadButton(
        f"Upload a file for {label(field).lower()}",
        type="filepath",
        size="sm",
        elem_id=f"edit-upload-{field.flag}",
    )

    def upload(file: str, request: gr.Request) -> tuple[Any, ...]:
        sitting = parts.context.sittings.of(request)

        def change(document: Document) -> Document:
            name = places_of(parts.context, sitting).keep(Path(file), Path(file).name)
            step = changed(document.entry(key).step, field, field.parse(name))
            return document.put(key, step)

        return parts.edit_shape(sitting, change)

    button.upload(upload, button, parts.all_outputs, **{**QUICK, "trigger_mode": "once"})
