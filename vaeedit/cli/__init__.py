"""The command line; plugins that bring commands speak through `console`, as `vaeedit.api.console`."""

from importlib import import_module
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    """`console`, at first use: nothing may be imported before signals are taken."""
    if name != "console":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.console")
