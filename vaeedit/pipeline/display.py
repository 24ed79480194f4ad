"""A pipeline as a notebook displays it: a table of its steps."""

from typing import TYPE_CHECKING, Any

from vaeedit.notebook import LONGEST, block, table
from vaeedit.pipeline.step import Step

if TYPE_CHECKING:
    from vaeedit.pipeline.pipeline import Pipeline

HEAD = ("step", "name", "operation", "options", "VAE", "maps", "when")


def html_of(pipeline: "Pipeline") -> str:
    """The steps with the options that were given; columns that no step uses are left out."""
    count = len(pipeline.steps)
    about = f"of {count} step{'' if count == 1 else 's'}, seed {pipeline.seed}"
    rows = [(str(number), *_cells(step)) for number, step in enumerate(pipeline.steps, 1)]
    return block("Pipeline", about, *([table(HEAD, rows)] if rows else []))


def _cells(step: Step) -> tuple[Any, ...]:
    options = [f"{name}: {_written(value)}" for name, value in step.options.items()]
    return step.name or "", step.operation, options, step.vae or "", step.maps, step.when or ""


def _written(value: Any) -> str:
    """A value as text; bytes, arrays and tensors, which may be pictures, by their kind and size."""
    match value:
        case bytes() | bytearray() | memoryview():
            return f"{len(value):,} bytes"
        case list() | tuple():
            return ", ".join(map(_written, value[:LONGEST]))
    if shape := getattr(value, "shape", None):
        return f"{type(value).__name__} of {'x'.join(map(str, shape))}"
    return str(value)
