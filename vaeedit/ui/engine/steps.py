"""Pipelines as the worker runs them: with all maps, or with the extra pictures made fit for a part of the picture."""

from vaeedit.errors import PipelineError
from vaeedit.extension.registry import Registry
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.pipeline.step import Step


def with_maps(pipeline: Pipeline, registry: Registry) -> Pipeline:
    """The pipeline with all maps that its operations have; unknown operations stay as they are."""
    return with_steps(pipeline, [step.but(maps=_maps(step, registry)) for step in pipeline.steps])


def without_maps(pipeline: Pipeline) -> Pipeline:
    """The pipeline without any map."""
    return with_steps(pipeline, [step.but(maps=()) for step in pipeline.steps])


def with_steps(pipeline: Pipeline, steps: list[Step]) -> Pipeline:
    """The pipeline with other steps."""
    return Pipeline(*steps, seed=pipeline.seed, places=pipeline.places, folder=pipeline.folder)


def _maps(step: Step, registry: Registry) -> tuple[str, ...]:
    known = step.operation in registry.operations
    return tuple(registry.operations.find(step.operation).spec.maps) if known else ()


def map_names(pipeline: Pipeline, registry: Registry) -> list[str]:
    """The names of all maps of a pipeline, as results have them; none if it has faults."""
    try:
        plan = with_maps(pipeline, registry).check(registry)
    except PipelineError:
        return []
    return [name for step in plan for name in step.map_names.values()]
