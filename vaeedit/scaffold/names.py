"""What a new plugin may be called."""

import re
from collections.abc import Collection
from importlib.util import find_spec
from itertools import chain, count

from vaeedit.errors import UsageError
from vaeedit.extension.admission import FLAG

LONGEST = 30
"""Most characters of a name."""


def package_of(name: str) -> str:
    """The package of the plugin: its name after that of vaeedit, so that it hides no other module."""
    return f"vaeedit_{name.replace('-', '_')}"


def require_free(name: str, taken: Collection[str]) -> None:
    """Raise UsageError, with another name in its message, unless a new plugin may have this one.

    `taken` are the names of operations, commands and whatever else must not have it.
    """
    if not FLAG.fullmatch(name) or len(name) > LONGEST:
        raise UsageError(
            f"{name!r} cannot be the name of a plugin: write at most {LONGEST} lower-case letters and digits, in words "
            f"joined by dashes, beginning with a letter, such as {_free(_legal(name), taken)}."
        )
    if name.startswith("vaeedit-"):
        shorter = _free(name.removeprefix("vaeedit-"), taken)
        raise UsageError(
            f"Leave out vaeedit: the package of {shorter} is called vaeedit-{shorter} by itself."
        )
    if not _is_free(name, taken):
        raise UsageError(
            f"There is something called {name} already; choose another name, such as {_free(name, taken)}."
        )


def _legal(name: str) -> str:
    """A legal name that resembles this one."""
    words = re.findall("[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower())
    text = "-".join(words)[:LONGEST].strip("-")
    return text if FLAG.fullmatch(text) else f"my-{text}"[:LONGEST].strip("-") if text else "soft-glow"


def _free(name: str, taken: Collection[str]) -> str:
    """This name, or else one like it, that nothing has."""
    tried = chain([name, f"my-{name}"], (f"my-{name}-{number}" for number in count(2)))
    return next(one for one in tried if _is_free(one, taken))


def _is_free(name: str, taken: Collection[str]) -> bool:
    return name not in taken and find_spec(package_of(name)) is None
