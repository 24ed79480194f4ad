"""Discovery: entry points in the group ``vaeedit`` -> a registry of specs and a report for each plugin.

pluggy's own `load_setuptools_entrypoints` stops at the first plugin that fails to import, so discovery has
its own loop: every plugin is imported, checked and asked for its specs alone, and whatever goes wrong
becomes a report, never an exception.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import pluggy

from vaeedit.extension import hooks
from vaeedit.extension.specs import (
    CONTRACT,
    ArchitectureSpec,
    CommandSpec,
    EvaluationSpec,
    ObjectiveSpec,
    OperationSpec,
    RecipeSpec,
    Spec,
    WeightsSpec,
)
from vaeedit.extension.tables import Provided, Report, Table
from vaeedit.options import Options

GROUP = "vaeedit"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CURES = {
    "broken": "Update it, or remove it with: pip uninstall {}",
    "refused": "Otherwise remove it with: pip uninstall {}",
    "off": "Add it to VAEEDIT_PLUGINS, or unset that variable.",
}
"""What the user can do about a plugin that is not loaded, by its state."""


@dataclass
class Registry:
    """Everything the plugins provide, and a report for each plugin."""

    operations: Table[OperationSpec] = field(default_factory=lambda: Table(OperationSpec, "operation"))
    architectures: Table[ArchitectureSpec] = field(
        default_factory=lambda: Table(ArchitectureSpec, "architecture")
    )
    weights: Table[WeightsSpec] = field(default_factory=lambda: Table(WeightsSpec, "VAE"))
    commands: Table[CommandSpec] = field(default_factory=lambda: Table(CommandSpec, "command"))
    evaluations: Table[EvaluationSpec] = field(default_factory=lambda: Table(EvaluationSpec, "evaluation"))
    objectives: Table[ObjectiveSpec] = field(default_factory=lambda: Table(ObjectiveSpec, "objective"))
    recipes: Table[RecipeSpec] = field(default_factory=lambda: Table(RecipeSpec, "recipe"))
    reports: list[Report] = field(default_factory=list)
    off: dict[str, EntryPoint] = field(default_factory=dict)
    """Plugins of vaeedit itself that VAEEDIT_PLUGINS leaves out, by name."""

    def __post_init__(self) -> None:
        """Let every table explain why it lacks a name."""
        for kind, table in self.tables().items():
            table.why_missing = partial(self.why_missing, (kind,))

    def tables(self) -> dict[str, Table[Any]]:
        """The tables by the names of their hooks: `operations` holds what `vaeedit_operations` returned."""
        members = {member.name: getattr(self, member.name) for member in fields(self)}
        return {name: table for name, table in members.items() if isinstance(table, Table)}

    def why_missing(self, kinds: Sequence[str], name: str) -> tuple[str, bool]:
        """A sentence about plugins that are not loaded, and whether one of them provides the name.

        Without such a plugin the sentence lists all that are not loaded. Of the plugins that are off, only those of vaeedit
        itself are imported to look at their names.
        """
        missing = [report for report in self.reports if report.state in CURES]
        for report in missing:
            named = report.plugin == name.partition(":")[0]
            if named or name in self._would_provide(report.plugin, kinds):
                which = f"The plugin {report.plugin} of the package {report.distribution}"
                which += "" if named else ", which provides it,"
                cure = CURES[report.state].format(report.distribution)
                return f"{which} is {report.state}: {report.reason}. {cure}", True
        names = ", ".join(f"{report.plugin} ({report.state})" for report in missing)
        return (f"Not loaded: {names}; see: vaeedit plugins" if names else ""), False

    def _would_provide(self, plugin: str, kinds: Sequence[str]) -> set[str]:
        """Names of these kinds that a plugin of vaeedit itself would provide if it were not off."""
        if plugin not in self.off:
            return set()
        holds = tuple(self.tables()[kind].holds for kind in kinds)
        return {spec.name for spec in _specs(self.off[plugin].load(), plugin) if isinstance(spec, holds)}


@cache
def registry() -> Registry:
    """The registry of this process, built once."""
    return discover(entry_points(group=GROUP), selected_plugins())


def selected_plugins() -> set[str] | None:
    """Names in VAEEDIT_PLUGINS (comma separated, may be empty), or None for all."""
    names = os.environ.get("VAEEDIT_PLUGINS")
    return None if names is None else {name.strip() for name in names.split(",") if name.strip()}


def discover(points: Iterable[EntryPoint], selected: set[str] | None = None) -> Registry:
    """Build a registry from entry points; plugins of vaeedit itself come first, then the others by name."""
    result = Registry()
    for point in sorted(points, key=lambda p: (_distribution(p) != "vaeedit", p.name)):
        result.reports.append(report := _refusal(point, selected, result) or _admit(point, result))
        if report.state == "off" and report.distribution == GROUP:
            result.off[point.name] = point
    return result


def _refusal(point: EntryPoint, selected: set[str] | None, registry: Registry) -> Report | None:
    """A report for a plugin that is not imported: it is off, or its name is taken. None for all others."""
    report = Report(point.name, _distribution(point), "off", "it is not in VAEEDIT_PLUGINS")
    if selected is not None and point.name not in selected:
        return report
    for holder in registry.reports:
        if holder.plugin == point.name:
            reason = f"the package {holder.distribution} has a plugin of this name already"
            return replace(report, state="refused", reason=reason)
    return None


def _admit(point: EntryPoint, registry: Registry) -> Report:
    """Import a plugin and register what it provides; a report says how that went."""
    report = Report(point.name, _distribution(point), "broken")
    try:
        module = point.load()
    except (Exception, SystemExit) as error:
        return replace(report, reason=f"it could not be imported: {_cause(error)}")
    contract = getattr(module, "CONTRACT", 1)
    if not isinstance(contract, int) or contract > CONTRACT:
        reason = f"it needs plugin contract {contract}, this vaeedit has {CONTRACT}; update vaeedit"
        return replace(report, state="refused", reason=reason)
    try:
        specs = _specs(module, point.name)
    except (Exception, SystemExit) as error:
        return replace(report, reason=f"its hooks failed: {_cause(error)}")
    return _register(specs, report, registry)


def _specs(module: ModuleType, name: str) -> list[Spec]:
    """Call the module's hooks on a plugin manager of its own, so that a broken plugin affects no other."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hooks)
    if os.environ.get("VAEEDIT_TRACE"):
        manager.trace.root.setwriter(lambda text: print(text, end="", file=sys.stderr))
        manager.enable_tracing()
    manager.register(module, name)
    manager.check_pending()
    specs: list[Spec] = []
    for name, table in Registry().tables().items():
        for answer in getattr(manager.hook, f"vaeedit_{name}")():
            for spec in answer:
                _check(spec, table)
                specs.append(spec)
    return specs


