"""Extra pictures of steps, made fit for the part of the picture that a preview computes."""

from pathlib import Path
from typing import Any

from vaeedit.extension.specs import MASK
from vaeedit.image import Frame, expanded
from vaeedit.image.masks import ALIKE, FEATHER
from vaeedit.image.sizing import mask_of
from vaeedit.pipeline.inputs import resolved, split, template_fault
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.pipeline.step import Step
from vaeedit.ui.engine.area import Area
from vaeedit.ui.engine.rasters import crop
from vaeedit.ui.engine.steps import with_steps
from vaeedit.ui.engine.worker import Worker, stamp


def fitted(worker: Worker, source: Path, pipeline: Pipeline, area: Area) -> Pipeline:
    """The pipeline with pictures in place of their files: masks cut to the area, others at most as large as the picture.

    Raises ImageError and UsageError for those that cannot be read.
    """
    return with_steps(
        pipeline, [_fitted(worker, source, pipeline.folder, step, area) for step in pipeline.steps]
    )


def _fitted(worker: Worker, source: Path, folder: Path | None, step: Step, area: Area) -> Step:
    known = worker.session.registry.operations
    if step.operation not in known:
        return step
    spec = known.find(step.operation).spec
    options, pictures = split(step.options, spec.inputs)
    given: dict[str, Any] = {}
    for name, texts in pictures.items():
        files = _files(texts, folder, source)
        if files is None:
            return step  # its check says what is wrong
        if name == MASK and spec.takes_mask:
            given[name] = [_mask(worker, files[0], area)]
            options = _with_feather(options, area)
        else:
            given[name] = [_shrunk(worker, file, max(area.width, area.height)) for file in files]
    return step.but({**options, **given})


def _files(texts: Any, folder: Path | None, source: Path) -> list[Path] | None:
    """The files of an extra input; None if it is not given as it should be."""
    listed = [texts] if isinstance(texts, str) else texts
    if not isinstance(listed, list | tuple) or not listed:
        return None
    if any(not isinstance(text, str) or template_fault(text) for text in listed):
        return None
    return [file for text in listed for file in expanded(resolved(text, folder, source))]


def _mask(worker: Worker, file: Path, area: Area) -> Frame:
    """The mask in the area; it is kept at the picture's size."""
    key = *stamp(file), MASK, area.width, area.height

    def made() -> Frame:
        return Frame(mask_of(worker.frame(file), area.height, area.width)[..., None])

    own = worker.frame(file)
    if abs(own.width * area.height / (own.height * area.width) - 1) > ALIKE:
        return own  # the run says that it does not fit
    return crop(worker.frames.get(key, made), *area.box)


def _with_feather(options: dict[str, Any], area: Area) -> dict[str, Any]:
    """The options with the width of a mask's transition in pixels of the area."""
    given = options.get("feather")
    if given is None:
        return {**options, "feather": round(FEATHER * min(area.width, area.height))}
    return {**options, "feather": float(given) * area.scale} if isinstance(given, int | float) else options


def _shrunk(worker: Worker, file: Path, longest: int) -> Frame:
    frame = worker.frame(file)
    scale = min(1.0, longest / max(frame.width, frame.height))
    return worker.shrunk(file, *(max(1, round(side * scale)) for side in (frame.width, frame.height)))
