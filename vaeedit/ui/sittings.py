"""Sittings: what the server holds for each open page. Nothing of one is reached from another."""

import re
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from time import monotonic
from typing import Any

from vaeedit.errors import UsageError

IDLE = 3600
"""Seconds after which a sitting ends that nothing has used, if its page is not known to be open."""


@dataclass(eq=False)
class Sitting:
    """One open page of one browser. Threads that change it hold its `lock`."""

    key: str
    """Unguessable; the page's own JavaScript sends it with each call."""
    folder: Path
    """A folder for uploads and results, removed with the sitting."""
    lock: RLock = field(default_factory=RLock)
    parts: dict[str, Any] = field(default_factory=dict)
    """What each tab keeps, by its own name."""
    used: float = field(default_factory=monotonic)
    """When something of it was last asked for."""

    def part(self, name: str, make: Callable[[], Any]) -> Any:
        """What a tab keeps under its name, made at the first use."""
        with self.lock:
            if name not in self.parts:
                self.parts[name] = make()
            return self.parts[name]

    def new_folder(self) -> Path:
        """An empty folder in the sitting's own."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def named(self, text: str) -> str:
        """A message as the user reads it: files of the sitting by their names only, not by where they are kept."""
        return re.sub(rf"{re.escape(str(self.folder))}/(?:[^/\s]+/)*", "", text)


class Sittings:
    """The sittings of a server, by Gradio's session and by key, with folders in `folder`.

    `forget` is called with the key of one that ends.
    """

    def __init__(self, folder: Path, forget: Callable[[str], None]) -> None:
        self.folder = folder
        self._forget = forget
        self._lock = RLock()
        self._by_session: dict[str, Sitting] = {}
        self._by_key: dict[str, Sitting] = {}
        self._open: Counter[str] = Counter()
        self._closed: set[str] = set()

    def of(self, request: Any) -> Sitting:
        """The sitting of a request of Gradio (`gradio.Request`), made at its first one."""
        session = str(request.session_hash)
        with self._lock:
            if session not in self._by_session:
                key = secrets.token_urlsafe(24)
                folder = self.folder / secrets.token_hex(16)
                folder.mkdir(mode=0o700)
                self._by_session[session] = self._by_key[key] = Sitting(key, folder)
            return _used(self._by_session[session])

    def by_key(self, key: object) -> Sitting:
        """The sitting with this key; raises UsageError where it has ended."""
        with self._lock:
            if not isinstance(key, str) or key not in self._by_key:
                raise UsageError("This page has ended; reload it.")
            return _used(self._by_key[key])

    @contextmanager
    def watched(self, session: str) -> Iterator[None]:
        """While this lasts the page of Gradio's session is open."""
        with self._lock:
            self._open[session] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[session] -= 1
                if not self._open[session]:
                    del self._open[session]
                    self._closed.add(session)

    def sweep(self, idle: float = IDLE) -> None:
        """End the sittings of pages that were closed, and of those that are gone without a word."""
        with self._lock:
            closed, self._closed = self._closed - self._open.keys(), set()
            old = monotonic() - idle
            ended = [
                session
                for session, sitting in self._by_session.items()
                if session in closed or (session not in self._open and sitting.used < old)
            ]
            sittings = [self._by_session.pop(session) for session in ended]
            for sitting in sittings:
                del self._by_key[sitting.key]
        for sitting in sittings:
            self._forget(sitting.key)
            shutil.rmtree(sitting.folder, ignore_errors=True)

    def __len__(self) -> int:
        return len(self._by_key)


def _used(sitting: Sitting) -> Sitting:
    sitting.used = monotonic()
    return sitting
