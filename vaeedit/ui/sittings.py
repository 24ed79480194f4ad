"""Sittings: what the server holds for each open page. Nothing of one is reached from another."""

import re
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

from vaeedit.errors import UsageError

PREFIX = "vaeedit-ui-"
"""How the name of a server's temporary folder begins."""


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
        return re.sub(rf"{re.escape(str(self.folder))}/(?:[^/\\s]+/)*", "", text)


class Sittings:
    """The sittings of a server, by Gradio's session and by key. `forget` is called with the key of one that ends."""

    def __init__(self, forget: Callable[[str], None]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        """Holds the folders of all sittings."""
        self._forget = forget
        self._lock = RLock()
        self._by_session: dict[str, Sitting] = {}
        self._by_key: dict[str, Sitting] = {}

    def of(self, request: Any) -> Sitting:
        """The sitting of a request of Gradio (`gradio.Request`), made at its first one."""
        session = str(request.session_hash)
        with self._lock:
            if session not in self._by_session:
                key = secrets.token_urlsafe(24)
                folder = self.folder / secrets.token_hex(16)
                folder.mkdir(mode=0o700)
                self._by_session[session] = self._by_key[key] = Sitting(key, folder)
            return self._by_session[session]

    def by_key(self, key: object) -> Sitting:
        """The sitting with this key; raises UsageError where it has ended."""
        with self._lock:
            if not isinstance(key, str) or key not in self._by_key:
                raise UsageError("This page has ended; reload it.")
            return self._by_key[key]

    def drop(self, request: Any) -> None:
        """End the sitting of a request, if it has one: cancel its work and remove its folder."""
        with self._lock:
            sitting = self._by_session.pop(str(request.session_hash), None)
            if sitting is None:
                return
            del self._by_key[sitting.key]
        self._forget(sitting.key)
        shutil.rmtree(sitting.folder, ignore_errors=True)

    def __len__(self) -> int:
        return len(self._by_key)

    def close(self) -> None:
        """Remove all folders."""
        shutil.rmtree(self.folder, ignore_errors=True)
