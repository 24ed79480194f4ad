"""Whole edits: the result of a picture in a folder, from which the viewer's parts and every download are made."""

import pickle
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.jobs import Job
from vaeedit.batch.memory import run_within_memory
from vaeedit.batch.outputs import Outputs
from vaeedit.image import Frame, Pages, opened, single, write_whole
from vaeedit.limits import PICTURE, read_regular
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.run.operation import Result
from vaeedit.settings import Policy, Quality
from vaeedit.ui.engine.rasters import Bytes, pixels_of, seen
from vaeedit.ui.engine.steps import with_maps
from vaeedit.ui.engine.worker import Worker
from vaeedit.vae.ticks import heard_by

EDIT, PAGE, SHOWN = "edit.pickle", "page-{:05}.pickle", "shown-{:03}.npy"
"""Files of a whole edit: what was done, each picture with its result, and what the viewer shows: the result and the maps.

The pickles pass between processes of one server only.
"""


@dataclass(frozen=True)
class Whole:
    """What is said of a whole edit; its pixels are in its folder."""

    width: int
    height: int
    maps: tuple[str, ...]
    """Names of the maps that were made."""
    notes: Mapping[str, Any]
    warnings: tuple[str, ...]
    seconds: float
    pictures: int = 1
    """How many pictures the file holds; the viewer shows the first one."""
    film: bool = False
    """Whether the result may be downloaded as a film, .gif or .mp4."""


@dataclass(frozen=True)
class _Edit:
    """What was done with which file."""

    spec: BatchSpec
    source: Path
    pages: Pages


def edit_whole(worker: Worker, source: Path, pipeline: Pipeline, folder: Path) -> Whole:
    """Edit all pictures of a file, and keep the results in a folder that is empty; raises VaeeditError.

    All maps of all steps are made, too.
    """
    started = time.perf_counter()
    plan = with_maps(pipeline, worker.session.registry).check(worker.session.registry, worker.settings.vae)
    pages = (single if plan.film else opened)(read_regular(source, PICTURE), source.name)
    edit = _Edit(BatchSpec(plan, worker.settings), source, pages)
    first, warnings = None, dict.fromkeys(pages.warnings)
    for index, frame in enumerate(pages):
        with heard_by(_Progress(worker, index, len(pages), len(plan.chains()))):
            result = run_within_memory(worker.session, plan, frame, name=source).result
        result = replace(result, made=None)  # the spec says it, without the registry
        warnings |= dict.fromkeys(result.warnings)
        _dump(folder / PAGE.format(index), (frame, result))
        first = first or result
    assert first is not None
    _dump(folder / EDIT, edit)
    shown = {"": seen(first)[0], **first.maps}
    for number, picture in enumerate(shown.values()):
        np.save(folder / SHOWN.format(number), pixels_of(picture))
    frame, seconds = shown[""], round(time.perf_counter() - started, 2)
    names = tuple(first.maps)
    return Whole(
        frame.width, frame.height, names, first.notes, (*warnings,), seconds, len(pages), bool(first.film)
    )


def encode(
    worker: Worker,
    folder: Path,
    target: Path,
    metadata: Policy = "keep",
    quality: Quality | None = None,
    map_name: str | None = None,
) -> list[str]:
    """Write the result of a whole edit, or one of its maps, to `target` as the command line does; returns its warnings.

    The format is that of the target's extension; films are .gif and .mp4. Raises ImageError.
    """
    with (folder / EDIT).open("rb") as file:
        edit: _Edit = pickle.load(file)
    spec = replace(edit.spec, metadata=metadata, quality=quality)
    sides = {map_name: target} if map_name else {}
    job = Job(edit.source, None if map_name else target, inspect_only=bool(map_name), sides=sides)
    outputs = Outputs(spec, job, edit.pages)
    for index, (frame, result) in enumerate(_results(folder, len(edit.pages))):
        worker.tell(index / len(edit.pages), target.name)
        outputs.add(frame, result)
    encoded = outputs.finish()
    write_whole(target, encoded.sides[map_name] if map_name else encoded.data)
    return encoded.warnings


def shown(folder: Path, whole: Whole, layer: str | None) -> Bytes:
    """The pixels (H, W, C) that the viewer shows of a whole edit, not read yet: the result, or the map of this name."""
    number = whole.maps.index(layer) + 1 if layer else 0
    pixels: Bytes = np.load(folder / SHOWN.format(number), mmap_mode="r")
    return pixels


class _Progress:
    """Hears of the tiles of one picture, and tells the share of the whole edit."""

    def __init__(self, worker: Worker, index: int, pages: int, chains: int) -> None:
        self.worker, self.index, self.pages, self.chains = worker, index, pages, chains
        self.chain = -1
        self.worker.tell(index / pages, self._text())

    def __call__(self, done: int, total: int) -> None:
        self.chain += not done
        share = (min(self.chain, self.chains - 1) + done / max(total, 1)) / self.chains
        tiles = f", tile {min(done + 1, total)} of {total}" if total > 1 else ""
        self.worker.tell((self.index + share) / self.pages, f"{self._text()}{tiles}")

    def _text(self) -> str:
        picture = f"Picture {self.index + 1} of {self.pages}" if self.pages > 1 else "Editing"
        step = f", step {self.chain + 1} of {self.chains}" if self.chains > 1 and self.chain >= 0 else ""
        return picture + step


def _results(folder: Path, count: int) -> Iterator[tuple[Frame, Result]]:
    for index in range(count):
        with (folder / PAGE.format(index)).open("rb") as file:
            yield pickle.load(file)


def _dump(path: Path, value: Any) -> None:
    with path.open("wb") as file:
        pickle.dump(value, file, protocol=5)
