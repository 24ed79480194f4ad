"""Document: the pipeline that a page edits. It never changes; each edit gives another one, which can undo it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from vaeedit.errors import UsageError
from vaeedit.pipeline.pipeline import STEPS, Pipeline
from vaeedit.pipeline.step import Step

LONGEST = 200
"""Most edits that can be undone."""


@dataclass(frozen=True)
class Entry:
    """One step of a document. Its step holds what differs from the defaults of its operation."""

    step: Step
    on: bool = True
    key: int = field(default=0, compare=False)
    """Unique within the document, also among removed steps."""


State = tuple[tuple[Entry, ...], int]
"""What undoing brings back: the entries and the seed."""


@dataclass(frozen=True)
class Document:
    """Steps in order, some of them switched off, and the seed. Documents are equal if these are."""

    entries: tuple[Entry, ...] = ()
    seed: int = 0
    selected: int | None = field(default=None, compare=False)
    """The key of the entry whose options are shown."""
    before: tuple[State, ...] = field(default=(), compare=False, repr=False)
    """The states that `undo` goes back to, the newest last."""
    after: tuple[State, ...] = field(default=(), compare=False, repr=False)
    """The states that `redo` goes forward to, the next one last."""
    moving: object = field(default=None, compare=False, repr=False)
    """What a control under the pointer changes; while it stays the same, its changes are one edit."""
    made: int = field(default=0, compare=False, repr=False)
    """How many entries have been made so far."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that are on."""
        return tuple(entry.step for entry in self.entries if entry.on)

    @property
    def current(self) -> Entry | None:
        """The entry that is selected, else the last one; None for a document without steps."""
        found = (entry for entry in self.entries if entry.key == self.selected)
        return next(found, self.entries[-1] if self.entries else None)

    def entry(self, key: int) -> Entry:
        """The entry of this key; raises UsageError if it has been removed."""
        return self.entries[self._index(key)]

    def select(self, key: int) -> "Document":
        """Show the options of another entry; this is no edit."""
        return replace(self, selected=self.entry(key).key, moving=None)

    def add(self, step: Step) -> "Document":
        """Add a step at the end, on and selected; raises UsageError for more steps than a pipeline may have."""
        if len(self.entries) >= STEPS:
            raise UsageError(f"A pipeline has at most {STEPS} steps.")
        added = Entry(step, key=self.made)
        return self._edited((*self.entries, added), selected=added.key, made=self.made + 1)

    def remove(self, key: int) -> "Document":
        """Remove an entry; its neighbor is selected if it was."""
        index = self._index(key)
        left = (*self.entries[:index], *self.entries[index + 1 :])
        near = left[min(index, len(left) - 1)].key if left else None
        return self._edited(left, selected=near if self.current == self.entries[index] else self.selected)

    def move(self, key: int, by: int) -> "Document":
        """Move an entry down by so many places, or up where that is negative; never beyond the ends."""
        index = self._index(key)
        left = [*self.entries[:index], *self.entries[index + 1 :]]
        left.insert(min(max(index + by, 0), len(left)), self.entries[index])
        return self._edited(left)

    def switch(self, key: int, on: bool) -> "Document":
        """Switch an entry on or off."""
        return self._replaced(replace(self.entry(key), on=on))

    def put(self, key: int, step: Step, moving: object = None) -> "Document":
        """Replace the step of an entry. `moving` names the control while it moves: all its changes are one edit."""
        return self._replaced(replace(self.entry(key), step=step), moving)

    def sow(self, seed: int, moving: object = None) -> "Document":
        """Replace the seed."""
        return self._edited(self.entries, seed=seed, moving=moving)

    def load(self, pipeline: Pipeline) -> "Document":
        """Replace everything by the steps and the seed of a pipeline; `undo` brings it back."""
        count = len(pipeline.steps)
        entries = [Entry(step, key=self.made + index) for index, step in enumerate(pipeline.steps)]
        return self._edited(entries, seed=pipeline.seed, selected=self.made, made=self.made + count)

    def settled(self) -> "Document":
        """The control under the pointer has been released: what follows is another edit."""
        return replace(self, moving=None)

    def undo(self) -> "Document":
        """Take the last edit back; the same document if there is none."""
        if not self.before:
            return self
        (entries, seed), now = self.before[-1], (self.entries, self.seed)
        past, future = self.before[:-1], (*self.after, now)
        return replace(self, entries=entries, seed=seed, before=past, after=future, moving=None)

    def redo(self) -> "Document":
        """Repeat the edit that was taken back last; the same document if there is none."""
        if not self.after:
            return self
        (entries, seed), now = self.after[-1], (self.entries, self.seed)
        past, future = (*self.before, now), self.after[:-1]
        return replace(self, entries=entries, seed=seed, before=past, after=future, moving=None)

    def _index(self, key: int) -> int:
        for index, entry in enumerate(self.entries):
            if entry.key == key:
                return index
        raise UsageError("This step has been removed.")

    def _replaced(self, new: Entry, moving: object = None) -> "Document":
        return self._edited([new if old.key == new.key else old for old in self.entries], moving=moving)

    def _edited(
        self,
        entries: Iterable[Entry],
        *,
        seed: int | None = None,
        selected: int | None = None,
        made: int | None = None,
        moving: object = None,
    ) -> "Document":
        """The document after an edit; one without effect adds nothing that could be undone."""
        now = tuple(entries), self.seed if seed is None else seed
        found = replace(self, selected=self.selected if selected is None else selected, moving=moving)
        if now == (self.entries, self.seed):
            return found
        goes_on = moving is not None and moving == self.moving
        before = self.before if goes_on else (*self.before, (self.entries, self.seed))[-LONGEST:]
        made = self.made if made is None else made
        return replace(found, entries=now[0], seed=now[1], before=before, after=(), made=made)
