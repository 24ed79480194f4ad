"""What must hold before a batch writes anything: all files that it would read and write are below the root."""

import os
from collections.abc import Iterator
from pathlib import Path

from vaeedit.batch.job import Job
from vaeedit.batch.jobs import placed, with_sides
from vaeedit.batch.journal import NAME
from vaeedit.batch.sources import Search
from vaeedit.errors import UsageError
from vaeedit.extension.registry import Registry
from vaeedit.pipeline.pipeline import Pipeline, labels, map_names
from vaeedit.ui.batch.request import HOME, Request
from vaeedit.ui.below import below, within


def pictures_of(root: Path, request: Request, pipeline: Pipeline, registry: Registry) -> list[Path]:
    """The pictures of a batch, none of which, nor any file that it would write, is outside of the root.

    Raises UsageError otherwise, and UnknownName for an unknown operation. What the pipeline names is not checked, and what
    else may be wrong is said by the command line itself, in a dry run.
    """
    folder, output = below(root, request.folder), below(root, request.output)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {request.folder!r} below the root.")
    if output in (folder, below(root, "")):
        raise UsageError("Name another folder for the results than the root and that of the pictures.")
    if not pipeline.steps:
        raise UsageError("The pipeline has no steps.")
    sources = Search([str(folder)], request.recursive).sources()
    pictures = [source.path for source in sources if source.path is not None]
    for path in pictures:
        within(root, path)
    jobs = placed(
        sources,
        str(output).replace("{", "{{").replace("}", "}}") + os.sep,
        "edited",
        film=registry.operations.find(pipeline.steps[-1].operation).spec.film,
        several=True,
        ending=f".{request.format}" if request.format else None,
    )
    for path in _written(output, with_sides(jobs, {}, _maps(pipeline), several=True, overwrite=True)):
        within(root, path)
    return pictures


def _written(output: Path, jobs: list[Job]) -> Iterator[Path]:
    """All files that would be written."""
    yield from (output / NAME, output / f".{NAME}.lock", output / HOME)
    for job in jobs:
        yield from (path for path in (job.target, *job.sides.values()) if path is not None)


def _maps(pipeline: Pipeline) -> list[str]:
    """The names of the maps that are written beside each output."""
    names = labels([step.name or step.operation.rpartition(":")[2] for step in pipeline.steps])
    own = map_names(names, [step.maps for step in pipeline.steps])
    return [name for by_step in own for name in sorted(by_step.values())]
