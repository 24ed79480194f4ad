"""What a batch of the page does, kept in its output folder, and the command line that does it."""

import os
import shlex
from pathlib import Path
from typing import Literal

import msgspec

from vaeedit.batch.jobs import EXISTS
from vaeedit.errors import UsageError
from vaeedit.image.atomic import make_folder, write_whole
from vaeedit.limits import TEXT, read_regular
from vaeedit.options import as_dict, flag_of
from vaeedit.settings import OF_VAES, Settings
from vaeedit.ui.below import below

HOME = "vaeedit-batch"
"""Folder in the output folder that holds the request and the pipeline of the tab Edit."""
REQUEST = "request.json"


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A batch. All names are relative to the root."""

    folder: str
    output: str
    pipeline: str
    """A pipeline file."""
    format: str = ""
    """Extension of the outputs; empty for that of each input."""
    exists: Literal["error", "overwrite", "skip", "unique"] = "error"
    recursive: bool = False
    workers: int = 1

    @property
    def home(self) -> str:
        """The folder in which the request is kept."""
        return os.path.join(self.output, HOME)

    def words(self, settings: Settings, *, resume: bool = False) -> list[str]:
        """The words after `vaeedit`, for the root as the current folder."""
        own = as_dict(settings)
        usual = as_dict(Settings())
        changed = [name for name in OF_VAES if own[name] != usual[name]]
        output = _named(self.output).replace("{", "{{").replace("}", "}}")
        return [
            "run", _named(self.pipeline), _named(self.folder), "-o", f"{output}/",
            *(["--recursive"] if self.recursive else []),
            *(["--format", self.format] if self.format else []),
            *(["--exists", self.exists] if self.exists != EXISTS[0] else []),
            *(["--workers", str(self.workers)] if self.workers > 1 else []),
            *(word for name in changed for word in (f"--{flag_of(name)}", str(own[name]))),
            *(["--resume"] if resume else []),
        ]  # fmt: skip

    def command(self, root: Path, settings: Settings) -> str:
        """The same batch as lines for a shell."""
        return f"cd {shlex.quote(str(root))}\n{shlex.join(['vaeedit', *self.words(settings)])}"

    def keep(self, root: Path) -> None:
        """Write the request into the output folder; raises UsageError, or ImageError if it cannot be written."""
        path = below(root, os.path.join(self.home, REQUEST))
        make_folder(path.parent)
        write_whole(path, msgspec.json.format(msgspec.json.encode(self)) + b"\n")


def request_of(root: Path, output: str) -> Request:
    """The request that is kept in an output folder; raises UsageError where there is none, or where it is damaged."""
    path = below(root, os.path.join(output, HOME, REQUEST))
    if not path.is_file():
        raise UsageError(f"{output} holds no batch of this page.")
    try:
        request = msgspec.json.decode(read_regular(path, TEXT, UsageError), type=Request)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path} is damaged ({error}); start the batch again.") from None
    if os.path.normpath(request.output) != os.path.normpath(output):
        raise UsageError(f"{path} belongs to a batch with another output folder; start the batch again.")
    return request


def _named(text: str) -> str:
    """A name that is no flag, list or pattern."""
    return text if text and text[0].isalnum() else os.path.join(".", text)
