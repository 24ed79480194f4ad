"""Checks of a plugin as a whole: its import, its admission, and its names."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial

from vaeedit.extension.registry import Registry, unfitness
from vaeedit.extension.tables import Report

HEAVY = ("torch", "kornia", "cv2", "skimage", "numpy", "PIL", "scipy")
MARK = "\N{INFORMATION SEPARATOR ONE}"
"""Separates what the import prints from the answer."""


def plugin_checks(module: str, plugin: str, registry: Registry) -> Iterator[tuple[str, Callable[[], None]]]:
    """The checks that apply to every plugin."""
    yield "imports-light", partial(check_imports_light, module)
    yield "is-admitted", partial(check_admitted, plugin, registry)
    yield "names-free", partial(check_names_free, plugin, registry)


def check_imports_light(name: str) -> None:
    """The plugin module imports nothing heavy, and prints nothing."""
    code = f"import sys, {name}; print({MARK!r}, *[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name} cannot be imported by a new interpreter; install it. {done.stderr}"
    printed, _, heavy = done.stdout.partition(MARK)
    assert not heavy.split(), (
        f"importing {name} imports {', '.join(heavy.split())}; do that in the module that a target names"
    )
    assert not printed, f"importing {name} prints {printed[:80]!r}; remove that, or use logging"


def check_admitted(plugin: str, registry: Registry) -> None:
    """Discovery loads the plugin: its contract is supported, its hooks exist, and every part of its specs fits."""
    report = _report(plugin, registry)
    assert not report.is_missing, report.reason
    tables = registry.tables().values()
    own = [(t.kind, item.spec) for t in tables for item in t.of(plugin)]
    assert own, f"{plugin} provides nothing; return a list of specs from a hook, below @hookimpl"
    unfit = unfitness(own)  # at a start, plugins of vaeedit itself are not checked
    assert not unfit, ". ".join(unfit)


def check_names_free(plugin: str, registry: Registry) -> None:
    """No other plugin that is installed here has one of its names."""
    report = _report(plugin, registry)
    assert report.state != "clash", f"{report.reason}. Rename it."


def _report(plugin: str, registry: Registry) -> Report:
    return next(report for report in registry.reports if report.plugin == plugin)
