"""The errors that vaeedit raises on purpose; each message is a sentence for the user.

::

    VaeeditError                exit code 1: this input could not be processed
    ├── ImageError              a file that cannot be read, or an output that cannot be written
    ├── WeightsError            a VAE file that is damaged, unsafe, or made for something else
    ├── PluginError             a plugin that is broken, refused, or fails while running
    ├── MissingExtra            an optional dependency is not installed
    └── UsageError              exit code 2: the request itself is wrong
        ├── OptionError         an option's value or name
        ├── UnknownName         no operation, VAE, recipe or architecture of that name
        └── PipelineError       a pipeline file or object with one or more faults

What is lost or doubtful without being wrong is a `VaeeditWarning`.
"""

import difflib
import errno
import os
import sys
import warnings
from collections.abc import Iterable

LONG = 100
"""Longer names are cut in messages, and no similar name is searched for."""
OUT_OF_MEMORY = (
    "can't allocate memory",  # torch
    "cannot allocate memory",  # the system, loading a library among others
    "insufficient memory",  # OpenCV
    "unable to allocate",  # numpy
    "std::bad_alloc",
    "could not create a primitive",  # oneDNN
    "could not execute a primitive",
    "failed to map segment",  # the system, loading a library
    "can't start new thread",  # there is no room for its stack
    "resource temporarily unavailable",  # the same, from OpenMP and the C++ library
)
"""Parts of the messages of exceptions that have no type of their own for it."""


class VaeeditError(Exception):
    """Base of all errors; `exit_code` is the status that the command line exits with."""

    exit_code = 1

    @property
    def lines(self) -> list[str]:
        """The message, one line for each fault."""
        return [str(self)]


class VaeeditWarning(UserWarning):
    """Something was lost or is doubtful; `warnings.simplefilter("error", VaeeditWarning)` makes it an error."""


class ImageError(VaeeditError):
    """A picture could not be read or written."""


class WeightsError(VaeeditError):
    """A VAE file could not be used."""


class PluginError(VaeeditError):
    """A plugin is broken, refused or failed while running."""


class MissingExtra(VaeeditError):
    """An optional dependency is missing; the message names the command that installs it."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(
            f"{purpose} needs packages that are not installed; run: pip install 'vaeedit[{extra}]'"
        )


class UsageError(VaeeditError):
    """The request is wrong, whatever the input; its `exit_code` is 2."""

    exit_code = 2


class OptionError(UsageError):
    """An option has an unknown name or a value that is not allowed."""


class UnknownName(UsageError):
    """Nothing is registered under this name; the message suggests the nearest one.

    `missing` is a sentence about plugins that are not loaded; with `owner` one of them provides the name.
    """

    def __init__(
        self, kind: str, name: str, known: Iterable[str], missing: str = "", *, owner: bool = False
    ) -> None:
        shown = name if len(name) <= LONG else f"{name[:LONG]} ..."
        end = "." if owner else suggestion(name, known)
        super().__init__(f"There is no {kind} called {shown!r}{end} {missing}".rstrip())


class PipelineError(UsageError):
    """A pipeline with faults; `faults` lists every one of them."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))

    @property
    def lines(self) -> list[str]:
        """The faults."""
        return self.faults


def caution(texts: Iterable[str]) -> None:
    """Give each text as a `VaeeditWarning` at the line outside this package that led to it."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("vaeedit."):
        level, frame = level + 1, frame.f_back
    for text in texts:
        warnings.warn(text, VaeeditWarning, stacklevel=level)


def unexpected(error: BaseException) -> str:
    """The message for an exception that vaeedit did not raise itself."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fsdecode(error.filename)} cannot be used: {(error.strerror or str(error)).lower()}."
    text = " ".join(_text(error).split())[:300]
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"something unexpected went wrong ({what}). Run again with --debug for the details, and please report it."


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception of any library means that memory ran out, for example for the stack of a thread."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # the latter is torch's
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, Exception) and any(words in _text(error).lower() for words in OUT_OF_MEMORY)


def _text(error: BaseException) -> str:
    """The text of an exception, or nothing where its own code fails."""
    try:
        return str(error)
    except Exception:
        return ""


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a sentence: '; did you mean X?' with the nearest known name, else a list of all known names."""
    choices = sorted(known)
    near = difflib.get_close_matches(name, choices, n=1) if len(name) <= LONG else []
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are: {', '.join(choices)}." if choices else "; there are none."
