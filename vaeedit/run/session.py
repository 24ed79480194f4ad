"""Session: runs pipelines on images; holds the device, the precision and the loaded VAEs.

torch is imported where the first VAE runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from vaeedit.errors import caution
from vaeedit.extension.prints import prints_to_stderr
from vaeedit.extension.registry import Registry, registry
from vaeedit.image import Frame, Pages, Picture, expanded, frame_of, read, read_pages, returned, working
from vaeedit.image.display import BESIDE, small
from vaeedit.image.frame import frozen
from vaeedit.options import validate
from vaeedit.pipeline.condition import SKIPPED
from vaeedit.pipeline.inputs import resolved
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.pipeline.plan import Plan, PlannedStep
from vaeedit.pipeline.recorded import Recorded
from vaeedit.run.masked import limited, weights_for
from vaeedit.run.member import Member
from vaeedit.run.named import named
from vaeedit.run.operation import Result
from vaeedit.run.pixels import run_on_pixels
from vaeedit.settings import Settings

if TYPE_CHECKING:
    import torch

    from vaeedit.vae.loaded import LoadedVae

SEEDS = 2**62
"""Seeds are taken modulo this number, so that any whole number is valid."""
STEP_SEEDS = 1_000_003
"""Difference between the seeds of two steps, large enough that no two steps draw the same samples."""
Source: TypeAlias = "Picture | Result"


class Session:
    """Runs pipelines and keeps every VAE that it has loaded. Use it as a context manager to free them.

    It takes a `Settings`, or its members as keywords; `seed` is added to the seed of the pipeline, and `vae` replaces the
    VAE of every step.
    """

    def __init__(
        self, settings: Settings | None = None, /, *, plugins: Registry | None = None, **given: Any
    ) -> None:
        # Before its first tensor, let torch ask Linux for pages of 2 MB: with those of 4 kB, page faults take a tenth
        # of the time on a large image.
        os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
        self.settings: Settings = settings or validate(Settings, given)
        """Device, precision, tile, seed and VAE."""
        self.registry: Registry = plugins or registry()
        """Where names of operations and VAEs are looked up."""
        self._vaes: dict[Path, LoadedVae] = {}
        self._planned: tuple[Pipeline | Step, Plan] | None = None
        self._pictures: dict[str, Frame] = {}
        if self.settings.device != Settings().device:
            _ = self.device  # raises for one that is missing

    @cached_property
    def device(self) -> torch.device:
        """Where networks run."""
        from vaeedit.devices import resolve_device

        return resolve_device(self.settings.device)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._vaes.clear()

    def __repr__(self) -> str:
        vaes = ", ".join(vae.info.name for vae in self._vaes.values())
        device = self.device if self._vaes else self.settings.device  # finding self.device may import torch
        return f"<Session on {device}, precision {self.settings.precision}; VAEs: {vaes or 'none yet'}>"

    def run(
        self,
        pipeline: Pipeline | Step | Plan,
        source: Source,
        *,
        tile: int | None = None,
        name: Path | None = None,
    ) -> Result:
        """Run on a picture of any kind (`frame_of`); the result holds the maps and notes of all steps; raises VaeeditError.

        Of a file that holds several pictures each is edited, and `Result.pages` has the results.
        `tile` replaces the setting of that name; `name` is the file that a Frame was read from, for templates. The result's
        warnings are also given as `VaeeditWarning`.
        """
        plan = pipeline if isinstance(pipeline, Plan) else self._plan(pipeline)
        if isinstance(source, str | os.PathLike):
            name = Path(source)
            if not plan.film:
                pages = read_pages(source)
                caution(f"{source}: {text}" for text in pages.warnings)
                if len(pages) > 1:
                    return self._run_pages(plan, pages, tile, name)
                source = pages.first
        given = source.described() if isinstance(source, Result) else frame_of(source)
        result = self._displayable(plan, given, tile, name)
        caution(result.warnings)
        return result

    def _displayable(self, plan: Plan, given: Frame, tile: int | None, name: Path | None) -> Result:
        """The same for a plan and a frame, with the small picture `before` of one that changes."""
        result = self.run_plan(plan, given, tile=tile, name=name)
        return result if result.frame is given else replace(result, before=small(given, BESIDE))

    def _run_pages(self, plan: Plan, pages: Pages, tile: int | None, name: Path) -> Result:
        """The result of the first picture of a file, with those of all."""
        results = tuple(self._displayable(plan, page, tile, name) for page in pages)
        caution(dict.fromkeys(text for result in results for text in result.warnings))
        return replace(results[0], pages=results, times=pages.milliseconds, plays=pages.plays)

    def run_plan(
        self, plan: Plan, given: Frame, *, tile: int | None = None, name: Path | None = None
    ) -> Result:
        """The same for a plan and a frame; the warnings stay in the result. What plugins print goes to stderr."""
        with prints_to_stderr():
            return self._run_plan(plan, given, tile, name)

    def _run_plan(self, plan: Plan, given: Frame, tile: int | None, name: Path | None) -> Result:
        original = working(given, unless_alike=all(step.spec.any_color_space for step in plan))
        result, index = Result(original), 0
        for steps in plan.chains():
            when, said = steps[0].when, list[str]()
            if when is None or when.holds(result.notes):
                start = self.settings.seed + plan.seed + index * STEP_SEEDS
                opened = partial(self._opened, folder=plan.folder, name=name, said=said)
                members = [
                    Member.of(step, (start + k * STEP_SEEDS) % SEEDS, opened) for k, step in enumerate(steps)
                ]
                weights = weights_for(members[0], result.frame, opened)
                done = self._run(members, result.frame, tile or self.settings.tile)
                done = done if weights is None else limited(done, result.frame, steps[-1], weights)
            else:
                done = replace(result, maps={}, warnings=(), notes={steps[-1].label: {SKIPPED: when.text}})
            names = steps[-1].map_names
            maps = {names[key]: picture for key, picture in done.maps.items() if key in names}
            notes = _chained(steps, done.notes)
            warnings = (*result.warnings, *dict.fromkeys(said), *done.warnings)
            result = replace(
                done, maps={**result.maps, **maps}, notes={**result.notes, **notes}, warnings=warnings
            )
            index += len(steps)
        if result.frame is original:
            return replace(result, frame=given)
        frame = returned(result.frame, original, given)
        return replace(result, frame=frame, made=Recorded(plan, self.settings, plugins=self.registry))

    def vae(self, name: str) -> LoadedVae:
        """The VAE of this name or file, loaded once; raises UnknownName, UsageError or WeightsError."""
        from vaeedit.devices import refuse_after_fork
        from vaeedit.vae.files import find_vae, load_vae
        from vaeedit.vae.loaded import LoadedVae

        refuse_after_fork()
        path = find_vae(name, self.registry)
        if path not in self._vaes:
            network, info = load_vae(path, self.registry)
            provided = self.registry.architectures.find(info.architecture)
            maker = f"The architecture {info.architecture} of {provided.package}"
            self._vaes[path] = LoadedVae(network, info, self.device, maker)
        return self._vaes[path]

    def autocast(self) -> torch.autocast:
        """The precision of the settings, for code that calls a network itself; `auto` is float32, which figures need."""
        from vaeedit.devices import autocast, resolve_precision

        return autocast(self.device, resolve_precision(self.settings.precision, self.device, depth=16))

    def _plan(self, pipeline: Pipeline | Step) -> Plan:
        """The plan of a pipeline; the last one is kept for the next picture; raises PipelineError or ImageError."""
        if self._planned is None or self._planned[0] is not pipeline:
            whole = pipeline if isinstance(pipeline, Pipeline) else Pipeline(pipeline)
            whole, self._pictures = named(whole, self.registry)
            self._planned = pipeline, whole.check(self.registry, self.settings.vae)
        return self._planned[1]

    def _opened(self, text: str, folder: Path | None, name: Path | None, said: list[str]) -> list[Frame]:
        """An extra input, or all pictures of a folder; raises ImageError for one that cannot be read.

        Warnings of reading are added to `said`.
        """
        if text in self._pictures:
            return [self._pictures[text]]
        frames = {path: read(path) for path in expanded(resolved(text, folder, name))}
        said.extend(f"{path}: {warning}" for path, frame in frames.items() for warning in frame.warnings)
        return list(frames.values())

    def _run(self, members: Sequence[Member], original: Frame, tile: int | None) -> Result:
        """The result of one chain on a frame, with notes by step; those of the last step hold the seconds it took."""
        started, last = time.perf_counter(), members[-1].step.label
        running = [member for member in members if member.runs]
        if not running:
            return Result(original, notes={last: {"unchanged": True}})
        shown = frozen(original)
        if members[0].step.vae:
            result, more = self._run_vae(running, shown, tile)
        else:
            result, more = run_on_pixels(members[0], shown), {}
        untouched = result.frame is shown or all(member.is_identity for member in members)
        clean = original if untouched else replace(result.frame, conditions={}, std=None)
        timed = {**result.notes.get(last, {}), "seconds": round(time.perf_counter() - started, 3), **more}
        return replace(result, frame=clean, notes={**result.notes, last: timed})

    def _run_vae(
        self, members: Sequence[Member], original: Frame, tile: int | None
    ) -> tuple[Result, dict[str, Any]]:
        """The same for members of one VAE, with a note on its tiles."""
        from vaeedit.devices import resolve_precision
        from vaeedit.run.chain import run_chain

        vae = self.vae(members[0].step.vae)
        precision = resolve_precision(self.settings.precision, self.device, original.depth)
        result = run_chain(members, vae, original, precision, tile)
        return result, {} if vae.sides is None else {"tile": list(vae.sides)}


def _chained(steps: Sequence[PlannedStep], notes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The notes of every step of a chain; all but the last name the step with which they share encode and decode."""
    last = {step.label: {"chained_with": steps[-1].label} for step in steps[:-1]}
    return {step.label: {**notes.get(step.label, {}), **last.get(step.label, {})} for step in steps}
