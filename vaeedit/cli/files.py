"""The files of a run beside its pictures: what it reads, and what it writes about itself."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaeedit.batch.jobs import Job
from vaeedit.batch.sources import LIST
from vaeedit.further import is_template, resolved
from vaeedit.image.files import image_files

if TYPE_CHECKING:
    from vaeedit.pipeline import Pipeline

Named = tuple[str, Path]
"""What messages call a file, and the file."""


def files_written(values: Mapping[str, Any], journal: Path | None) -> Iterator[Named]:
    """The journal and the report."""
    if journal is not None:
        yield "the journal", journal
    if values["report"]:
        yield "the report", Path(values["report"])


def files_read(pipeline: "Pipeline", jobs: Sequence[Job], values: Mapping[str, Any]) -> Iterator[Named]:
    """Lists of files, further pictures and VAE files; raises what `Pipeline.check` raises."""
    from vaeedit.plugins import registry

    for name in values["inputs"]:
        if name.startswith(LIST):
            yield "the list of the inputs", Path(name.removeprefix(LIST))
    for step in pipeline.check(registry(), values["vae"]):
        for path in _inside(Path(step.vae)):
            yield "a file of the VAE", path
        for name, texts in step.images.items():
            for text in texts:
                sources = [job.source for job in jobs] if is_template(text) else [None]
                for source in sources:
                    found = resolved(text, pipeline.folder, source)
                    with suppress(OSError):  # reading it will say why
                        for path in image_files([found]):
                            yield f"the {name} of {step.spec.name}", path


def _inside(path: Path) -> Iterator[Path]:
    """The file itself, or those of a folder and of the folders in it."""
    if path.is_dir():
        yield from (inner for pattern in ("*", "*/*") for inner in path.glob(pattern) if inner.is_file())
    elif path.is_file():
        yield path
