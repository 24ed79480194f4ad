"""The pictures of the tab Edit: drop, paste or choose them; the strip shows all of them."""

import asyncio
import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from vaeedit.errors import VaeeditError
from vaeedit.ui.context import Context
from vaeedit.ui.edit.look import look
from vaeedit.ui.edit.pictures import Picture, kept, new_id, pictures_of, samples
from vaeedit.ui.edit.strip import strip, strip_of
from vaeedit.ui.sittings import Sitting


def pictures_panel(context: Context, viewer: gr.HTML, shown: Callable[[Sitting], dict[str, Any]]) -> None:
    """Build it; `shown` gives the viewer's value after every change."""
    files = gr.File(
        label="Pictures: drop, paste or choose them",
        file_count="multiple",
        height=110,
        elem_id="pictures-drop",
    )
    sample = gr.Dropdown([*samples()], value=None, label="Or take a sample", elem_id="pictures-sample")
    said = gr.HTML(elem_id="pictures-said", elem_classes="said")
    row = strip()
    remove = gr.Button("Remove this picture", size="sm", elem_id="pictures-remove")

    async def added(uploads: list[str] | None, request: gr.Request) -> tuple[Any, ...]:
        sitting = context.sittings.of(request)
        problems = [await add(context, sitting, Path(upload)) for upload in uploads or []]
        return (None, None, listed(filter(None, problems)), strip_of(pictures_of(sitting)), shown(sitting))

    async def sampled(name: str | None, request: gr.Request) -> Any:
        return await added([str(samples()[name])], request) if name in samples() else gr.skip()

    def chosen(event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        sitting = context.sittings.of(request)
        pictures_of(sitting).shown = str(event.id)
        return strip_of(pictures_of(sitting)), shown(sitting)

    def removed(request: gr.Request) -> tuple[Any, ...]:
        sitting = context.sittings.of(request)
        gone = pictures_of(sitting).remove_shown()
        if gone is not None:
            gone.path.unlink(missing_ok=True)
        return strip_of(pictures_of(sitting)), shown(sitting)

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    files.upload(added, files, [files, sample, said, row, viewer], **quiet)
    sample.change(sampled, sample, [files, sample, said, row, viewer], **quiet)
    row.choose(chosen, None, [row, viewer], **quiet)
    remove.click(removed, None, [row, viewer], **quiet)


async def add(context: Context, sitting: Sitting, upload: Path) -> str:
    """Add one picture; returns what was wrong with it."""
    path = kept(sitting, upload)
    thumbnail = path.with_name("thumbnail.png")
    try:
        ticket = context.desk.submit(sitting.key, look, path, thumbnail, lane="preview")
        seen = await asyncio.wrap_future(ticket.future)
        picture = Picture(new_id(), path, seen.width, seen.height, thumbnail, seen.warnings)
        pictures_of(sitting).add(picture)
    except VaeeditError as error:
        path.unlink(missing_ok=True)
        return sitting.named(str(error))
    return "; ".join(f"{path.name}: {warning}" for warning in seen.warnings)


def listed(sentences: Any) -> str:
    """Sentences as HTML; they may hold names of files."""
    return "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
