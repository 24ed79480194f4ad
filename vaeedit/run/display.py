"""A result as a notebook displays it: before and after, maps, warnings and notes."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vaeedit.image.display import BESIDE, png_of
from vaeedit.notebook import PICTURES, block, picture, table

if TYPE_CHECKING:
    from vaeedit.run.operation import Result

MOST = 8
"""Most pictures that are shown."""


def html_of(result: "Result") -> str:
    """All pictures as wide as the result, so that places can be compared; warnings stand above notes."""
    frame = result.frame
    shown = [("before", result.before), ("after", frame)] if result.before else [("result", frame)]
    shown += [(f"map: {name}", one) for name, one in result.maps.items()]
    side = 2 * BESIDE if len(shown) == 1 else BESIDE
    width = max(1, round(frame.width * min(1, side / max(frame.width, frame.height))))
    most = PICTURES // min(len(shown), MOST)
    parts = [
        picture(png_of(one, side, most), name, width, checks=one.alpha is not None)
        for name, one in shown[:MOST]
    ]
    parts += [table(("warning",), [(text,) for text in result.warnings])] if result.warnings else []
    parts += [table(("note", "value"), [*_flat(result.notes)])] if result.notes else []
    return block("Result", "; ".join([frame.title, *_more(result, len(shown))]), *parts)


def _more(result: "Result", shown: int) -> Iterator[str]:
    """What is not displayed."""
    if result.pages:
        yield f"the first of {len(result.pages)} pictures"
    if result.film is not None:
        yield f"a film of {len(result.film.frames)} pictures; save it as .gif or .mp4"
    if shown > MOST:
        yield f"{shown - MOST} more maps: {', '.join([*result.maps][MOST - shown :])}"


def _flat(notes: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Every note by the name that a condition of a pipeline uses: STEP.NOTE."""
    for name, value in notes.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", str(value)
