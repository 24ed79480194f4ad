"""One or two components of Gradio for each option of an operation, made from its declaration."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import msgspec.inspect as inspect
from gradio.components import Component

from vaeedit.options import Field
from vaeedit.plain import plain

NOTHING = "not set"
"""The choice for no value."""
NUMBER = "a number"
"""The choice for the number beside it."""
PARTS = 100
"""About as many steps has a slider of fractions."""
DECADES = 3
"""A range of more powers of ten has no slider: its small values would be lost at one end."""


@dataclass(frozen=True)
class Control:
    """The components of an option. Read what they hold by `read`, and convert that by the field's `parse`."""

    field: Field
    parts: tuple[Component, ...]
    """All of them are inputs of an event, in this order."""
    read: Callable[..., Any] = lambda value: value
    """From the values of the parts to that of the option, not yet checked."""
    number: Component | None = None
    """The part that is hidden while a word is chosen instead of its number."""

    def needs_number(self, chosen: Any) -> bool:
        """Whether the choice, the value of the first part, leaves the option to the number."""
        return chosen in (NUMBER, False)


def control(field: Field, value: Any, prefix: str = "edit-option") -> Control:
    """The components of one option with its present value, made in the block that is open.

    `prefix` begins their ids on the page.
    """
    kinds = [*_members(field.info)]
    number = next((kind for kind in kinds if isinstance(kind, inspect.FloatType | inspect.IntType)), None)
    words = [*_words(kinds)]
    texts = {"label": label(field), "info": described(field.description)}
    own = {**texts, "elem_id": f"{prefix}-{field.flag}", "interactive": True}
    if field.is_flag:
        return Control(field, (gr.Checkbox(bool(value), **own),))
    if field.is_free or any(isinstance(kind, inspect.CollectionType) for kind in kinds):
        return _text(field, value, own)
    if number is None:
        return Control(field, (gr.Dropdown(words, value=_word(value), **own),), _of_word)
    if not words:
        return Control(field, (_number(number, value, own),))
    return _number_or_word(field, number, words, value, own)


def label(field: Field) -> str:
    """The name of an option for people: 'Preserve color'."""
    return field.flag.replace("-", " ").capitalize()


def described(text: str) -> str:
    """A text of a plugin for `info`, which makes links of Markdown's; Gradio escapes HTML there."""
    return plain(text).replace("](", "] (")


def step_of(low: float, high: float, default: Any = None) -> float:
    """The step of a slider of fractions: 1, 2 or 5 times a power of ten, on whose grid the default lies."""
    size = (high - low) / PARTS
    power = math.floor(math.log10(size))
    steps = [factor * 10.0**exponent for exponent in range(power, power - 4, -1) for factor in (5, 2, 1)]
    fine = [step for step in steps if step <= size * 1.0001]
    value = default if isinstance(default, int | float) else low
    return next(
        (
            step
            for step in fine
            if math.isclose((value - low) / step, round((value - low) / step), abs_tol=1e-6)
        ),
        fine[-1],
    )


def start(field: Field, kinds: Sequence[Any] | None = None) -> Any:
    """A first value of an option that has none: its example, its first word, or the middle or the start of its range.

    `kinds` are the types that it may have, by default all of its own. None for text without an example.
    """
    kinds = [*_members(field.info)] if kinds is None else kinds
    if field.example is not None:
        return field.example
    if words := [*_words(kinds)]:
        return words[0]
    if field.is_flag:
        return False
    for kind in kinds:
        if isinstance(kind, inspect.FloatType) and kind.ge is not None and kind.le is not None:
            return (kind.ge + kind.le) / 2
        if isinstance(kind, inspect.FloatType | inspect.IntType):
            return kind.ge or 0
    return None


def _number(kind: Any, value: Any, own: dict[str, Any]) -> Component:
    """A slider for a range of which all values can be seen, else a box."""
    low, high, is_whole = kind.ge, kind.le, isinstance(kind, inspect.IntType)
    if low is None or high is None or low >= high or (low > 0 and high / low > 10**DECADES):
        return gr.Number(value, precision=0 if is_whole else None, **own)
    step = 1 if is_whole else step_of(low, high, value)
    return gr.Slider(low, high, value, step=step, **own)


def _number_or_word(field: Field, kind: Any, words: list[str], value: Any, own: dict[str, Any]) -> Control:
    """A choice of words, and the number that may be used instead: a checkbox for a single word."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    choice = {"elem_id": f"{own['elem_id']}-choice", "interactive": True}
    with gr.Group():
        first: Component
        if len(words) == 1:
            first = gr.Checkbox(
                not is_number, label=f"{own['label']}: {words[0]}", info=own["info"], **choice
            )
        else:
            chosen = NUMBER if is_number else _word(value)
            first = gr.Dropdown(
                [*words, NUMBER], value=chosen, label=own["label"], info=own["info"], **choice
            )
        second = _number(
            kind, value if is_number else start(field, [kind]), {**own, "info": None, "visible": is_number}
        )

    def read(chosen: Any, number: Any) -> Any:
        if chosen in (NUMBER, False):
            return number
        return _of_word(words[0] if chosen is True else chosen)

    return Control(field, (first, second), read, second)


def _text(field: Field, value: Any, own: dict[str, Any]) -> Control:
    """A box of text; commas separate the items of a list."""
    is_list = isinstance(value, list | tuple)
    shown = ", ".join(map(str, value)) if is_list else "" if value is None else str(value)

    def read(text: str) -> Any:
        return field.default if not text.strip() and not field.required else text

    return Control(field, (gr.Textbox(shown, max_lines=1, placeholder=field.expects, **own),), read)


def _members(info: Any) -> Iterator[Any]:
    """The types of a union."""
    match info:
        case inspect.Metadata():
            yield from _members(info.type)
        case inspect.UnionType():
            for member in info.types:
                yield from _members(member)
        case _:
            yield info


def _words(kinds: Sequence[Any]) -> Iterator[str]:
    """What may be chosen instead of a number."""
    for kind in kinds:
        match kind:
            case inspect.LiteralType():
                yield from map(str, kind.values)
            case inspect.BoolType() if len(kinds) > 1:
                yield from ("true", "false")
            case inspect.NoneType():
                yield NOTHING


def _word(value: Any) -> str:
    return NOTHING if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _of_word(word: Any) -> Any:
    return None if word == NOTHING else word
