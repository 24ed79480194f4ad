"""What the user sees of a batch: one line or JSON record for each file, and progress where somebody watches."""

import sys
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any

from vaeedit.cli import console

if TYPE_CHECKING:
    from vaeedit.batch.journal import Record


class Reporter:
    """Prints records as they come; use it as a context manager. On a terminal a bar shows the time left of `files`."""

    def __init__(self, files: int | None, *, as_json: bool = False) -> None:
        self.files, self.as_json = files, as_json
        self._stack = ExitStack()
        self._bar: Any = None

    def __enter__(self) -> "Reporter":
        if sys.stderr.isatty():
            self._bar = self._stack.enter_context(_bar())
            self._task = self._bar.add_task("", total=self.files, rate="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def tell(self, record: "Record") -> None:
        """Print one file's record."""
        for warning in record.warnings:
            console.warn(warning)
        if record.failed:
            console.complain(record.error)
        if self.as_json:
            self._say_json(record)
        elif record.status == "done" and record.output != "-":
            console.say(f"{record.input} -> {record.output}  ({_remarks(record)})")
        elif record.status == "skipped":
            console.note(f"{record.input}: {record.output} exists; skipped.")
        if self._bar is not None:
            self._bar.advance(self._task)

    def _say_json(self, record: "Record") -> None:
        from vaeedit.batch.lines import encoded

        if record.output != "-":  # stdout carries the picture
            console.say_json_text(encoded(record).decode())


def _remarks(record: "Record") -> str:
    notes = [
        f"{name.replace('_', ' ')} {value}"
        for step in record.notes.values()
        for name, value in step.items()
        if name != "seconds"
    ]
    return ", ".join([*notes, *record.rungs, f"{record.seconds} s"])


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty())
