"""Every error that vaeedit raises on purpose; each message is a sentence for the person who caused it.

::

    VaeeditError                exit code 1: this input could not be done
    ├── ImageError              a file that cannot be read, or an output that cannot be written
    ├── WeightsError            a VAE file that is damaged, unsafe, or made for something else
    ├── PluginError             a plugin that is broken, refused, or misbehaves while running
    ├── MissingExtra            an optional dependency is not installed
    └── UsageError              exit code 2: the request itself is wrong
        ├── OptionError         an option's value or name
        ├── UnknownName         no operation, VAE, recipe or architecture of that name
        └── PipelineError       a pipeline file or object with one or more faults
"""

import difflib
from collections.abc import Iterable

LONG = 100
"""Characters from which on a name is cut, and compared with no other."""


class VaeeditError(Exception):
    """Base of all; `exit_code` is what the command line returns for it."""

    exit_code = 1

    @property
    def lines(self) -> list[str]:
        """The message, a line for every fault."""
        return [str(self)]


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
    """The request is wrong, whatever the input."""

    exit_code = 2


class OptionError(UsageError):
    """An option has an unknown name or a value that is not allowed."""


class UnknownName(UsageError):
    """Nothing is registered under this name; the message offers the nearest one."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        shown = name if len(name) <= LONG else f"{name[:LONG]} ..."
        super().__init__(f"There is no {kind} called {shown!r}{suggestion(name, known)}")


class PipelineError(UsageError):
    """A pipeline with faults; `faults` lists every one of them."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))

    @property
    def lines(self) -> list[str]:
        """The faults."""
        return self.faults


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a sentence: '; did you mean X?' for the nearest known name, else what there is."""
    choices = sorted(known)
    near = difflib.get_close_matches(name, choices, n=1) if len(name) <= LONG else []
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are: {', '.join(choices)}." if choices else "; there are none."
