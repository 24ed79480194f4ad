"""What a pipeline on a page may name: installed VAEs, files that the page has uploaded, and files below the root."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from vaeedit.batch.clashes import real
from vaeedit.errors import UsageError, suggestion
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import OperationSpec
from vaeedit.image.files import image_files
from vaeedit.options import Field, fields, name_of, shown
from vaeedit.pipeline.inputs import split
from vaeedit.pipeline.step import Step
from vaeedit.plain import plain
from vaeedit.settings import Masking
from vaeedit.ui.below import is_within
from vaeedit.ui.harmless import files_of_vae

WORDS = re.compile(r"\w[\w ,.!?'()+-]*")
"""Text that names no file outside the current folder."""
LONGEST = 100
"""Most characters of the name of an upload."""


@dataclass(frozen=True)
class Places:
    """Where the names in the steps of one page may lead."""

    registry: Registry
    uploads: Path
    """The folder of the files that the page has uploaded; it holds nothing else."""
    root: Path | None = None
    """The folder whose files may be used, too."""

    def keep(self, file: Path, name: str) -> str:
        """Copy an upload here and return its name, which is safe; the same file is kept once."""
        clean = re.sub(r"[/\\{}]", "_", plain(name)).lstrip(".")[-LONGEST:] or "file"
        path = Path(clean)
        for tried in chain([clean], (f"{path.stem}-{number}{path.suffix}" for number in count(2))):
            place = self.uploads / tried
            if not place.exists():
                shutil.copyfile(file, place)
            elif not _same(file, place):
                continue
            return tried
        raise AssertionError("count() does not end")

    def is_upload(self, text: str) -> bool:
        """Whether a text is the name of a file that the page has uploaded."""
        return os.path.basename(text) == text and os.path.isfile(self.uploads / text)

    def file(self, text: str) -> str:
        """The name of an upload, or the path of a picture or folder below the root; raises UsageError for any other."""
        if self.is_upload(text):
            return text
        path = self._below_root(text, "the picture {} is not uploaded")
        for picture in image_files([path]):
            self._require_below_root(picture)
        return str(path)

    def vae(self, name: str) -> str:
        """The name of an installed VAE, or the path of one below the root; raises UsageError for any other."""
        weights = self.registry.weights
        if name in weights:
            return name
        if os.path.basename(name) == name and not (name.endswith(".safetensors") or ":" in name):
            raise UsageError(f"there is no VAE {shown(name)}{suggestion(name, weights.bare)}")
        path = self._below_root(name, "the VAE {} is not installed")
        for file in files_of_vae(path.parent, path.name, self.registry):
            self._require_below_root(file)
        return str(path)

    def option(self, field: Field, value: Any) -> Any:
        """The value of an option, with paths for names below the root.

        Raises UsageError for a text that may name another file.
        """
        if not field.is_free or value == field.default:
            return value
        if isinstance(value, list | tuple):
            return type(value)(self.option(field, item) for item in value)
        if not isinstance(value, str) or value in field.choices or self.is_upload(value):
            return value
        try:
            return str(
                self._below_root(value, f"{field.flag} takes words and uploaded files, and {{}} is neither")
            )
        except UsageError:
            if WORDS.fullmatch(value) and ".." not in value and not os.path.lexists(value):
                return value
            raise

    def located(self, step: Step) -> Step:
        """The step with paths instead of the names of uploads in options that take any text."""
        known = options_of(self.registry.operations.find(step.operation).spec)
        free = {name for name, field in known.items() if field.is_free}
        options = {
            key: self._with_paths(value) if key in free else value for key, value in step.options.items()
        }
        return step.but(options)

    def _below_root(self, text: str, else_: str) -> Path:
        """The absolute path of a file or folder below the root.

        Raises UsageError for any other, whether or not it exists; `else_` begins the sentence, {} stands for the text.
        """
        if text and self.root is not None and "\0" not in text and not {"{", "}"} & {*text}:
            path = real(self.root) / text
            if is_within(self.root, path) and os.path.exists(path):
                return real(path)
        below = "is not below the folder of --root" if self.root else "the page has no --root"
        raise UsageError(f"{else_.format(shown(text))}, and {below}.")

    def _require_below_root(self, path: Path) -> None:
        if self.root is None or not is_within(self.root, path):
            raise UsageError(f"{path.name} is a link that leads out of the folder of --root.")

    def _with_paths(self, value: Any) -> Any:
        if isinstance(value, str):
            return str(self.uploads / value) if self.is_upload(value) else value
        return type(value)(map(self._with_paths, value)) if isinstance(value, list | tuple) else value


def options_of(spec: OperationSpec) -> dict[str, Field]:
    """The options of an operation and of its mask, by field name."""
    return {**fields(spec.options), **(fields(Masking) if spec.takes_mask else {})}


def changed(step: Step, field: Field, value: Any) -> Step:
    """The step with one option, which is left out if it is the default."""
    others = {key: kept for key, kept in step.options.items() if key != field.name}
    is_default = not field.required and value == field.default
    return step.but(others if is_default else {**others, field.name: value})


def with_pictures(step: Step, spec: OperationSpec, pictures: Mapping[str, Sequence[str]]) -> Step:
    """The step with these extra inputs, by name; an empty one is removed, and with the mask what says how it is used."""
    options, _ = split(step.options, spec.inputs)
    chosen = {**pictures_of(step, spec), **pictures}
    named = {name_of(name): texts for name, texts in chosen.items() if texts}
    given = {name: texts[0] if len(texts) == 1 else texts for name, texts in named.items()}
    if spec.takes_mask and "mask" not in given:
        options = {key: value for key, value in options.items() if key not in Masking.__struct_fields__}
    return step.but({**options, **given})


def pictures_of(step: Step, spec: OperationSpec) -> dict[str, list[str]]:
    """The names of the step's extra inputs, by their own names."""
    given = split(step.options, spec.inputs)[1]
    return {name: [texts] if isinstance(texts, str) else [*texts] for name, texts in given.items()}


def _same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()
