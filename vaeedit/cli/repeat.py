"""`vaeedit run --from PICTURE`: runs the pipeline that made a picture.

The picture is not trusted: without --trust it can only use installed VAEs, and opens no other file.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaeedit.cli import console
from vaeedit.errors import UsageError
from vaeedit.options import flag_of

if TYPE_CHECKING:
    from vaeedit.extension.specs import OperationSpec
    from vaeedit.pipeline.pipeline import Pipeline
    from vaeedit.pipeline.recipe import Recipe
    from vaeedit.pipeline.step import Step

LONGEST = 100
"""Characters of a text that a message quotes."""


def show(recipe: "Recipe") -> None:
    """Print on stderr how a picture was made."""
    from vaeedit.cli.info import provenance_lines

    last = {key: value for key, value in recipe.made.items() if key != "before"}
    console.note(f"{recipe.picture}:", *provenance_lines(last))


def here(recipe: "Recipe") -> "Pipeline":
    """Return the pipeline with paths of the files that it names: beside the picture, else in the current folder."""
    from vaeedit.extension.registry import registry
    from vaeedit.pipeline.inputs import split
    from vaeedit.pipeline.pipeline import Pipeline

    def located(text: str) -> str:
        beside = Path(recipe.picture).parent / text
        is_other = "{" not in text and beside.exists() and not beside.samefile(recipe.picture)
        return str(beside) if is_other else text

    steps = []
    for step in recipe.pipeline.steps:
        images = registry().operations.find(step.operation).spec.inputs
        pictures = {name: list(map(located, texts)) for name, texts in _pictures(step, images)}
        vae = step.vae if step.vae is None or _is_installed(step.vae) else located(step.vae)
        steps.append(step.but({**split(step.options, images)[0], **pictures}, vae=vae))
    return Pipeline(*steps, seed=recipe.pipeline.seed)


def require_harmless(recipe: "Recipe", chosen: Collection[str] = (), vae: str | None = None) -> None:
    """Raise UsageError if the picture asks for anything that is not allowed without --trust.

    `chosen` are options that the user has set, as STEP.OPTION, and `vae` is the VAE that the user has named.
    """
    asked = [
        text
        for step, recorded in zip(recipe.pipeline.steps, recipe.made["steps"], strict=True)
        for name, text in _asked(step, recorded.get("checksum"))
        if not _is_chosen(step, name, chosen) and not (vae and name == "vae")
    ]
    if asked:
        raise UsageError(
            f"{recipe.picture} asks for {', and for '.join(dict.fromkeys(asked))}, "
            "which a picture alone may not decide; --trust allows it, --set replaces it."
        )


def require_present(
    recipe: "Recipe", steps: Sequence["Step"], vae: str | None, inputs: Sequence[str], chosen: Collection[str]
) -> None:
    """Raise UsageError if a file that the steps need is missing; warn if a VAE or a package is not that of the record.

    `vae` is a VAE that the user has named instead, and `chosen` are options that the user has set, as STEP.OPTION. A
    picture of the record is not taken for one of `inputs` that has its name.
    """
    from vaeedit import __version__
    from vaeedit.extension.registry import registry
    from vaeedit.pipeline.recorded import package_of_network
    from vaeedit.vae.folders import is_remote

    installed = {f"vaeedit {recipe.made['version']}": f"vaeedit {__version__}"}
    for step, recorded in zip(steps, recipe.made["steps"], strict=True):
        operation = registry().operations.find(step.operation)
        installed[recorded.get("package", "")] = operation.package
        for name, texts in _pictures(step, operation.spec.inputs):
            others = () if _is_chosen(step, name, chosen) else (recipe.picture, *inputs)
            for text in texts:
                _require_picture(recipe, text, f"{step.label}.{name}", others)
        if step.vae is None or vae is not None:
            continue
        if not (_is_installed(step.vae) or is_remote(step.vae, registry()) or os.path.exists(step.vae)):
            raise UsageError(_missing(recipe, f"the VAE {_short(step.vae)}", f"{step.label}.vae"))
        path = _path(step.vae)
        if _checksum(path) != recorded.get("checksum"):
            console.warn(f"{recipe.picture} was made with another version of the VAE {step.vae}.")
        installed[recorded.get("network", "")] = package_of_network(path, registry())
    for before, now in installed.items():
        if before.strip() not in ("", "vaeedit", now):
            console.warn(
                f"{recipe.picture} was made by {before[:LONGEST]}; the result may differ with {now}, which is installed."
            )


def _require_picture(recipe: "Recipe", text: str, option: str, others: Sequence[str]) -> None:
    """Raise UsageError for an extra input that is not known, is missing, or is one of `others`."""
    from vaeedit.pipeline.inputs import HIDDEN

    if text.startswith(HIDDEN):
        raise UsageError(
            f"{recipe.picture} was made with pictures of a folder that it does not record; "
            f"name them with --set {_short(f'{option}=FOLDER/{text.removeprefix(HIDDEN)}')}"
        )
    if "{" in text:
        return
    if not os.path.exists(text):
        raise UsageError(_missing(recipe, _short(text), option))
    if any(os.path.exists(other) and os.path.samefile(text, other) for other in others):
        raise UsageError(
            f"{recipe.picture} was made with a picture called {Path(text).name!r}, and the one here is the picture itself "
            f"or an input; name it with --set {option}=FILE"
        )


def _is_chosen(step: "Step", name: str, chosen: Collection[str]) -> bool:
    """Whether the user has set this option of the step."""
    return flag_of(f"{step.label}.{name}") in {flag_of(option) for option in chosen}


def _missing(recipe: "Recipe", what: str, option: str) -> str:
    return f"{recipe.picture} was made with {what}, which is missing; name it with --set {option}=FILE"


def _asked(step: "Step", checksum: str | None) -> Iterator[tuple[str, str]]:
    """Yield options of a step that ask for more than installed VAEs and bounded values, each with a description."""
    from vaeedit.extension.registry import registry
    from vaeedit.options import fields, name_of

    spec: OperationSpec = registry().operations.find(step.operation).spec
    if step.vae is not None and not _is_installed(step.vae):
        yield "vae", f"the VAE {_short(step.vae)}, which is not installed"
    elif step.vae is not None and _checksum(_path(step.vae)) != checksum:
        yield "vae", f"another version of the VAE {step.vae} than the installed one"
    for name in step.maps:
        yield "maps", f"the map {_short(name)}"
    for name, texts in _pictures(step, spec.inputs):
        yield name, f"the pictures {_short(' '.join(texts))}"
    free = {field.name: field.default for field in fields(spec.options).values() if field.is_free}
    for name, value in step.options.items():
        key = name_of(name)
        if key in free and value != free[key]:
            yield name, f"the text {_short(value)} as {_short(name)}"


def _pictures(step: "Step", names: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the step's extra inputs by name."""
    from vaeedit.pipeline.inputs import split

    for name, given in split(step.options, names)[1].items():
        yield name, [str(text) for text in (given if isinstance(given, list | tuple) else [given])]


def _is_installed(vae: str) -> bool:
    """Whether this is the name of weights that come with a plugin; opens no file."""
    from vaeedit.extension.registry import registry

    return vae in registry().weights


def _path(vae: str) -> Path:
    from vaeedit.extension.registry import registry
    from vaeedit.vae.files import find_vae

    return find_vae(vae, registry())


@cache
def _checksum(path: Path) -> str:
    from vaeedit.vae.files import checksum

    return checksum(path)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
