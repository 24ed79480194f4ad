"""Session: a device, a precision and the VAEs loaded so far; runs pipelines on images."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from vaeedit.devices import refuse_after_fork, resolve_device, resolve_precision, use_huge_pages
from vaeedit.errors import PluginError, VaeeditError, is_out_of_memory
from vaeedit.extension.registry import Registry, registry
from vaeedit.extension.specs import OperationSpec, load_target
from vaeedit.image import Frame, expanded, read
from vaeedit.options import validate
from vaeedit.pipeline.condition import SKIPPED
from vaeedit.pipeline.inputs import resolved
from vaeedit.pipeline.pipeline import Pipeline, Plan, PlannedStep, Step, chains
from vaeedit.run.operation import Edit, Inspect, Join, Operation, Request, Result
from vaeedit.settings import Settings
from vaeedit.vae.edited import Edited, edited_again
from vaeedit.vae.files import find_vae, load_vae
from vaeedit.vae.latents import Latents
from vaeedit.vae.loaded import Change, LoadedVae

SEEDS = 2**62
"""Seeds count modulo this, so that any whole number is one."""
STEP_SEEDS = 1_000_003
"""Distance between the seeds of steps, so that the samples of one never meet those of the next."""
Source = Frame | str | os.PathLike[str]


class Session:
    """Runs pipelines; keeps every VAE it has loaded. Use it as a context manager to free them.

    Keywords are those of `Settings`; `seed` is added to the pipeline's, `vae` replaces every step's own.
    """

    def __init__(self, *, plugins: Registry | None = None, **settings: Any) -> None:
        use_huge_pages()
        self.settings = validate(Settings, settings)
        self.registry = plugins or registry()
        self.device = resolve_device(self.settings.device)
        self._vaes: dict[Path, LoadedVae] = {}

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._vaes.clear()

    def run(
        self,
        pipeline: Pipeline | Step,
        source: Source,
        *,
        tile: int | None = None,
        name: Path | None = None,
    ) -> Result:
        """Run on a Frame or file; maps and notes of all steps are collected; raises VaeeditError.

        `tile` stands in for the setting of that name; `name` is the file a Frame came from, for templates.
        """
        if not isinstance(pipeline, Pipeline):
            pipeline = Pipeline(pipeline)
        plan = pipeline.check(self.registry, self.settings.vae)
        if not isinstance(source, Frame):
            name, source = Path(source), read(source)
        result, index = Result(source), 0
        for steps in chains(plan):
            when = steps[0].when
            if when is None or when.holds(result.notes):
                seeds = [
                    self.settings.seed + pipeline.seed + (index + k) * STEP_SEEDS for k in range(len(steps))
                ]
                operations = [
                    _operation(step, seed % SEEDS, _further(step, pipeline.folder, name))
                    for step, seed in zip(steps, seeds, strict=True)
                ]
                done = self._run_chain(steps, operations, result.frame, tile or self.settings.tile)
            else:
                done = replace(result, maps={}, notes={SKIPPED: when.text})
            result = replace(
                done,
                maps={**result.maps, **_named(steps[-1], done.maps)},
                notes={**result.notes, **_labeled(steps, done.notes)},
            )
            index += len(steps)
        return result

    def vae(self, name: str) -> LoadedVae:
        """The VAE of this name or file, loaded once; raises UnknownName, UsageError or WeightsError."""
        refuse_after_fork()
        path = find_vae(name, self.registry)
        if path not in self._vaes:
            network, info = load_vae(path, self.registry)
            self._vaes[path] = LoadedVae(network, info, self.device)
        return self._vaes[path]

    def _run_chain(
        self, steps: Plan, operations: Sequence[Operation[Any]], original: Frame, tile: int | None
    ) -> Result:
        """One encode and one decode for all the operations; only a single one prepares frames and gives maps."""
        started = time.perf_counter()
        first = operations[0]
        moving = [
            (step, operation)
            for step, operation in zip(steps, operations, strict=True)
            if not operation.is_identity
        ]
        if not moving and not first.wants_scale:
            return Result(original, notes={"unchanged": True})
        vae = self.vae(steps[0].vae)
        for operation in operations:
            operation.vae = vae.info
        change = _in_turn(moving or [(steps[0], first)])
        with _blame(steps[0]):
            edited = self._edited(vae, first, steps[0].spec, change, original, tile)
            result = _finished(first, steps[0], edited, original)
        untouched = not moving or result.frame is original
        clean = original if untouched else replace(result.frame, conditions={}, scale=None)
        seconds = round(time.perf_counter() - started, 3)
        return replace(result, frame=clean, notes={**result.notes, "seconds": seconds})

    def _edited(
        self,
        vae: LoadedVae,
        operation: Operation[Any],
        spec: OperationSpec,
        change: Change,
        original: Frame,
        tile: int | None,
    ) -> Sequence[Frame]:
        """The frames that an operation makes of an image, through the VAE, by what it is."""
        precision = resolve_precision(self.settings.precision, self.device, original.depth)
        frames = operation.before([original])
        if isinstance(operation, Inspect):
            for index, frame in enumerate([*frames, *operation.references()]):
                vae.visit(frame, partial(operation.gather, index), precision=precision, tile=tile)
        edit_all = partial(
            vae.edit_all, precision=precision, scale=operation.wants_scale, delta=spec.delta, tile=tile
        )
        if isinstance(operation, Join) and frames:
            decoded = frames if operation.wants_decoded else []
            return edit_all(frames[0], change, others=frames[1:]) + [
                vae.edit(frame, Latents.mean, precision=precision, tile=tile) for frame in decoded
            ]
        if isinstance(operation, Edit):
            return [found for frame in frames for found in edit_all(frame, change)]
        return frames


def _operation(step: PlannedStep, seed: int, images: Mapping[str, Sequence[Frame]]) -> Operation[Any]:
    with _blame(step):
        request = Request(step.options, seed, step.maps, images)
        made = load_target(step.spec.target)(request)
        if not isinstance(made, (Edit, Join, Inspect)):
            raise TypeError(f"{type(made).__name__} must derive from Edit, Join or Inspect")
        return made


def _further(step: PlannedStep, folder: Path | None, name: Path | None) -> dict[str, list[Frame]]:
    """The step's further pictures, those of folders among them; raises ImageError for one that cannot be read."""
    return {
        key: [read(path) for text in texts for path in expanded(resolved(text, folder, name))]
        for key, texts in step.images.items()
    }


