"""The pictures of an animation (GIF, APNG, WebP, AVIF), decoded one by one, each as the whole canvas."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from vaeedit.errors import ImageError
from vaeedit.image.decode import decoding, metadata_of, plain_image
from vaeedit.image.deep_apng import deep_pictures, is_deep
from vaeedit.image.frame import Frame, Pixels
from vaeedit.image.gate import Gate
from vaeedit.image.heif import unused_colors
from vaeedit.image.intact import gif_fault, png_fault
from vaeedit.image.texts import left_out_chunks
from vaeedit.limits import FRAMES, PIXELS

CANVAS = 6
"""Bytes a pixel of 8-bit samples: decoders keep two canvases."""


@dataclass(frozen=True)
class Shown:
    """A picture of an animation of this format, how long it is shown, and how often the whole is; 0 means without end."""

    kind: str
    frame: Frame
    milliseconds: float
    plays: int


def is_animation(data: bytes) -> bool:
    """Whether the first bytes, and the chunks that an animation has, allow that a file is one; it may still be a picture."""
    return (
        data.startswith(b"GIF8")
        or (data.startswith(b"\x89PNG") and b"acTL" in data)
        or (data.startswith(b"RIFF") and b"ANMF" in data)
        or data[4:12] == b"ftypavis"
    )


def pictures(data: bytes, gate: Gate) -> Iterator[Shown]:
    """Decode the pictures one by one; the first has the metadata. Raises ImageError, which names a damaged picture."""
    name, damaged = gate.name, gate.damaged
    with decoding(data, name, damaged):
        image = Image.open(io.BytesIO(data), formats=("GIF", "PNG", "WEBP", "AVIF"))
        kind, count = str(image.format), getattr(image, "n_frames", 1)
        deep = deep_pictures(data, gate) if kind == "PNG" and is_deep(data) else None
        gate.admit(kind, image.width, image.height, 1, 2 * CANVAS if deep else CANVAS)
        gate.report({"GIF": gif_fault, "PNG": png_fault}.get(kind, lambda _: None)(data))
        gate.warnings.extend(left_out_chunks(data) if kind == "PNG" else ())
        if count > FRAMES.value or count * image.width * image.height > PIXELS.value:
            raise too_long(name)
        metadata, _ = metadata_of(image, data)
        gate.warnings.extend(unused_colors(data, metadata.icc) if kind == "AVIF" else ())
        still = int(getattr(image, "default_image", False))
        if still:
            gate.warnings.append("its picture for programs that show no animations is left out.")
    for index in range(still, count):
        with decoding(data, f"{name}, picture {index + 1 - still} of {count - still},", damaged):
            image.seek(index)
            values = next(deep) if deep else np.asarray(plain_image(image, gate))
            frame = _frame(values, opaque=kind == "GIF")
            time, plays = float(image.info.get("duration") or 0), _plays(image, kind)
        yield Shown(kind, replace(frame, metadata=metadata), time, plays)


def too_long(name: str) -> ImageError:
    """The error for an animation or a clip that is over the limits."""
    return ImageError(
        f"{name} has more than {FRAMES.value:,} frames, or more than {PIXELS.value:,} pixels in all; cut it shorter, or "
        f"raise {FRAMES.variable} or {PIXELS.variable}."
    )


def _frame(values: Pixels, opaque: bool) -> Frame:
    """The frame of a decoded picture (H, W[, C]); if `opaque`, without alpha where all of it is opaque."""
    values = values.reshape(*values.shape[:2], -1)
    if values.shape[2] in (1, 3):
        return Frame(values)
    color, alpha = values[:, :, :-1], values[:, :, -1]
    return Frame(color, None if opaque and (alpha == 255).all() else alpha)


def _plays(image: Image.Image, kind: str) -> int:
    """How often an animation is shown. GIF counts the repetitions, and without a count it is shown once."""
    loop = image.info.get("loop")
    if kind == "GIF":
        return 1 if loop is None else loop + 1 if loop else 0
    return loop or 0
