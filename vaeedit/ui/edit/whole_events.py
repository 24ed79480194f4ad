"""What the buttons of whole results do."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from vaeedit.errors import UsageError, VaeeditError
from vaeedit.plain import in_html
from vaeedit.settings import Policy
from vaeedit.ui.context import Context
from vaeedit.ui.downloads import offered
from vaeedit.ui.edit.making import Cancelled, cancel, make
from vaeedit.ui.edit.parts import said_in
from vaeedit.ui.edit.pictures import Picture, pictures_of
from vaeedit.ui.edit.results import made_of
from vaeedit.ui.edit.saving import Form, saved_as, zipped
from vaeedit.ui.sittings import Sitting

AS_INPUT = "same"
"""The choice of a format that keeps that of the picture."""
RESULT = "the result"
"""The choice of what to download that is no map."""
Values = tuple[Any, ...]


@dataclass(frozen=True)
class WholeEvents:
    """The handlers of the panel's events.

    Those that make give the two buttons that make, the one that cancels, what is said, what can be downloaded, and the
    viewer's value. Those that save give what is said, and an address.
    """

    context: Context
    shown: Callable[[Sitting], Any]

    async def make_one(self, request: gr.Request) -> AsyncIterator[Values]:
        """Make the result of the picture in the viewer."""
        async for values in self._make(self.context.sittings.of(request), False):
            yield values

    async def make_all(self, request: gr.Request) -> AsyncIterator[Values]:
        """Make the results of all pictures."""
        async for values in self._make(self.context.sittings.of(request), True):
            yield values

    def cancel(self, request: gr.Request) -> None:
        """Stop making."""
        cancel(self.context.sittings.of(request))

    async def save_one(self, what: str, form: str, policy: Policy, request: gr.Request) -> Values:
        """Write the result of the picture in the viewer, or a map, as a file."""
        return await self._save(self.context.sittings.of(request), False, what, form, policy)

    async def save_all(self, what: str, form: str, policy: Policy, request: gr.Request) -> Values:
        """Write all results, or one map of each, into a zip."""
        return await self._save(self.context.sittings.of(request), True, what, form, policy)

    async def _make(self, sitting: Sitting, every: bool) -> AsyncIterator[Values]:
        try:
            pictures = _chosen(sitting, every)
            async for making in make(self.context, sitting, pictures):
                yield *_buttons(busy=True), bar(making.done, making.text), gr.skip(), gr.skip()
            said = _made(sitting, pictures)
        except Cancelled:
            said = said_in(["Cancelled."])
        except VaeeditError as error:
            said = said_in([sitting.named(line) for line in error.lines])
        yield *_buttons(busy=False), said, _choices(sitting), self.shown(sitting)

    async def _save(self, sitting: Sitting, every: bool, what: str, form: str, policy: Policy) -> Values:
        form_of = Form(None if what == RESULT else what, None if form == AS_INPUT else f".{form}", policy)
        try:
            pictures = _chosen(sitting, every)
            if any(made_of(sitting, picture) is None for picture in pictures):
                return gr.skip(), ""  # it was cancelled, or what was wrong is said
            write = zipped if every else saved_as
            path, warnings = await write(self.context, sitting, pictures, form_of)
        except Cancelled:
            return gr.skip(), ""
        except VaeeditError as error:
            return said_in([sitting.named(line) for line in error.lines]), ""
        return said_in([f"{path.name} is saved.", *map(sitting.named, warnings)]), offered(sitting, path)


def bar(done: float, text: str) -> Any:
    """A progress bar; `done` is from 0 to 1."""
    percent = round(100 * done)
    shown = (
        f'<div class="progress"><progress max="100" value="{percent}" aria-label="Progress"></progress>'
        f'<span role="status">{percent} % {in_html(text)}</span></div>'
    )
    return gr.update(value=shown, visible=True)


def _chosen(sitting: Sitting, every: bool) -> list[Picture]:
    """The picture in the viewer, or all pictures; raises UsageError where there is none."""
    pictures = pictures_of(sitting)
    found = [*pictures.by_id.values()] if every else [pictures.current] if pictures.current else []
    if not found:
        raise UsageError("There is no picture; drop one, or take a sample.")
    return found


def _made(sitting: Sitting, pictures: list[Picture]) -> Any:
    """What is said of results that were made."""
    made = [found for picture in pictures if (found := made_of(sitting, picture)) is not None]
    warnings = [sitting.named(text) for each in made for text in each.whole.warnings]
    if len(pictures) > 1:
        return said_in([f"{len(made)} of {len(pictures)} pictures are made.", *warnings])
    return said_in([*(f"The whole result took {each.whole.seconds:.1f} s." for each in made), *warnings])


def _buttons(busy: bool) -> tuple[Any, Any, Any]:
    """The buttons that make, and the one that cancels."""
    return gr.update(interactive=not busy), gr.update(interactive=not busy), gr.update(interactive=busy)


def _choices(sitting: Sitting) -> Any:
    """What can be downloaded of the picture in the viewer."""
    picture = pictures_of(sitting).current
    made = made_of(sitting, picture) if picture else None
    return gr.update(choices=[RESULT, *(made.whole.maps if made else ())], value=RESULT)
