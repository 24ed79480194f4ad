"""Making whole results of a sitting's pictures, one after the other, with progress."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from vaeedit.errors import UsageError
from vaeedit.ui.context import Context
from vaeedit.ui.edit.pictures import Picture
from vaeedit.ui.edit.results import Made, key_of, made_of, results_of
from vaeedit.ui.edit.state import running
from vaeedit.ui.engine.desk import Cancelled as Cancelled
from vaeedit.ui.engine.desk import Ticket
from vaeedit.ui.engine.whole import edit_whole
from vaeedit.ui.sittings import Sitting

PART = "making"
PAUSE = 0.2
"""Seconds between two looks at the progress."""


@dataclass(frozen=True)
class Making:
    """How far the making of several results is."""

    done: float
    """From 0 to 1, of all pictures."""
    text: str


async def make(context: Context, sitting: Sitting, pictures: Sequence[Picture]) -> AsyncIterator[Making]:
    """Make the results that are missing, and say how far it is; raises VaeeditError, and Cancelled after `cancel`."""
    if sitting.parts.get(PART) is not None:
        raise UsageError("A result is being made; cancel it, or wait for it.")
    missing = [picture for picture in pictures if made_of(sitting, picture) is None]
    pipeline = running(context, sitting)
    if pipeline is None:
        raise UsageError("There is no step that is on; add one.")
    for number, picture in enumerate(missing):
        folder, key = sitting.new_folder(), key_of(sitting, picture)
        ticket = context.desk.submit(sitting.key, edit_whole, picture.path, pipeline, folder, lane="full")
        sitting.parts[PART] = ticket
        try:
            async for done, text in _progress(ticket):
                part = f"{picture.path.name}: {text}" if len(missing) > 1 else text
                yield Making((number + done) / len(missing), part)
            made = Made(folder, ticket.result())
        finally:
            ticket.cancel()  # of a page that is gone
            sitting.parts[PART] = None
        with sitting.lock:
            results_of(sitting).keep(key, made)


def cancel(sitting: Sitting) -> None:
    """Stop making; the cores are free at once."""
    if isinstance(ticket := sitting.parts.get(PART), Ticket):
        ticket.cancel()


async def _progress(ticket: Ticket) -> AsyncIterator[tuple[float, str]]:
    while not ticket.is_done:
        progress = ticket.progress
        waiting = f"{progress.waiting} before this one" if progress.waiting else progress.text
        yield progress.done, waiting
        await asyncio.sleep(PAUSE)
