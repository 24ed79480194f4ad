"""`vaeedit plugins check`: the suite without pytest, one line for each check."""

import os
import sys
import tomllib
import traceback
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from vaeedit.cli import console
from vaeedit.errors import PluginError, UnknownName, UsageError
from vaeedit.extension.registry import GROUP
from vaeedit.testing import Check, checks

HOOK = f"{GROUP}_"
"""How the names of hooks begin."""


def run(plugin: str, as_json: bool, debug: bool) -> int:
    """Check the plugin of this name, or those of a folder, a file or a module that is not installed."""
    done = failed = 0
    for module in _modules(plugin):
        for name, check in checks(module):
            problem = _problem(check, debug)
            done, failed = done + 1, failed + bool(problem)
            if as_json:
                console.say_json({"check": name, "ok": not problem, "problem": problem})
            else:
                console.say(f"{'FAILED' if problem else 'ok':7} {name}{problem and f': {problem}'}")
    if not as_json:
        console.say(f"{done} checks: {done - failed} ok, {failed} failed")
    return console.FAILED if failed else console.OK


def _problem(check: Check, debug: bool) -> str:
    """Why a check fails, in one line; empty if it does not."""
    try:
        check()
    except Exception as error:  # a plugin may raise anything
        if debug:
            traceback.print_exc()
        text = " ".join(str(error).split())
        if isinstance(error, AssertionError):
            return text or f"this does not hold: {_sentence(check)}"
        return f"{type(error).__name__}: {text}"
    return ""


def _sentence(check: Check) -> str:
    """What a check requires: the first line of its docstring."""
    return (getattr(check, "func", check).__doc__ or "").partition("\n")[0]


def _modules(plugin: str) -> Iterator[ModuleType]:
    """Import the module or modules that are meant; raises UnknownName or PluginError."""
    points = {point.name: point.module for point in entry_points(group=GROUP)}
    for name in [points[plugin]] if plugin in points else _named(plugin, points):
        try:
            module = import_module(name)
        except (Exception, SystemExit) as error:
            raise PluginError(f"{name} could not be imported: {type(error).__name__}: {error}") from error
        if not any(member.startswith(HOOK) for member in vars(module)):
            raise UsageError(f"{name} is no plugin: it has no hook, a function such as {HOOK}operations.")
        yield module


def _named(plugin: str, points: Iterable[str]) -> list[str]:
    """The modules of a folder, a file, or a module's name; their folder is made one where modules are searched."""
    path = Path(plugin)
    project = path / "pyproject.toml"
    if project.is_file():
        _search(path / "src" if (path / "src").is_dir() else path)
        return _modules_of(project)
    if (path / "__init__.py").is_file() or path.suffix == ".py":
        _search(path.absolute().parent)
        return [path.absolute().stem]
    if all(word.isidentifier() for word in plugin.split(".")) and find_spec(plugin.partition(".")[0]):
        return [plugin]
    missing = (
        "There is no module of that name, and no folder of that name with a pyproject.toml or a package."
    )
    raise UnknownName("plugin", plugin, points, missing)


def _modules_of(project: Path) -> list[str]:
    """The modules of the entry points in a pyproject.toml."""
    try:
        facts = tomllib.loads(project.read_text(encoding="utf-8"))
        modules = [value.partition(":")[0] for value in facts["project"]["entry-points"][GROUP].values()]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{project} is not valid: {error}.") from None
    except (KeyError, TypeError, AttributeError):
        modules = []
    if not modules:
        raise UsageError(
            f"{project} has no entry point of vaeedit; add a table [project.entry-points.{GROUP}]."
        )
    return modules


def _search(folder: Path) -> None:
    """Search modules here first: in this process, and in those that checks start."""
    place = str(folder.absolute())
    sys.path.insert(0, place)
    os.environ["PYTHONPATH"] = os.pathsep.join([place, *filter(None, [os.environ.get("PYTHONPATH")])])
