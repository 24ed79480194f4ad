"""What must hold for every Result; a plugin that breaks it gets an error that names the operation and its package."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from vaeedit.extension.faults import Fault, plugin_errors
from vaeedit.image import Film, Frame, Metadata
from vaeedit.image.frame import frozen
from vaeedit.run.member import Member
from vaeedit.run.operation import Result


def finished(member: Member, frames: Sequence[Frame], original: Frame) -> Result:
    """The result that `after` makes of the frames, with notes that JSON can hold.

    Raises PluginError for a result that is not valid: another depth than the original's, values that are not finite, alpha
    that does not fit, a map that is missing, other notes; and where `after` changes a frame in place. A picture without
    the alpha or the metadata of the original has a warning.
    """
    with plugin_errors(member.title):
        if not frames:
            raise Fault("returned no frame from `before`.")
        shown = [frozen(frame) for frame in frames]
        result = member.operation.after(shown, [original])
        if not isinstance(result, Result):
            raise Fault(f"returned {_name(result)} from `after`, not a Result.")
        if fault := next(_faults(result, member, original), None):
            raise Fault(f"returned {fault}.")
        own = next((mine for mine, seen in zip(frames, shown, strict=True) if seen is result.frame), None)
        notes = _plain(result.notes)
        warnings = (*result.warnings, *_losses(result.frame, original, member.title))
        return replace(result, frame=own or result.frame, notes=notes, warnings=warnings)


def _faults(result: Result, member: Member, original: Frame) -> Iterator[str]:
    """What is wrong with a result, after "returned"."""
    film = result.film.frames if isinstance(result.film, Film) else ()
    pictures = {"a picture that": result.frame}
    pictures |= {f"a map {name} that": frame for name, frame in result.maps.items()}
    pictures |= {f"a film whose frame {number}": frame for number, frame in enumerate(film, 1)}
    for name, frame in pictures.items():
        if fault := _fault_of(frame):
            yield f"{name} {fault}"
    if result.frame.depth != original.depth:
        yield f"a picture of {result.frame.depth} bits for one of {original.depth}"
    if result.film is not None and not film:
        yield "a film without frames"
    if len({frame.pixels.shape[:2] for frame in film}) > 1:
        yield "a film whose frames have several sizes"
    if missing := member.step.maps - set(result.maps):
        yield f"no map {', '.join(sorted(missing))}"
    if isinstance(result.warnings, str) or not all(isinstance(text, str) for text in result.warnings):
        yield "warnings that are no list of sentences"


def _losses(frame: Frame, original: Frame, who: str) -> Iterator[str]:
    """A sentence on what a frame lacks that was not derived from the original, such as Frame(pixels)."""
    lost = ["alpha"] if frame.alpha is None and original.alpha is not None else []
    lost += ["metadata"] if frame.metadata == Metadata() != original.metadata else []
    if lost:
        yield f"{who} returned a picture without the {' and '.join(lost)} of its input."


def _fault_of(frame: Any) -> str | None:
    """What is wrong with a picture, after "that"; a Frame itself refuses pixels of another shape or dtype."""
    if not isinstance(frame, Frame):
        return f"is {type(frame).__name__} and no Frame"
    pixels, alpha = frame.pixels, frame.alpha
    if not pixels.size:
        return "has no pixels"
    if alpha is not None and (np.shape(alpha), getattr(alpha, "dtype", None)) != (
        pixels.shape[:2],
        pixels.dtype,
    ):
        return f"has alpha of {np.shape(alpha)}, which does not fit its pixels of {pixels.shape}"
    for values in (pixels, alpha):
        if values is not None and values.dtype.kind == "f" and not np.isfinite(values).all():
            return "has values that are not finite numbers"
    return None


def _name(value: Any) -> str:
    return "None" if value is None else f"a value of the type {type(value).__name__}"


def _plain(notes: Mapping[str, Any]) -> dict[str, Any]:
    """Notes as JSON has them; arrays and tensors of one value become numbers. Raises Fault for others."""
    try:
        plain: dict[str, Any] = msgspec.to_builtins(dict(notes), str_keys=True, enc_hook=_number)
        msgspec.json.encode(plain)
    except Exception as error:  # also of a property of the plugin's own class
        raise Fault(f"returned notes that JSON cannot hold: {error}.") from error
    return plain


def _number(value: Any) -> Any:
    if not hasattr(value, "item"):
        raise TypeError(f"{type(value).__name__} is no number, text, list or mapping")
    return value.item()
