"""Errors of plugins' code: each names what failed, and its package with the version."""

from collections.abc import Iterator
from contextlib import contextmanager

from vaeedit.errors import PluginError, VaeeditError, is_out_of_memory

IN_PLACE = (
    "Inplace update to inference tensor",
    "destination is read-only",
    "array is read-only",
    "as readonly",
)
"""Parts of the messages of torch, numpy and OpenCV where code changes a tensor or an array that it must not change."""


class Fault(PluginError):
    """What a plugin's code did is against the contract; the text continues "The operation NAME of PACKAGE"."""


@contextmanager
def plugin_errors(who: str) -> Iterator[None]:
    """Convert any exception of a plugin's code to a PluginError that begins with `who`; VaeeditError and MemoryError pass."""
    try:
        yield
    except Fault as fault:
        raise PluginError(f"{who} {fault}") from fault
    except (VaeeditError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        text = f"{type(error).__name__}: {error}"
        if any(part in text for part in IN_PLACE):
            raise PluginError(f"{who} changes its input in place; it must change a copy ({text}).") from error
        raise PluginError(f"{who} failed: {text}") from error
