"""Discovery: entry points in the group ``vaeedit`` -> a registry of specs and a report for each plugin.

pluggy's own `load_setuptools_entrypoints` stops at the first plugin that fails to import, so discovery has
its own loop: every plugin is imported, checked and asked for its specs alone, and whatever goes wrong
becomes a report, never an exception.
"""

import os
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache, partial
from importlib.metadata import Distribution, EntryPoint, entry_points
from types import ModuleType
from typing import Any

import pluggy

from vaeedit.errors import suggestion
from vaeedit.extension import hooks
from vaeedit.extension.prints import prints_to_stderr
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
from vaeedit.options import shown

GROUP = "vaeedit"
ON, OFF = "VAEEDIT_PLUGINS", "VAEEDIT_PLUGINS_OFF"
"""Environment variables with names of plugins: those that are used, and those that are not."""
CURES = {
    "broken": "Update it, or remove it with: pip uninstall {}",
    "refused": "Otherwise remove it with: pip uninstall {}",
    "clash": "Use the full name, or remove it with: pip uninstall {}",
}
"""What the user can do about a plugin that is not loaded, or not as it should be, by its state."""


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
    """Plugins of vaeedit itself that are off, by name."""
    warnings: list[str] = field(default_factory=list)
    """Sentences on names in the environment that no plugin has."""

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
        missing = [report for report in self.reports if report.is_missing]
        for report in missing:
            named = report.plugin == name.partition(":")[0]
            if named or name in self._would_provide(report, kinds):
                which = f"The plugin {report.plugin} of the package {report.distribution}"
                which += "" if named else ", which provides it,"
                return f"{which} is {report.state}: {report.reason}. {report.cure}", True
        names = ", ".join(f"{report.plugin} ({report.state})" for report in missing)
        return (f"Not loaded: {names}; see: vaeedit plugins" if names else ""), False

    def _would_provide(self, report: Report, kinds: Sequence[str]) -> set[str]:
        """Names of these kinds that a plugin whose specs do not fit, or one of vaeedit itself that is off, would provide."""
        provides = report.provides
        if report.plugin in self.off:
            with prints_to_stderr():
                provides = self.provided(_specs(self.off[report.plugin].load(), report.plugin))
        return {name for kind in kinds for name in provides.get(kind, ())}

    def provided(self, specs: Iterable[tuple[str, Spec]]) -> dict[str, tuple[str, ...]]:
        """The names of specs by the names of their hooks."""
        names: dict[str, tuple[str, ...]] = {}
        hooks = {table.kind: hook for hook, table in self.tables().items()}
        for kind, spec in specs:
            names[hooks[kind]] = (*names.get(hooks[kind], ()), str(spec.name))
        return names


@cache
def registry() -> Registry:
    """The registry of this process, built once."""
    return discover(entry_points(group=GROUP), names_in(ON), names_in(OFF) or ())


def names_in(variable: str) -> set[str] | None:
    """The names in an environment variable (comma separated, may be empty), or None if it is not set."""
    names = os.environ.get(variable)
    return None if names is None else {name.strip() for name in names.split(",") if name.strip()}


def discover(
    points: Iterable[EntryPoint], only: Collection[str] | None = None, off: Collection[str] = ()
) -> Registry:
    """Build a registry from entry points; plugins of vaeedit itself come first, then the others by name.

    With `only`, plugins of other names are off; those in `off` are off in any case.
    """
    result = Registry()
    reports = [(_before_import(point), point) for point in points]
    known = {point.name for _, point in reports}
    for variable, names in ((ON, only or ()), (OFF, off)):
        for name in sorted(set(names) - known):
            result.warnings.append(f"{variable} names {name!r}, which is no plugin{suggestion(name, known)}")
    for report, point in sorted(reports, key=lambda pair: (pair[0].distribution != GROUP, pair[0].plugin)):
        report = _refusal(report, only, off, result) or _admit(report, point, result)
        result.reports.append(report)
        if report.state == "off" and report.distribution == GROUP:
            result.off[point.name] = point
    return result


def _before_import(point: EntryPoint) -> Report:
    """The report of a plugin before it is imported; it stays "off" if that does not happen."""
    name, version = _package(point.dist)
    return Report(point.name, name, "off", version=version)


