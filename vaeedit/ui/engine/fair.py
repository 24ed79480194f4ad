"""A queue that is fair among sittings: next is the one that was served longest ago."""

from collections.abc import Iterator

from vaeedit.ui.engine.ticket import Ticket


class FairQueue:
    """Waiting tickets, in the order in which they will be served.

    Of one sitting, tickets with a word come first: a person looks at the page and waits for each of them.
    """

    def __init__(self) -> None:
        self._waiting: list[Ticket] = []
        self._served: dict[str, int] = {}
        """The turn in which each sitting was served last."""
        self._turn = 0

    def __iter__(self) -> Iterator[Ticket]:
        waiting = sorted(self._waiting, key=lambda ticket: ticket.word is None)
        served, turn = dict(self._served), self._turn
        while waiting:
            ticket = min(waiting, key=lambda ticket: served.get(ticket.sitting, 0))
            waiting.remove(ticket)
            yield ticket
            turn += 1
            served[ticket.sitting] = turn

    def add(self, ticket: Ticket) -> None:
        """Append a ticket."""
        self._waiting.append(ticket)

    def remove(self, ticket: Ticket) -> None:
        """Remove a ticket, if it waits."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)

    def take(self) -> Ticket | None:
        """Remove and return the first ticket; None if there is none."""
        ticket = next(iter(self), None)
        if ticket is not None:
            self.remove(ticket)
            self._turn += 1
            self._served[ticket.sitting] = self._turn
        return ticket

    def forget(self, sitting: str) -> None:
        """Forget when a sitting was served; it is gone."""
        self._served.pop(sitting, None)
