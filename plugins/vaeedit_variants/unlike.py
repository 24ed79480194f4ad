"""Images unlike those of a training: turned ones, letters, and noise."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
"""(N, H, W, C)."""

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZabcdefghijkmnpqrtuvwxyz"
"""Latin letters, except those that look like digits: I, O, S, l, o, s."""
INNER = 20 / 28
"""Longest side of a glyph, as a share of the image: MNIST's digits fill 20 of 28 pixels."""
CANVAS = 160
"""Side of the picture, in pixels, on which a letter is drawn before it is downscaled."""


def rotated(images: Images, seed: int) -> Images:
    """The images turned by 90 degrees, counterclockwise."""
    return np.ascontiguousarray(np.rot90(images, axes=(1, 2)))


def noise(images: Images, seed: int) -> Images:
    """Independent values of a uniform distribution."""
    return np.random.default_rng(seed).integers(256, size=images.shape, dtype=np.uint8)


def letters(images: Images, seed: int) -> Images:
    """White letters on black in the style of MNIST: as large as its digits, with their center of mass in the middle.

    Letter, font (those of `cv2.putText`, upright or italic), scale and thickness of the strokes are drawn at random.
    """
    random = np.random.default_rng(seed)
    count, height, width, channels = images.shape
    drawn = np.stack([_centered(_glyph(random), height, width) for _ in range(count)])
    return np.broadcast_to(drawn[..., None], (count, height, width, channels))


def _glyph(random: np.random.Generator) -> NDArray[np.uint8]:
    """One letter, cut out."""
    import cv2

    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    font = int(random.integers(8)) | (cv2.FONT_ITALIC if random.random() < 0.3 else 0)
    letter, scale, thickness = (
        random.choice(list(LETTERS)),
        random.uniform(2, 3.5),
        int(random.integers(5, 14)),
    )
    cv2.putText(canvas, letter, (CANVAS // 4, CANVAS * 3 // 4), font, scale, 255, thickness, cv2.LINE_AA)
    rows, columns = np.nonzero(canvas)
    return canvas[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _centered(glyph: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """The glyph on black (height, width), moved so that its center of mass is in the middle, as far as there is room."""
    import cv2

    factor = INNER * min(height, width) / max(glyph.shape)
    sides = [max(1, round(side * factor)) for side in glyph.shape]
    small = cv2.resize(glyph, (sides[1], sides[0]), interpolation=cv2.INTER_AREA).astype(np.uint8)
    image = np.zeros((height, width), np.uint8)
    total, starts = float(small.sum()), []
    for axis, side in enumerate((height, width)):
        mass = small.sum(1 - axis, dtype=float) @ np.arange(sides[axis]) / total
        starts.append(min(max(round((side - 1) / 2 - mass), 0), side - sides[axis]))
    image[starts[0] : starts[0] + sides[0], starts[1] : starts[1] + sides[1]] = small
    return image


UNLIKE = {"rotated": rotated, "letters": letters, "noise": noise}
"""By name."""
