"""The files of a command other than its pictures: files that it reads, its journal and report, and models."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaeedit.batch.clashes import Uses
from vaeedit.batch.jobs import Job
from vaeedit.batch.sources import LIST
from vaeedit.errors import UsageError
from vaeedit.image.files import image_files
from vaeedit.pipeline.inputs import is_template, resolved

if TYPE_CHECKING:
    from vaeedit.pipeline.plan import Plan

Named = tuple[str, Path]
"""A file's name in messages, and its path."""


def files_read(plan: "Plan", jobs: Sequence[Job], values: Mapping[str, Any]) -> Iterator[Named]:
    """Yield lists of inputs, extra inputs and VAE files."""
    for name in values["inputs"]:
        if name.startswith(LIST):
            yield "the list of the inputs", Path(name.removeprefix(LIST))
    for step in plan:
        for path in _inside(Path(step.vae)) if step.vae else ():
            yield "a file of the VAE", path
        for name, texts in step.extra_inputs.items():
            for text in texts:
                sources = [job.source for job in jobs] if is_template(text) else [None]
                for source in sources:
                    name_or_pattern = resolved(text, plan.folder, source)
                    with suppress(OSError):  # reading it will raise an error with the reason
                        for path in image_files([name_or_pattern]):
                            yield f"the {name} of {step.spec.name}", path


def require_writable(model: Path, read: Iterable[Named], *, resumes: bool = False) -> None:
    """Raise UsageError, before any work, if a VAE file and its card cannot be written or would replace another file.

    With `resumes` they may exist, but they must not be files that the command reads.
    """
    from vaeedit.vae.card import card_of

    uses = Uses()
    for what, path in read:
        uses.read(path, what)
    for what, path in (("the model", model), ("the card of the model", card_of(model))):
        uses.write(path, what)
        if not resumes and os.path.lexists(path):
            raise UsageError(f"{path} exists already; name another file with -o.")
    if not model.parent.is_dir():
        raise UsageError(f"{model} cannot be written: there is no folder {model.parent}.")


def _inside(path: Path) -> Iterator[Path]:
    """Yield the file itself or, of a folder, its files and those of its sub-folders."""
    if path.is_dir():
        yield from (inner for pattern in ("*", "*/*") for inner in path.glob(pattern) if inner.is_file())
    elif path.is_file():
        yield path
