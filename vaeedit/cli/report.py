"""Prints the results of a batch: one line or JSON record for each file, and a progress bar on a terminal."""

import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from vaeedit.batch.journal import Record
from vaeedit.batch.lines import encoded
from vaeedit.batch.sinks import Sink
from vaeedit.batch.sources import STREAM
from vaeedit.cli import console
from vaeedit.vae.ticks import heard_by


class Reporter(Sink):
    """Prints records. On a terminal, progress bars show the remaining time, of the batch and of the tiles of a large picture.

    `files` is the number of pictures, None if unknown.
    """

    quiet = False
    """Whether only warnings, errors and requested records are printed."""

    def __init__(self, files: int | None, *, as_json: bool = False) -> None:
        self.files, self.as_json = files, as_json
        self._stack = ExitStack()
        self._bar: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and not self.quiet:
            self._bar = self._stack.enter_context(_bar())
            self._task = self._bar.add_task("pictures", total=self.files)
            self._tiles = self._bar.add_task("tiles", visible=False)
            self._stack.enter_context(heard_by(self.tick))
        return self

    def tick(self, done: int, total: int) -> None:
        """Show how many tiles of a picture are done, if there are several."""
        if done == 0:
            self._bar.reset(self._tiles, total=total, visible=total > 1)
        self._bar.update(self._tiles, completed=done, visible=1 < total != done, refresh=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def take(self, record: Record) -> None:
        """Print the record of one file; its warnings and its error go to stderr."""
        for warning in record.warnings:
            console.warn(warning)
        if record.failed:
            console.complain(record.error)
        self.say(record)
        if self._bar is not None:
            self._bar.advance(self._task)

    def say(self, record: Record) -> None:
        """Print the result of one file."""
        if self.quiet and not self.as_json:
            return
        if record.status == "skipped" and not self.as_json:
            console.note(f"{record.input}: {record.output} exists; skipped.")
        elif record.output == STREAM:
            return  # the picture itself is on stdout
        elif self.as_json:
            console.say_json_text(encoded(record).decode())
        elif record.status == "done":
            console.say(f"{record.input} -> {record.output}  ({_remarks(record)})")


def _remarks(record: Record) -> str:
    notes = [
        f"{name.replace('_', ' ')} {float(f'{value:.6g}') if isinstance(value, float) else value}"
        for step in record.notes.values()
        for name, value in step.items()
        if name not in ("seconds", "tile")
    ]
    pages = [f"{len(record.pages)} pictures"] if record.pages else []
    return ", ".join([*pages, *notes, *record.rungs, f"{record.seconds} s"])


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    named = TextColumn("{task.description}")
    columns = (SpinnerColumn(), named, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty())
