"""Camera raw, by rawpy (an extra), which is LibRaw: read only."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeedit.image import tiff
from vaeedit.image.files import library
from vaeedit.image.frame import Metadata
from vaeedit.image.gate import Gate

SRGB = (2.4, 12.92)
"""Exponent and slope at black of its curve."""


def decode(data: bytes, name: str, gate: Gate) -> tuple[NDArray[Any], Metadata]:
    """Samples (H, W, 3) in 16 bits and sRGB, upright, with the white balance of the camera and LibRaw's brightness.

    Raises ImageError or MissingExtra.
    """
    rawpy = library("RAW", f"Reading {name}")
    with rawpy.imread(io.BytesIO(data)) as raw:
        gate.admit("raw", raw.sizes.raw_width, raw.sizes.raw_height, 1, 8)
        values = raw.postprocess(use_camera_wb=True, output_bps=16, gamma=SRGB)
    return np.asarray(values), tiff.metadata(data) if data[:4] in tiff.MAGIC else Metadata()
