"""Names that the next contract will not have: whoever uses one is told which plugin does, and what to use instead."""

import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from types import FrameType

from vaeedit.extension.registry import GROUP

DEPRECATED: dict[str, str] = {}
"""Deprecated names of `vaeedit.api`, each with what to use instead."""


def deprecated(what: str, instead: str) -> None:
    """Give a DeprecationWarning, at the line outside vaeedit that led here, that `what` will go.

    The text names the plugin to which that line, or one that called it, belongs, with its package and version.
    """
    caller = sys._getframe(1)
    outside = list(_outside(caller))
    where = outside[0] if outside else caller
    points = entry_points(group=GROUP)
    users = (
        _named(point) for frame in outside for point in points if _top(point.module) == _top(_module(frame))
    )
    user = next(users, _module(where))
    text = f"{user} uses {what}, which the next plugin contract will not have; use {instead}."
    registry = where.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        text, DeprecationWarning, where.f_code.co_filename, where.f_lineno, _module(where), registry
    )


def _outside(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames that do not belong to vaeedit, the innermost first."""
    while frame is not None:
        if _top(_module(frame)) not in (GROUP, "importlib"):
            yield frame
        frame = frame.f_back


def _top(module: str) -> str:
    """The package at the top of a module's name."""
    return module.partition(".")[0]


def _named(point: EntryPoint) -> str:
    package = f" of the package {point.dist.name} {point.dist.version}" if point.dist else ""
    return f"The plugin {point.name}{package}"


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