def _refusal(
    report: Report, only: Collection[str] | None, off: Collection[str], registry: Registry
) -> Report | None:
    """A report for a plugin that is not imported: it is off, or its name is taken. None for all others."""
    if report.plugin in off:
        return replace(report, reason=f"it is in {OFF}", cure=f"Remove it from {OFF}.")
    if only is not None and report.plugin not in only:
        cure = f"Add it to {ON}, or unset that variable."
        return replace(report, reason=f"it is not in {ON}", cure=cure)
    for holder in registry.reports:
        if holder.plugin == report.plugin:
            reason = f"the package {holder.distribution} has a plugin of this name already"
            return _ended(report, "refused", reason)
    return None


def _ended(report: Report, state: str, reason: str) -> Report:
    return replace(report, state=state, reason=reason, cure=CURES[state].format(report.distribution))


def _admit(report: Report, point: EntryPoint, registry: Registry) -> Report:
    """Import a plugin and register what it provides; a report says how that went."""
    started = time.perf_counter()
    with prints_to_stderr():
        try:
            module = point.load()
        except (Exception, SystemExit) as error:
            return _ended(report, "broken", f"it could not be imported: {_cause(error)}")
        report = replace(report, seconds=time.perf_counter() - started)
        contract = getattr(module, "CONTRACT", 1)
        if not isinstance(contract, int) or contract > CONTRACT:
            reason = f"it needs plugin contract {contract}, this vaeedit has {CONTRACT}; update vaeedit"
            return _ended(report, "refused", reason)
        try:
            specs = [*_specs(module, point.name)]
            unfit = [] if report.distribution == GROUP else unfitness(specs)
        except (Exception, SystemExit) as error:
            return _ended(report, "broken", f"its hooks failed: {_cause(error)}")
    report = replace(report, provides=registry.provided(specs))
    if unfit:
        return _ended(report, "broken", ". ".join(unfit))
    return _register(specs, report, registry)


def unfitness(specs: Sequence[tuple[str, Spec]]) -> list[str]:
    """Sentences on why specs of one plugin do not fit; empty if all of them do."""
    # Imported here: it is not needed where all plugins are those of vaeedit itself.
    from vaeedit.extension.admission import doubles, faults

    return [fault for kind, spec in specs for fault in faults(spec, kind)] or doubles(specs)


def _specs(module: ModuleType, name: str) -> Iterator[tuple[str, Spec]]:
    """Call the module's hooks on a plugin manager of its own, so that a broken plugin affects no other.

    Yields the specs with their kinds in messages; raises TypeError for what is no spec.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hooks)
    if os.environ.get("VAEEDIT_TRACE"):
        manager.trace.root.setwriter(lambda text: print(text, end="", file=sys.stderr))
        manager.enable_tracing()
    manager.register(module, name)
    manager.check_pending()
    for hook in vars(hooks):
        if (
            hook.startswith("vaeedit_")
            and hook in vars(module)
            and not manager.parse_hookimpl_opts(module, hook)
        ):
            raise TypeError(f"{hook} is not marked as a hook; put @hookimpl above it")
    for name, table in Registry().tables().items():
        for answer in getattr(manager.hook, f"vaeedit_{name}")():
            for spec in answer if isinstance(answer, Iterable) else [None]:
                if not isinstance(spec, table.holds):
                    raise TypeError(
                        f"vaeedit_{name} returned {shown(spec or answer)}; it must return a list of {table.holds.__name__}"
                    )
                yield table.kind, spec


def _register(specs: Sequence[tuple[str, Spec]], report: Report, registry: Registry) -> Report:
    clashes = []
    tables = {table.kind: table for table in registry.tables().values()}
    for kind, spec in specs:
        holder = tables[kind].add(Provided(spec, report.plugin, report.distribution))
        if holder is not None:
            clashes.append(
                f"{kind} {spec.name!r} belongs to {holder}; reach this one as {report.plugin}:{spec.name}"
            )
    return _ended(report, "clash", "; ".join(clashes)) if clashes else replace(report, state="loaded")


@cache
def _package(distribution: Distribution | None) -> tuple[str, str]:
    """Its name and its version."""
    if distribution is None:
        return "unknown", ""
    return distribution.name or "unknown", distribution.version or ""


def _cause(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
