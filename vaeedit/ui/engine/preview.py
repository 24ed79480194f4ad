"""Previews: what the steps make of the part of a picture that is seen, as fine as time allows."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from warnings import catch_warnings, simplefilter

import numpy as np

from vaeedit.errors import VaeeditError, VaeeditWarning
from vaeedit.image import Frame
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.run.operation import Result
from vaeedit.ui.engine.area import Area, area_for
from vaeedit.ui.engine.fitting import fitted
from vaeedit.ui.engine.maps import layers_of_maps
from vaeedit.ui.engine.rasters import Bytes, crop, pixels_of, png, seen, window
from vaeedit.ui.engine.steps import with_maps, without_maps
from vaeedit.ui.engine.traits import Traits
from vaeedit.ui.engine.view import AFTER, BEFORE, Rendered, View
from vaeedit.ui.engine.whole import Whole, shown
from vaeedit.ui.engine.worker import Worker
from vaeedit.vae.origin import part_at
from vaeedit.vae.ticks import Listener, heard_by


def render(
    worker: Worker,
    source: Path,
    pipeline: Pipeline | None,
    view: View,
    full: tuple[Path, Whole] | None = None,
) -> Rendered:
    """The layers of a view: of the whole edit `full` (its folder) if there is one, else of a preview.

    Without a pipeline the picture itself is shown. What a step raises is in the reply; raises ImageError for a picture that
    cannot be read.
    """
    frame = worker.frame(source)
    before = _before(worker, source, frame, view)
    layers = {BEFORE: png(before)} if BEFORE in view.layers else {}
    own = Rendered(view.region, layers, exact=True, size=(frame.width, frame.height))
    if full is not None:
        return _of_whole(own, view, *full)
    if pipeline is None or not pipeline.steps:
        return replace(own, layers={**layers, AFTER: png(before)}) if AFTER in view.layers else own
    if set(view.layers) <= {BEFORE}:
        return own
    try:
        return _previewed(worker, source, pipeline, view, own, before)
    except VaeeditError as error:
        return replace(own, exact=False, error=str(error))


def _before(worker: Worker, source: Path, frame: Frame, view: View) -> Bytes:
    """The picture in the view, with at most as many pixels as it has there."""
    left, top, right, bottom = view.region
    width, height = _size(view, frame.width, frame.height)
    dense = width / (right - left)
    if dense < frame.width * 0.999:  # a smaller version is kept
        frame = worker.shrunk(source, round(dense), round(height / (bottom - top)))
    box = Area.around(view.region, frame.width, frame.height, margin=2)
    return window(pixels_of(crop(frame, *box.box)), box.within(view.region), width, height)


def _size(view: View, width: int, height: int) -> tuple[int, int]:
    """The pixels of a view of a picture of this size: those of the screen, or of the picture, if these are fewer."""
    left, top, right, bottom = view.region
    return (
        max(1, min(view.width, round((right - left) * width))),
        max(1, min(view.height, round((bottom - top) * height))),
    )


def _of_whole(own: Rendered, view: View, folder: Path, whole: Whole) -> Rendered:
    """The layers as the whole edit has them."""
    width, height = _size(view, whole.width, whole.height)
    layers = dict(own.layers)
    if AFTER in view.layers:
        layers[AFTER] = png(window(shown(folder, whole, None), view.region, width, height))
    maps = {name: shown(folder, whole, name) for name in whole.maps if name in view.layers}
    drawn, ranges = layers_of_maps(maps, whole.notes, view.region, width, height)
    return replace(own, layers={**layers, **drawn}, ranges=ranges, size=(whole.width, whole.height))


@dataclass(frozen=True)
class _Run:
    """A run on a part of the picture."""

    area: Area
    part: Frame
    result: Result


def _previewed(
    worker: Worker, source: Path, pipeline: Pipeline, view: View, own: Rendered, before: Bytes
) -> Rendered:
    registry = worker.session.registry
    wants_maps = not set(view.layers) <= {BEFORE, AFTER}
    pipeline = with_maps(pipeline, registry) if wants_maps else without_maps(pipeline)
    traits = Traits.of(pipeline, worker.session)
    run = _ran(worker, source, pipeline, view, traits)
    frame, note = seen(run.result)
    times = frame.width / run.part.width
    whole = worker.frame(source)
    size = round(whole.width * times), round(whole.height * frame.height / run.part.height)
    width, height = _size(view, *size)
    region = run.area.within(view.region)
    layers = dict(own.layers)
    if AFTER in view.layers:
        changed = traits.delta and run.area.scale < run.area.wanted and times == 1
        values = pixels_of(frame)
        if changed and values.shape == (given := pixels_of(run.part)).shape:
            layers[AFTER] = png(_changed(before, values, given, region))
        else:
            layers[AFTER] = png(window(values, region, width, height))
    maps = {name: pixels_of(run.result.maps[name]) for name in run.result.maps if name in view.layers}
    drawn, ranges = layers_of_maps(maps, run.result.notes, region, width, height)
    if run.area.scale < 1:
        note = f"{note} Computed at {max(1, round(100 * run.area.scale))} % of the size.".strip()
    scale = min(1.0, run.area.scale / run.area.wanted)
    return Rendered(view.region, {**layers, **drawn}, False, scale, note, "", ranges, size)


def _changed(before: Bytes, after: Bytes, given: Bytes, region: tuple[float, float, float, float]) -> Bytes:
    """The picture before, which is finer, with the change that a coarser run makes to it."""
    height, width = before.shape[:2]
    change = window(after.astype(np.float32) - given, region, width, height)
    changed: Bytes = np.clip(np.rint(before + change), 0, 255).astype(np.uint8)
    return changed


def _ran(worker: Worker, source: Path, pipeline: Pipeline, view: View, traits: Traits) -> _Run:
    """Run the steps on as many pixels as time allows."""
    whole = worker.frame(source)
    area = area_for(view, whole, traits, worker.speeds)
    frame = worker.shrunk(source, area.width, area.height)
    part = crop(frame, *area.box)
    steps = fitted(worker, source, pipeline, area)
    row, column = (area.box[1], area.box[0]) if traits.placed and area.scale == 1 else (0, 0)
    started = time.perf_counter()
    with part_at(row, column), heard_by(_telling(worker)), catch_warnings():
        simplefilter("ignore", VaeeditWarning)
        result = worker.session.run(steps, part, name=source)
    seconds = time.perf_counter() - started
    worker.speeds.learn(traits.key, seconds, part.width * part.height, seen(result)[0].width / part.width)
    return _Run(area, part, result)


def _telling(worker: Worker) -> Listener:
    """Tells how far a run is, except at its end: what is finished is shown, also where it is outdated."""

    def told(done: int, total: int) -> None:
        if done < total:
            worker.tell(done / total)

    return told
