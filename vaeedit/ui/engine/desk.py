"""The desk: takes the tasks of all sittings, and has two processes do them."""

from collections.abc import Callable
from typing import Any, Literal

from vaeedit.settings import Settings
from vaeedit.ui.engine.lane import Lane
from vaeedit.ui.engine.ticket import Cancelled as Cancelled
from vaeedit.ui.engine.ticket import Progress as Progress
from vaeedit.ui.engine.ticket import Ticket as Ticket

GRACE = 2.0
"""Seconds that a preview which is cancelled has to stop by itself."""


class Desk:
    """Two lanes, each with a process that starts at once, in the background, and a queue that is fair among sittings.

    The lane `preview` is for what takes a second at most: previews, thumbnails, exploring. The lane `full` is for whole
    edits: its process yields the cores to the other one, and is killed when its task is cancelled.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.lanes = {
            "preview": Lane("preview", settings, grace=GRACE),
            "full": Lane("full", settings, yields=True),
        }

    def submit(
        self,
        sitting: str,
        task: Callable[..., Any],
        *arguments: Any,
        lane: Literal["preview", "full"] = "preview",
        replaces: str | None = None,
    ) -> Ticket:
        """Queue `task(worker, *arguments)`; `task` is a function of a module, and all arguments can be pickled.

        `replaces` is a word: a task of this sitting that waits with the same word is dropped, and one that runs learns that
        it is outdated: it ends where it next tells how far it is. Raises VaeeditError once the desk is closed.
        """
        ticket = Ticket(self.lanes[lane], sitting, task, arguments, replaces)
        self.lanes[lane].add(ticket)
        return ticket

    def forget(self, sitting: str) -> None:
        """Cancel all tasks of a sitting."""
        for lane in self.lanes.values():
            lane.forget(sitting)

    def close(self) -> None:
        """Cancel all tasks, and end the processes."""
        for lane in self.lanes.values():
            lane.close()
