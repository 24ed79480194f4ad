"""The recipe in a picture: the pipeline that made it, as the picture records it. It may come from anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaeedit.errors import UsageError
from vaeedit.image import made_of, read_pages
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.pipeline.step import Step
from vaeedit.settings import STEP_KEYS

LONGEST = 100
"""Characters of a name of an operation."""


@dataclass(frozen=True)
class Recipe:
    """How a picture was made, as it records itself."""

    picture: str
    made: Mapping[str, Any]
    pipeline: Pipeline


def recipe_of(picture: str) -> Recipe:
    """Read how a picture was made; raises ImageError, or UsageError if that is not recorded or is damaged."""
    made = made_of(read_pages(picture).first.metadata)
    if made is None:
        raise UsageError(f"{picture} does not record how it was made.")
    try:
        steps = [_step(**recorded) for recorded in made["steps"]]
    except ValueError:
        raise UsageError(f"The record in {picture} of how it was made is damaged.") from None
    return Recipe(picture, made, Pipeline(*steps, seed=made["seed"]))


def _step(
    operation: str,
    options: Mapping[str, Any],
    vae: str | None = None,
    name: str | None = None,
    when: str | None = None,
    **_compared: str,
) -> Step:
    """A step of a record; raises ValueError for one that vaeedit cannot have written."""
    maps = options.get("maps", [])
    if max(len(operation), len(name or "")) > LONGEST or {*STEP_KEYS} & {*options} - {"maps"}:
        raise ValueError(operation)
    if not isinstance(maps, list) or not all(isinstance(name, str) for name in maps):
        raise ValueError("maps")
    return Step(operation, vae=vae or None, name=name, when=when, **{**options, "maps": maps})
