"""Extra inputs that Python gives as pictures and not as files: the plan of their step holds a name for each."""

import os
from collections.abc import Iterator
from itertools import count
from typing import Any

from vaeedit.errors import UnknownName
from vaeedit.extension.registry import Registry
from vaeedit.image import Frame, frame_of
from vaeedit.pipeline.inputs import split
from vaeedit.pipeline.pipeline import Pipeline


def named(pipeline: Pipeline, registry: Registry) -> tuple[Pipeline, dict[str, Frame]]:
    """The pipeline with names instead of pictures, and the pictures by name; raises ImageError for no picture."""
    frames: dict[str, Frame] = {}
    numbers = count(1)

    def texts(given: Any) -> Iterator[str]:
        for picture in given if isinstance(given, list | tuple) else [given]:
            if isinstance(picture, str | os.PathLike):
                yield os.fspath(picture)
            else:
                frame = frame_of(picture)
                name = f"picture {next(numbers)}, {frame.title}"
                frames[name] = frame
                yield name

    steps = []
    for step in pipeline.steps:
        try:
            names = registry.operations.find(step.operation).spec.inputs
        except UnknownName:  # `check` will raise it
            names = {}
        options, pictures = split(step.options, names)
        steps.append(step.but({**options, **{name: [*texts(values)] for name, values in pictures.items()}}))
    places, folder = pipeline.places, pipeline.folder
    return Pipeline(*steps, seed=pipeline.seed, places=places, folder=folder), frames
