"""What a page exports of a document: the same edit as a pipeline file, as a command line, and as Python."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaeedit.errors import OptionError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import OperationSpec
from vaeedit.options import Field, flag_of
from vaeedit.pipeline.inputs import split
from vaeedit.pipeline.one_line import LONG
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.pipeline.step import Step
from vaeedit.ui.document import Document
from vaeedit.ui.places import options_of, pictures_of

PIPELINE = "pipeline.yaml"
"""Name of the exported pipeline file."""


def as_yaml(document: Document) -> str:
    """The steps that are on as a pipeline file."""
    steps = [
        step.but({flag_of(key): _listed(value) for key, value in step.options.items()})
        for step in document.steps
    ]
    return Pipeline(*steps, seed=document.seed).to_yaml()


def as_command(
    document: Document, registry: Registry, source: str = "in.jpg", output: str = "out.jpg"
) -> str:
    """The shortest command line that does the same: of the operation, `chain`, or `run` with the pipeline file."""
    seed = ["--seed", str(document.seed)] if document.seed else []
    try:
        start = _of_steps(document.steps, registry, source, output)
    except OptionError:  # a value that no text on a command line means
        start = ["run", PIPELINE, source]
    return shlex.join(["vaeedit", *start, *seed, "-o", output])


def as_python(document: Document, source: str = "in.jpg", output: str = "out.jpg") -> str:
    """The same edit in Python."""
    steps, seed = document.steps, document.seed
    if len(steps) == 1 and not steps[0].name:
        own, sown = _arguments(steps[0]), [f"seed={seed}"] if seed else []
        call = f"vaeedit.edit({', '.join([repr(source), *own, *sown])})"
        return f"import vaeedit\n\n{call}.save({output!r})\n"
    lines = [f"    Step({', '.join(_arguments(step))}),\n" for step in steps]
    sown = [f"    seed={seed},\n"] if seed else []
    return (
        "from vaeedit import Pipeline, Step, edit\n\n"
        f"pipeline = Pipeline(\n{''.join([*lines, *sown])})\n"
        f"edit({source!r}, pipeline).save({output!r})\n"
    )


def _of_steps(steps: tuple[Step, ...], registry: Registry, source: str, output: str) -> list[str]:
    """The words after `vaeedit`, without the seed and the output; raises OptionError where only a file can say it."""
    if len(steps) == 1 and steps[0].operation not in registry.commands:
        step, spec = steps[0], registry.operations.find(steps[0].operation).spec
        maps = [
            word
            for name in step.maps
            for word in (f"--{name}", str(Path(output).with_suffix(f".{name}.png")))
        ]
        return [step.operation, source, *_words(step, spec), *maps]
    line = " | ".join(shlex.join(_chained(step, registry)) for step in steps)
    if len(line) > LONG:
        raise OptionError("The line is too long.")
    return ["chain", line, source]


def _chained(step: Step, registry: Registry) -> Iterator[str]:
    """A step of `vaeedit chain`."""
    yield step.operation
    yield from _words(step, registry.operations.find(step.operation).spec)
    given = {"name": step.name, "when": step.when, "maps": ",".join(step.maps)}
    for name, value in given.items():
        if value:
            yield from _flag(name, value)


def _words(step: Step, spec: OperationSpec) -> Iterator[str]:
    """The flags of a step's options, extra inputs and VAE; raises OptionError for a value that is not read the same."""
    for name, texts in pictures_of(step, spec).items():
        for text in texts:
            yield from _flag(name, text)
    known = options_of(spec)
    for name, value in split(step.options, spec.inputs)[0].items():
        if known[name].is_flag:
            yield f"--{'' if value else 'no-'}{known[name].flag}"
        else:
            yield from _flag(known[name].flag, _text(known[name], value))
    if step.vae:
        yield from _flag("vae", step.vae)


def _flag(name: str, text: str) -> Iterator[str]:
    """A flag and its value, in one word where the value alone would look like a flag or the end of a step."""
    yield from [f"--{name}={text}"] if text.startswith("-") or not text.strip("|") else [f"--{name}", text]


def _text(field: Field, value: Any) -> str:
    """The value as text; raises OptionError if that would be read as another value."""
    items = value if isinstance(value, list | tuple) else [value]
    text = ",".join(repr(item).removesuffix(".0") if isinstance(item, float) else str(item) for item in items)
    if field.parse(text) != value:
        raise OptionError(f"{field.flag} cannot be written as text.")
    return text


def _arguments(step: Step) -> list[str]:
    """The arguments of `Step`."""
    own = {"vae": step.vae, "maps": step.maps, "name": step.name, "when": step.when}
    given = {**step.options, **{name: value for name, value in own.items() if value}}
    return [repr(step.operation), *(f"{name}={_listed(value)!r}" for name, value in given.items())]


def _listed(value: Any) -> Any:
    """A list instead of a tuple: as people write it."""
    return [*value] if isinstance(value, tuple) else value