def _in_turn(moving: Sequence[tuple[PlannedStep, Operation[Any]]]) -> Change:
    """What the operations make of latents one after the other."""
    (step, first), *following = moving

    def change(*latents: Latents) -> Edited:
        with _blame(step):
            found = first.join(latents) if isinstance(first, Join) else _edit(first, latents[0])
        for later, operation in following:
            with _blame(later):
                found = edited_again(found, partial(_edit, operation))
        return found

    return change


def _edit(operation: Operation[Any], latents: Latents) -> Edited:
    if not isinstance(operation, Edit):
        raise TypeError("it must derive from Edit to take the latents of another step (`latent` in its spec)")
    return operation.edit(latents)


def _finished(
    operation: Operation[Any], step: PlannedStep, edited: Sequence[Frame], original: Frame
) -> Result:
    """What `after` makes of the decoded frames, checked."""
    if not edited:
        raise ValueError("`before` gave no frame")
    if operation.is_identity and operation.wants_scale:
        edited = [replace(frame, pixels=original.pixels) for frame in edited]
    result = operation.after(edited, [original])
    if not isinstance(result, Result):
        raise TypeError(f"`after` gave {result!r:.60}, not a Result")
    missing = step.maps - set(result.maps)
    if missing:
        raise ValueError(f"it gave no map {', '.join(sorted(missing))}")
    return result


def _named(step: PlannedStep, maps: Mapping[str, Frame]) -> dict[str, Frame]:
    """The maps that were asked for, as they are called among those of all steps."""
    return {step.map_names[name]: picture for name, picture in maps.items() if name in step.maps}


def _labeled(steps: Plan, notes: Mapping[str, Any]) -> dict[str, Any]:
    """The notes of a chain under the label of its last step; the others say where to look."""
    last = steps[-1].label
    return {**{step.label: {"chained_with": last} for step in steps[:-1]}, last: dict(notes)}


def edit(source: Source, operation: str, *, maps: tuple[str, ...] = (), **options: Any) -> Result:
    """One operation on one image: `vaeedit.edit("in.jpg", "denoise", strength=0.6).save("out.png")`.

    Names of `Settings` (device, seed, vae, ...) may stand among the options.
    """
    names = {name: options.pop(name) for name in Settings.__struct_fields__ if name in options}
    with Session(**names) as session:
        return session.run(Step(operation, maps=maps, **options), source)


@contextmanager
def _blame(step: PlannedStep) -> Iterator[None]:
    """Turn what a plugin's code raises into a PluginError that names it."""
    try:
        yield
    except (VaeeditError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        where = f"The operation {step.spec.name} of {step.provided.distribution}"
        raise PluginError(f"{where} failed: {type(error).__name__}: {error}") from error
