"""Temporary files: named by the process whose run they belong to, so that what a live run writes is never swept away."""

import hashlib
import os
import re
import secrets
import socket
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

PART = ".part"
"""Ending of a temporary file."""

NAME = re.compile(r"(\..*\.[0-9a-f]{8}\.)([0-9a-f]{8}-[0-9]+)\.[0-9a-f]{8}" + re.escape(PART), re.DOTALL)


def this_process() -> str:
    """Place and number of this process, such as 3f9a1c2e-1234."""
    return f"{_place()}-{os.getpid()}"


def part_of(path: Path, owner: str) -> Path:
    """A new temporary name beside `path`; `owner` is the process whose run it belongs to."""
    return path.with_name(f"{_head(path.name)}{owner}.{secrets.token_hex(4)}{PART}")


def parts_in(folder: Path, names: Iterable[str], owners: Collection[str] = ()) -> list[Path]:
    """Temporary files of outputs of these names in a folder that belong to `owners` or to processes that have ended."""
    if not folder.is_dir():
        return []
    heads = {_head(name) for name in names}
    found = []
    for path in folder.iterdir():
        name = NAME.fullmatch(path.name)
        if name and name[1] in heads and (name[2] in owners or _has_ended(name[2])):
            found.append(path)
    return found


def _head(name: str) -> str:
    """How the temporary names of an output begin."""
    return f".{name[:24]}.{_hash(os.fsencode(name))}."


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=4).hexdigest()


@cache
def _place() -> str:
    """Where process numbers mean what they mean here: this host since its last start, and in it this container."""
    facts = [socket.gethostname()]
    with suppress(OSError):
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text())
    with suppress(OSError):
        facts.append(os.readlink("/proc/self/ns/pid"))
    return _hash("\n".join(facts).encode())


def _has_ended(owner: str) -> bool:
    """Whether a process is known to have ended; of one in another place nothing is known."""
    place, number = owner.split("-")
    if place != _place() or os.name != "posix":
        return False
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # it is there and belongs to somebody else
        return False
    return False
