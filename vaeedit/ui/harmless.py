"""A pipeline of the page may name installed VAEs and files below the root, and nothing else."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vaeedit.batch.clashes import real
from vaeedit.errors import UsageError
from vaeedit.extension.registry import Registry
from vaeedit.image.files import image_files
from vaeedit.options import fields, name_of
from vaeedit.pipeline.inputs import is_template, resolved, split
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.pipeline.step import Step
from vaeedit.ui.below import within
from vaeedit.vae.folders import is_remote


def require_harmless(
    root: Path, pipeline: Pipeline, registry: Registry, sources: Sequence[Path] = ()
) -> None:
    """Raise UsageError for a pipeline that would read or write anything outside of the root, or fetch a VAE.

    VAEs and other texts are relative to the root, extra pictures to the pipeline's folder; those that depend on the name of
    the input are checked for each of `sources`. Raises UnknownName for an unknown operation.
    """
    for step in pipeline.steps:
        try:
            for path in _named(root, step, pipeline.folder or root, registry, sources):
                within(root, path)
        except UsageError as error:
            raise UsageError(f"The step {step.label[:100]}: {error}") from None


def _named(
    root: Path, step: Step, folder: Path, registry: Registry, sources: Sequence[Path]
) -> Iterator[Path]:
    """The files that a step names; raises UsageError for a text that can only mean another place."""
    spec = registry.operations.find(step.operation).spec
    if step.vae is not None and step.vae not in registry.weights:
        yield from files_of_vae(root, step.vae, registry)
    options, pictures = split(step.options, spec.inputs)
    for name in _texts(list(pictures.values())):
        for source in sources if is_template(name) else [None]:
            yield from image_files([resolved(name, folder, source)])
    known = fields(spec.options)
    for key, value in options.items():
        if (field := known.get(name_of(key))) is not None and field.is_free:
            yield from (Path(real(root), text) for text in _texts(value))


def files_of_vae(root: Path, name: str, registry: Registry) -> Iterator[Path]:
    """The file of a VAE, or the folder and the files in it."""
    if is_remote(name, registry):
        raise UsageError(f"the VAE {name[:100]} would be fetched; download it to a folder below the root.")
    path = within(root, Path(real(root), name))
    yield path
    if path.is_dir():
        yield from (inner for pattern in ("*", "*/*") for inner in path.glob(pattern))


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value of YAML."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (text for inner in value for text in _texts(inner))
    elif isinstance(value, dict):
        yield from _texts([*value.keys(), *value.values()])
