"""Pipelines in one line, in the syntax of a shell: "soften --strength .6 | enlarge --scale 2"."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from vaeedit.errors import PipelineError
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.pipeline.step import Step
from vaeedit.settings import STEP_KEYS

LONG = 10_000
"""Most characters of a pipeline in one line."""


def parse_line(text: str) -> Pipeline:
    """The pipeline of a line; raises PipelineError for a line that is not operations with --option value, joined by |."""
    if len(text) > LONG:
        raise PipelineError(
            [f"The pipeline has {len(text):,} characters; the limit for one line is {LONG:,}."]
        )
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError as error:
        raise PipelineError([f"The pipeline {text!r} cannot be read: {str(error).lower()}."]) from None
    return Pipeline(*(_step(part, number) for number, part in enumerate(_parts(words), 1)))


def _parts(words: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word.strip("|"):
            part.append(word)
            continue
        for _ in word:  # "||" has an empty step between its bars
            yield part
            part = []
    yield part


def _step(words: Sequence[str], number: int) -> Step:
    if not words:
        raise PipelineError([f"step {number} is empty: an operation must be on both sides of |."])
    where = f"step {number} ({words[0]})"
    given: dict[str, list[Any]] = {}
    flag: str | None = None
    for word in words[1:]:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            negative = name.startswith("no-") and not equals
            flag = None if equals or negative else name
            key = name.removeprefix("no-") if negative else name
            given.setdefault(key, []).append(value if equals else not negative)
        elif flag is None:
            raise PipelineError([f"{where}: {word!r} does not follow an --option."])
        else:
            given[flag][-1], flag = word, None
    for key in STEP_KEYS:
        if any(isinstance(value, bool) for value in given.get(key, ())):
            raise PipelineError([f"{where}: --{key} needs a value."])
        if key != "maps" and len(given.get(key, ())) > 1:
            raise PipelineError([f"{where}: --{key} takes one value and is given {len(given[key])} times."])
    maps = [name for names in given.pop("maps", ()) for name in names.split(",") if name]
    return Step(words[0], maps=maps, **{key: _one_or_all(values) for key, values in given.items()})


def _one_or_all(values: list[Any]) -> Any:
    """The value of an option; a list if the option is repeated, which an option of one value refuses."""
    return values if len(values) > 1 else values[0]