def _check(spec: Any, table: Table[Any]) -> None:
    """Raise TypeError for a spec that no command, list or help page could be made from."""
    if not isinstance(spec, table.holds):
        raise TypeError(f"a hook returned {spec!r}, which is not a spec: {table.holds.__name__} is expected")
    texts = {name: getattr(spec, name, "") for name in ("name", "summary", "target", "vae", "resource")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(f"the {name} of {spec!r} is not text")
    if not NAME.fullmatch(spec.name):
        raise TypeError(f"the name {spec.name!r} is not lower-case words joined by dashes")
    options, maps = getattr(spec, "options", Options), getattr(spec, "maps", {})
    if not (isinstance(options, type) and issubclass(options, Options)):
        raise TypeError(f"the options of {spec.name} are not a class derived from Options")
    if not isinstance(maps, Mapping):
        raise TypeError(f"the maps of {spec.name} are not a mapping")


def _register(specs: list[Spec], report: Report, registry: Registry) -> Report:
    clashes = []
    kinds = registry.tables().items()
    tables = {table.holds: table for _, table in kinds}
    for spec in specs:
        table = tables[type(spec)]
        holder = table.add(Provided(spec, report.plugin, report.distribution))
        if holder is not None:
            clashes.append(
                f"{table.kind} {spec.name!r} belongs to {holder}; "
                f"reach this one as {report.plugin}:{spec.name}"
            )
    names = {
        kind: tuple(spec.name for spec in specs if isinstance(spec, table.holds)) for kind, table in kinds
    }
    state = "clash" if clashes else "loaded"
    reason = "; ".join(clashes)
    return replace(report, state=state, reason=reason, provides={k: v for k, v in names.items() if v})


def _distribution(point: EntryPoint) -> str:
    return (point.dist.name if point.dist is not None else None) or "unknown"


def _cause(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
