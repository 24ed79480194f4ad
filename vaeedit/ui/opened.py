"""Pipelines that a page opens, from a file or a picture: checked, within what a page may name, without defaults.

A VAE is only looked up here; whether it suits its operation is checked where it is loaded, in a process with torch.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from vaeedit.documents import Place, text_of
from vaeedit.errors import PipelineError, UsageError
from vaeedit.extension.registry import Registry
from vaeedit.options import name_of
from vaeedit.pipeline.inputs import split
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.pipeline.recipe import recipe_of
from vaeedit.pipeline.step import Step
from vaeedit.pipeline.yaml import parse_yaml, with_line
from vaeedit.ui.document import Document
from vaeedit.ui.places import Places, changed, options_of, pictures_of, with_pictures

if TYPE_CHECKING:
    from vaeedit.ui.engine.worker import Worker

Faults = list[tuple[Place, str]]


def pipeline_of(document: Document, places: Places) -> Pipeline:
    """The pipeline of the steps that are on; raises PipelineError for one that cannot run yet."""
    pipeline = Pipeline(*map(places.located, document.steps), seed=document.seed, folder=places.uploads)
    _raise(pipeline, _faults(pipeline, places.registry))
    return pipeline


def from_file(path: Path, places: Places) -> Pipeline:
    """The pipeline in a YAML file; raises UsageError, or PipelineError with the line of each fault."""
    return from_text(text_of(path), places)


def from_text(text: str, places: Places) -> Pipeline:
    """The pipeline of a YAML text; raises PipelineError with the line of each fault."""
    parsed = parse_yaml(text)
    pipeline = Pipeline(*parsed.steps, seed=parsed.seed, places=parsed.places)
    reported = {place for place, _ in parsed.faults}
    others = [fault for fault in _faults(pipeline, places.registry) if fault[0][:2] not in reported]
    _raise(pipeline, parsed.faults + others)
    return _allowed(pipeline, places)


def recorded(worker: "Worker", path: Path) -> Pipeline:
    """A task of a worker: the pipeline that made a picture, as the picture records it; raises ImageError or UsageError."""
    return recipe_of(str(path)).pipeline


def from_record(pipeline: Pipeline, places: Places) -> Pipeline:
    """The pipeline that `recorded` has read; raises PipelineError for what it may not name."""
    _raise(pipeline, _faults(pipeline, places.registry))
    return _allowed(pipeline, places)


def _faults(pipeline: Pipeline, registry: Registry) -> Faults:
    """The faults of a pipeline, but for those of its VAEs; opens no file."""
    named = Pipeline(*(step.but(vae=None) for step in pipeline.steps), seed=pipeline.seed)
    return [fault for fault in named.faults(registry) if fault[0][-1:] != ("vae",)]


def _raise(pipeline: Pipeline, faults: Faults) -> None:
    if faults:
        raise PipelineError([with_line(pipeline.places, place, text) for place, text in faults])


def _allowed(pipeline: Pipeline, places: Places) -> Pipeline:
    """The pipeline with names that a page may use; raises PipelineError for any other name."""
    steps: list[Step] = []
    faults: Faults = []
    for index, step in enumerate(pipeline.steps):
        try:
            steps.append(_normal(step, places))
        except UsageError as error:
            place = ("steps", index, step.operation)
            faults.append((place, f"step {index + 1} ({step.label}): {error}"))
    _raise(pipeline, faults)
    return Pipeline(*steps, seed=pipeline.seed)


def _normal(step: Step, places: Places) -> Step:
    """The step with field names, converted values, no defaults, and files where they are; raises UsageError."""
    spec = places.registry.operations.find(step.operation).spec
    vae = None if step.vae in (None, spec.vae) else places.vae(str(step.vae))
    result = step.but({}, vae=vae)
    known = options_of(spec)
    for key, given in split(step.options, spec.inputs)[0].items():
        field = known[name_of(key)]
        result = changed(result, field, places.option(field, field.parse(given)))
    named = {name: [*map(places.file, texts)] for name, texts in pictures_of(step, spec).items()}
    return with_pictures(result, spec, named)
