"""Whole results: made on demand with progress, cancelled at once, downloaded in any format, alone or as a zip."""

import html
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from vaeedit.errors import UsageError, VaeeditError
from vaeedit.image import FORMATS
from vaeedit.settings import POLICIES, Policy
from vaeedit.ui.context import Context
from vaeedit.ui.downloads import offered
from vaeedit.ui.edit.making import Cancelled, cancel, make
from vaeedit.ui.edit.parts import said_in
from vaeedit.ui.edit.pictures import Picture, pictures_of
from vaeedit.ui.edit.results import made_of
from vaeedit.ui.edit.saving import saved_as, zipped
from vaeedit.ui.sittings import Sitting

AS_INPUT = "as the picture"
SAVE = "(url) => { if (url) Object.assign(document.createElement('a'), { href: url, download: '' }).click(); }"
"""JavaScript that saves what is at an address."""
SLOW: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": None, "show_progress": "hidden"}
Values = tuple[Any, ...]


def whole_panel(context: Context, viewer: gr.HTML, shown: Callable[[Sitting], Any]) -> None:
    """Build it; `shown` gives the viewer's value when a result is there."""
    with gr.Row(elem_id="edit-whole"):
        one = gr.Button("Make the whole result", variant="primary", elem_id="edit-run", min_width=160)
        every = gr.Button("Make all pictures", elem_id="edit-run-all", min_width=140)
        stop = gr.Button("Cancel", variant="stop", elem_id="edit-cancel", interactive=False, min_width=90)
    said = gr.HTML("", elem_id="edit-progress", padding=False)
    with gr.Row():
        ending = gr.Dropdown([AS_INPUT, *(key[1:] for key in FORMATS)], label="Format", value=AS_INPUT, elem_id="edit-format", min_width=120)
        policy = gr.Dropdown([*POLICIES], label="Metadata", value=POLICIES[0], elem_id="edit-metadata", min_width=110)
        save = gr.Button("Download", elem_id="edit-download", min_width=110)
        save_all = gr.Button("Download all (zip)", elem_id="edit-download-all", min_width=140)
    address = gr.Textbox(visible=False)

    async def one_made(request: gr.Request) -> AsyncIterator[Values]:
        async for values in _made(context.sittings.of(request), False):
            yield values

    async def all_made(request: gr.Request) -> AsyncIterator[Values]:
        async for values in _made(context.sittings.of(request), True):
            yield values

    async def _made(sitting: Sitting, every_one: bool) -> AsyncIterator[Values]:
        try:
            async for making in make(context, sitting, chosen(sitting, every_one)):
                yield _busy(True), _busy(True), _busy(False), bar(making.done, making.text), gr.skip()
            text = _notes(sitting, chosen(sitting, every_one))
        except Cancelled:
            text = said_in(["Cancelled."])
        except VaeeditError as error:
            text = said_in([sitting.named(line) for line in error.lines])
        yield _busy(False), _busy(False), _busy(True), text, shown(sitting)

    async def saved(ending: str, policy: Policy, request: gr.Request) -> Values:
        return await _saved(context.sittings.of(request), ending, policy, False)

    async def all_saved(ending: str, policy: Policy, request: gr.Request) -> Values:
        return await _saved(context.sittings.of(request), ending, policy, True)

    async def _saved(sitting: Sitting, ending: str, policy: Policy, every_one: bool) -> Values:
        form = None if ending == AS_INPUT else f".{ending}"
        try:
            pictures = chosen(sitting, every_one)
            save_as = zipped if every_one else saved_as
            path, warnings = await save_as(context, sitting, pictures, form, policy)
        except Cancelled:
            return gr.skip(), ""
        except VaeeditError as error:
            return said_in([sitting.named(line) for line in error.lines]), ""
        return said_in(warnings or [f"{path.name} is saved."]), offered(sitting, path)

    def stopped(request: gr.Request) -> None:
        cancel(context.sittings.of(request))

    making = [one, every, stop, said, viewer]
    one.click(one_made, None, making, **SLOW)
    every.click(all_made, None, making, **SLOW)
    stop.click(stopped, None, None, **SLOW)
    for button, first, then in ((save, one_made, saved), (save_all, all_made, all_saved)):
        begun = button.click(first, None, making, **SLOW)
        begun.then(then, [ending, policy], [said, address], **SLOW).then(None, address, None, js=SAVE)


def chosen(sitting: Sitting, every: bool) -> list[Picture]:
    """The picture in the viewer, or all pictures; raises UsageError where there is none."""
    pictures = pictures_of(sitting)
    found = [*pictures.by_id.values()] if every else [pictures.current] if pictures.current else []
    if not found:
        raise UsageError("There is no picture; drop one, or take a sample.")
    return found


def bar(done: float, text: str) -> str:
    """A progress bar as HTML; `done` is from 0 to 1."""
    percent = round(100 * done)
    return (
        f'<div class="progress"><progress max="100" value="{percent}" aria-label="Progress"></progress>'
        f'<span role="status">{percent} % {html.escape(text)}</span></div>'
    )


def _notes(sitting: Sitting, pictures: list[Picture]) -> Any:
    """What the operations noted of one picture, or how many there are."""
    made = [found for picture in pictures if (found := made_of(sitting, picture)) is not None]
    if len(pictures) > 1:
        return said_in([f"{len(made)} of {len(pictures)} pictures are made."])
    warnings = [sitting.named(text) for each in made for text in each.whole.warnings]
    return said_in([*(f"The whole result took {each.whole.seconds:.1f} s." for each in made), *warnings])


def _busy(on: bool) -> Any:
    """A button that is off while a result is being made; the button that cancels is on then."""
    return gr.update(interactive=not on)
