"""A batch as a process: the command line itself, in a group of its own, watched by its journal."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from vaeedit.batch.journal import NAME
from vaeedit.errors import UsageError
from vaeedit.settings import Settings
from vaeedit.ui.batch.filling import Filling
from vaeedit.ui.batch.request import Request
from vaeedit.ui.below import below

State = Literal[
    "earlier",
    "running elsewhere",
    "running",
    "stopping",
    "done",
    "with failures",
    "stopped",
    "refused",
    "died",
]
ENDED: dict[int, State] = {0: "done", 1: "with failures", 2: "refused", 128 + signal.SIGTERM: "stopped"}
"""What exit codes of the command line mean."""
SAID = 4000
"""Most characters of what the command line says that the page shows."""
DRY, PATIENCE = 120, 30
"""Seconds that a dry run may take, and seconds within which a batch that is stopped must end."""
COUNTED = re.compile(r"^(\d+) of (\d+) would be done\.$", re.MULTILINE)


@dataclass
class Running:
    """A batch: one that this server has started, or one of an earlier server, whose journal is read."""

    root: Path
    request: Request
    owner: str = ""
    """Key of the sitting that started it; empty for one of an earlier server."""
    total: int = 0
    """Files to do; 0 if it is not known."""
    process: subprocess.Popen[bytes] | None = None
    errors: IO[bytes] | None = None
    stopping: bool = False
    started: float = field(default_factory=time.monotonic)
    seconds: float | None = None
    """How long it ran, once it has ended."""
    thumbnails: dict[str, str] = field(default_factory=dict)
    """Small pictures of its newest results, as URLs that hold the data, by output."""

    def __post_init__(self) -> None:
        self.filling = Filling(below(self.root, os.path.join(self.request.output, NAME)))
        self.filling.skip_known()

    def begin(self, settings: Settings, *, resume: bool = False) -> None:
        """Start the process."""
        if not resume:
            self.filling.forget()
        self.errors = tempfile.TemporaryFile("a+b")  # noqa: SIM115 (the process appends, wherever this one reads)
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vaeedit", *self.request.words(settings, resume=resume)],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
            start_new_session=True,
        )

    @property
    def state(self) -> State:
        """What it is doing, or how it has ended."""
        if self.process is None:
            return "running elsewhere" if self.filling.is_claimed else "earlier"
        code = self.process.poll()
        if code is None:
            return "stopping" if self.stopping else "running"
        if self.seconds is None:
            self.seconds = time.monotonic() - self.started
        return ENDED.get(code, "stopped" if self.stopping else "died")

    @property
    def is_active(self) -> bool:
        """Whether its process is there."""
        return self.state in ("running", "stopping")

    @property
    def rate(self) -> float:
        """Files per second since it was started."""
        elapsed = self.seconds if self.seconds is not None else time.monotonic() - self.started
        return self.filling.fresh / elapsed if elapsed > 0 else 0.0

    @property
    def said(self) -> str:
        """The end of what the command line has said on standard error."""
        if self.errors is None:
            return ""
        with suppress(ValueError):  # it has been closed
            self.errors.seek(max(0, self.errors.seek(0, 2) - SAID))
            return self.errors.read().decode("utf-8", "replace").strip()
        return ""

    def stop(self) -> None:
        """Ask it to end: the journal stays whole, and no temporary file remains.

        SIGTERM does the same as Ctrl-C, also where the server itself was started with SIGINT ignored.
        """
        if self.process is not None and self.process.poll() is None:
            self.stopping = True
            self.process.terminate()

    def end(self) -> None:
        """Stop it and wait; one that does not end is killed with all its processes."""
        if self.process is None:
            return
        self.stop()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            _kill(self.process)
        if self.errors is not None:
            self.errors.close()


def counted(root: Path, words: Sequence[str]) -> tuple[int, int]:
    """How many files a batch would do, and how many there are, by a dry run; raises UsageError with what is wrong."""
    try:
        found = subprocess.run(
            [sys.executable, "-m", "vaeedit", *words, "--dry-run"],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=DRY,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"The dry run did not end within {DRY} seconds; choose a smaller folder.") from None
    said = found.stderr.decode("utf-8", "replace")
    match = COUNTED.search(said)
    if found.returncode or match is None:
        raise UsageError(said[-SAID:].strip().removeprefix("Error: ") or "The dry run failed.")
    return int(match[1]), int(match[2])


def _kill(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
