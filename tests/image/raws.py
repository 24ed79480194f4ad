"""A camera raw file for the tests."""

import io

import numpy as np
import tifffile

KIND = tifffile.DATATYPE
RGGB = (0, 1, 1, 2)
XYZ_TO_SRGB = (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570)
WHITE = 16383


def dng(light: np.ndarray) -> bytes:
    """A DNG of 14 bits behind a Bayer filter, from linear light (H, W, 3) in [0, 1] with the primaries of sRGB."""
    height, width, _ = light.shape
    rows, columns = np.mgrid[:height, :width] % 2
    color = np.array(RGGB)[rows * 2 + columns]
    mosaic = np.take_along_axis(light, color[:, :, None], axis=2)[:, :, 0] * WHITE
    tags = [
        (50706, KIND.BYTE, 4, (1, 4, 0, 0)),  # version
        (50707, KIND.BYTE, 4, (1, 1, 0, 0)),
        (50708, KIND.ASCII, 0, "Test camera"),
        (33421, KIND.SHORT, 2, (2, 2)),  # the filter
        (33422, KIND.BYTE, 4, RGGB),
        (50714, KIND.SHORT, 1, 0),
        (50717, KIND.SHORT, 1, WHITE),
        (
            50721,
            KIND.SRATIONAL,
            9,
            [number for value in XYZ_TO_SRGB for number in (round(value * 10000), 10000)],
        ),
        (50728, KIND.RATIONAL, 3, (1, 1) * 3),  # white balance
        (50778, KIND.SHORT, 1, 21),  # D65
        (271, KIND.ASCII, 0, "Maker"),
    ]
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        mosaic.astype(np.uint16),
        photometric=32803,
        metadata=None,
        extratags=[(*tag, False) for tag in tags],
    )
    return buffer.getvalue()
