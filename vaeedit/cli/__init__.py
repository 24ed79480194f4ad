"""The command line. Commands of plugins print through `console` (`vaeedit.api.console`)."""

from importlib import import_module
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    """Import `console` at first use: nothing may be imported before the signal handlers are installed."""
    if name != "console":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.console")
