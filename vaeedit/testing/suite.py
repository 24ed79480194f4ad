"""All checks of a plugin: which of them apply follows from its specs."""

import os
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from vaeedit.extension.registry import GROUP, Registry, discover
from vaeedit.run.session import Session
from vaeedit.testing import tiny
from vaeedit.testing.architectures import architecture_checks
from vaeedit.testing.operations import operation_checks
from vaeedit.testing.others import others_checks
from vaeedit.testing.plugin import plugin_checks
from vaeedit.testing.trial import Trial
from vaeedit.testing.weights import weights_checks

Check = Callable[[], None]


def checks(
    module: ModuleType,
    *,
    vaes: Mapping[str, str | Path] | None = None,
    recorded: str | Path | None = None,
) -> Iterator[tuple[str, Callable[[], None]]]:
    """All checks that apply to a plugin module, with their names; a check raises what is wrong.

    `vaes` names the VAE with which an operation is checked, by the operation's name: one that declares no `vae` is not run
    without. `recorded` is a JSON file of what shipped weights decode to: a check writes it where it is missing, and compares
    from then on. Raises ValueError for `vaes` of an operation that the plugin does not have.
    """
    registry, plugin = registry_with(module), _point(module).name
    session, given = Session(plugins=registry, device="cpu"), dict(vaes or {})
    found = list(plugin_checks(module.__name__, plugin, registry))
    for item in registry.operations.of(plugin):
        vae = _placed(given.pop(item.spec.name, item.spec.vae), registry)
        found += operation_checks(Trial(item, session, vae))
    if given:
        raise ValueError(f"vaes names no operation of the plugin: {', '.join(given)}")
    for architecture in registry.architectures.of(plugin):
        found += architecture_checks(architecture.spec)
    for weights in registry.weights.of(plugin):
        found += weights_checks(weights.spec, session, Path(recorded) if recorded else None)
    yield from found
    yield from others_checks(plugin, registry)


def _placed(vae: str | Path, registry: Registry) -> str:
    """The name of shipped weights, or the whole path of a file: checks run in another working folder."""
    is_named = not vae or str(vae) in registry.weights or ":" in str(vae)
    return str(vae) if is_named else os.path.abspath(vae)


def registry_with(module: ModuleType) -> Registry:
    """The installed plugins, the VAE `tiny_vae` and this module, named as its entry point, or as itself."""
    installed = [point for point in entry_points(group=GROUP) if point.value != module.__name__]
    return discover([*installed, tiny.POINT, _point(module)])


def _point(module: ModuleType) -> EntryPoint:
    for point in entry_points(group=GROUP):
        if point.value == module.__name__:
            return point
    return EntryPoint(module.__name__, module.__name__, GROUP)
