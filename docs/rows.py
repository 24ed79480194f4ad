"""The pictures of the README's table, one an operation, from the sample photographs and a made-up brushed metal.

python docs/rows.py docs/images
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from skimage import data

import vaeedit
from vaeedit import Frame, Session, Step

IMAGES = Path(__file__).parent.parent / "samples" / "images"
HEIGHT = 150
DARK = (200, 1500)
"""Corner of a part of the night photograph whose noise is seen at its own size."""


def picture(name: str) -> np.ndarray:
    return vaeedit.read(IMAGES / f"{name}.jpg").pixels


def strip(target: Path, *panels: np.ndarray) -> None:
    """Pictures side by side, a thin white line between them."""
    line = np.full((HEIGHT, 4, 3), 255, np.uint8)
    parts = []
    for panel in panels:
        width = round(HEIGHT * panel.shape[1] / panel.shape[0])
        shrinks = panel.shape[0] > HEIGHT
        how = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
        parts += [cv2.resize(panel, (width, HEIGHT), interpolation=how), line]
    vaeedit.write(Frame(np.hstack(parts[:-1])), target)


def run(session: Session, pixels: np.ndarray, operation: str, **options: object) -> np.ndarray:
    return session.run(Step(operation, **options), Frame(pixels)).frame.pixels


def denoise(session: Session, folder: Path) -> None:
    noisy = picture("night-tree-phone")
    top, left = DARK
    part = np.ascontiguousarray(noisy[top : top + HEIGHT, left : left + 270])
    strip(folder / "row-denoise.jpg", part, run(session, part, "denoise"))


def super_resolve(session: Session, folder: Path) -> None:
    part = picture("osprey")[60:212, 200:412]
    small = cv2.resize(part, (53, 38), interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (212, 152), interpolation=cv2.INTER_CUBIC)
    strip(folder / "row-super-resolve.jpg", large, run(session, small, "super-resolve", scale=4))


def style(session: Session, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        look = Path(place) / "rocket.png"
        vaeedit.write(Frame(data.rocket()), look)
        made = run(session, data.chelsea(), "style", style=str(look))
    strip(folder / "row-style.jpg", data.chelsea(), data.rocket(), made)


def fuse(session: Session, folder: Path) -> None:
    light = picture("sunset").astype(np.float64) / 255
    dark, bright = (np.rint(255 * light**power).astype(np.uint8) for power in (2.5, 0.4))
    with tempfile.TemporaryDirectory() as place:
        other = Path(place) / "bright.png"
        vaeedit.write(Frame(bright), other)
        made = run(session, dark, "fuse", mode="exposure", **{"with": str(other)})
    strip(folder / "row-fuse.jpg", dark, bright, made)


def direct(session: Session, folder: Path) -> None:
    content = picture("skyline")
    made = [run(session, content, "direct", along="warmth", amount=amount) for amount in (-2, 2)]
    strip(folder / "row-direct.jpg", made[0], content, made[1])


def anomaly(session: Session, folder: Path) -> None:
    """Brushed metal that a random generator has made, and a scratch."""
    random = np.random.default_rng(0)

    def metal() -> np.ndarray:
        lines = cv2.GaussianBlur(random.normal(0, 1, (150, 210)), (0, 0), sigmaX=25, sigmaY=0.7)
        return np.rint(np.clip(150 + 14 * lines / lines.std(), 0, 255)).astype(np.uint8)[..., None]

    with tempfile.TemporaryDirectory() as place:
        normals, model = Path(place) / "normals", Path(place) / "metal.vae.safetensors"
        normals.mkdir()
        for index in range(60):
            vaeedit.write(Frame(metal()), normals / f"{index:02}.png")
        fit = [sys.executable, "-m", "vaeedit", "anomaly", "fit", str(normals), "-o", str(model)]
        subprocess.run([*fit, "--steps", "400"], check=True)
        spoiled = cv2.line(metal()[..., 0].copy(), (60, 40), (95, 85), 105, 2)[..., None]
        result = session.run(Step("anomaly", vae=str(model), maps=("overlay",)), Frame(spoiled))
    panels = (spoiled, result.maps["overlay"].pixels)
    strip(folder / "row-anomaly.jpg", *(np.broadcast_to(x, (*x.shape[:2], 3)).copy() for x in panels))


def main(folder: str) -> None:
    with Session(seed=1) as session:
        for draw in (denoise, super_resolve, style, fuse, direct, anomaly):
            draw(session, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
