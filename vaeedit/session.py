"""Session: a device, a precision and the VAEs loaded so far; runs pipelines on images."""

import os
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from vaeedit.devices import resolve_device, resolve_precision
from vaeedit.errors import PluginError, VaeeditError
from vaeedit.image import Frame, read
from vaeedit.operation import Operation, Request, Result
from vaeedit.options import validate
from vaeedit.pipeline import Pipeline, PlannedStep, Step
from vaeedit.plugins import Registry, registry
from vaeedit.settings import Settings
from vaeedit.specs import load_target
from vaeedit.vae.files import find_vae, load_vae
from vaeedit.vae.loaded import LoadedVae

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

    def run(self, pipeline: Pipeline | Step, source: Source) -> Result:
        """Run on a Frame or file; maps and notes of all steps are collected; raises VaeeditError."""
        if not isinstance(pipeline, Pipeline):
            pipeline = Pipeline(pipeline)
        plan = pipeline.check(self.registry)
        frame = source if isinstance(source, Frame) else read(source)
        result = Result(frame)
        for index, step in enumerate(plan):
            seed = (self.settings.seed + pipeline.seed + index * STEP_SEEDS) % SEEDS
            with _blame(step):
                done = self._run_step(step, result.frame, seed)
            result = replace(
                done,
                maps={**result.maps, **done.maps},
                notes={**result.notes, _unused(step.name or step.spec.name, result.notes): dict(done.notes)},
            )
        return result

    def vae(self, name: str) -> LoadedVae:
        """The VAE of this name or file, loaded once; raises UnknownName, UsageError or WeightsError."""
        path = find_vae(name, self.registry)
        if path not in self._vaes:
            network, info = load_vae(path, self.registry)
            self._vaes[path] = LoadedVae(network, info, self.device)
        return self._vaes[path]

    def _run_step(self, step: PlannedStep, original: Frame, seed: int) -> Result:
        started = time.perf_counter()
        operation: Operation[Any] = load_target(step.spec.target)(Request(step.options, seed, step.maps))
        if operation.is_identity and not operation.wants_scale:
            return Result(original, notes={"unchanged": True})
        vae = self.vae(self.settings.vae or step.vae)
        edited = [
            vae.edit(
                frame,
                operation.edit,
                precision=resolve_precision(self.settings.precision, self.device, frame.depth),
                scale=operation.wants_scale,
                tile=self.settings.tile,
            )
            for frame in operation.before([original])
        ]
        if not edited:
            raise ValueError("`before` gave no frame")
        if operation.is_identity:
            edited = [replace(frame, pixels=original.pixels) for frame in edited]
        result = operation.after(edited, [original])
        if not isinstance(result, Result):
            raise TypeError(f"`after` gave {result!r:.60}, not a Result")
        missing = step.maps - set(result.maps)
        if missing:
            raise ValueError(f"it gave no map {', '.join(sorted(missing))}")
        clean = original if operation.is_identity else replace(result.frame, conditions={}, scale=None)
        seconds = round(time.perf_counter() - started, 3)
        return replace(result, frame=clean, notes={**result.notes, "seconds": seconds})


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
        if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error):
            raise MemoryError from error
        where = f"The operation {step.spec.name} of {step.provided.distribution}"
        raise PluginError(f"{where} failed: {type(error).__name__}: {error}") from error


def _unused(name: str, taken: Container[str]) -> str:
    """The name, or name-2, name-3, ... where a step of that name has spoken before."""
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate
