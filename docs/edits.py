"""Pictures for the pages on style, fusion and edits of latents, from the sample photographs.

python docs/edits.py docs/images
"""

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from skimage import data

import vaeedit
from vaeedit import Frame, Session, Step

IMAGES = Path(__file__).parent.parent / "samples" / "images"
WIDTH = 320


def pixels(name: str) -> np.ndarray:
    return vaeedit.read(IMAGES / f"{name}.jpg").pixels


def run(session: Session, name: str | Path, operation: str, **options: object) -> np.ndarray:
    path = name if isinstance(name, Path) else IMAGES / f"{name}.jpg"
    return session.run(Step(operation, **options), path).frame.pixels


def sheet(target: Path, rows: list[list[np.ndarray]]) -> None:
    """Every picture at the same size, row by row."""
    height = round(WIDTH * rows[0][0].shape[0] / rows[0][0].shape[1])
    small = [[cv2.resize(x, (WIDTH, height), interpolation=cv2.INTER_AREA) for x in row] for row in rows]
    vaeedit.write(Frame(np.vstack([np.hstack(row) for row in small])), target)


def style(session: Session, folder: Path) -> None:
    """Content and style; colors alone, the default, all of the texture. None of these was a training picture."""
    scenes = {name: getattr(data, name)() for name in ("chelsea", "coffee", "rocket", "astronaut")}
    scenes["astronaut"] = scenes["astronaut"][:341]
    scenes["painted"] = brushed(scenes["coffee"])
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for content, other in (("chelsea", "rocket"), ("coffee", "chelsea"), ("rocket", "painted")):
            path = Path(place) / f"{other}.png"
            vaeedit.write(Frame(scenes[other]), path)
            steps = [Step("style", style=str(path), texture=texture) for texture in (0, "auto", 1)]
            made = [session.run(step, Frame(scenes[content])).frame.pixels for step in steps]
            rows.append([scenes[content], scenes[other], *made])
    sheet(folder / "edits-style.jpg", rows)


def brushed(pixels: np.ndarray) -> np.ndarray:
    """The picture in strokes of many bristles along its contours, large ones first (after Hertzmann 1998)."""
    random = np.random.default_rng(0)
    height, width = pixels.shape[:2]
    canvas = cv2.GaussianBlur(pixels, (0, 0), 30)
    for size in (20, 10, 5):
        smooth = cv2.GaussianBlur(pixels, (0, 0), size / 3).astype(np.float32)
        across, down = (cv2.Sobel(smooth.mean(2), -1, *order) for order in ((1, 0), (0, 1)))
        for x, y in random.integers(0, (width, height), (3 * height * width // size**2, 2)):
            along = np.arctan2(down[y, x], across[y, x]) + np.pi / 2 + random.normal(0, 0.3)
            toward, aside = np.array([[np.cos(along), np.sin(along)], [-np.sin(along), np.cos(along)]])
            for bristle in np.linspace(-size / 2, size / 2, size // 2):
                middle = np.array([x, y]) + bristle * aside
                ends = (np.rint(middle + sign * 1.5 * size * toward).astype(int).tolist() for sign in (-1, 1))
                color = np.clip(smooth[y, x] + random.normal(0, 9) + random.normal(0, 4, 3), 0, 255)
                cv2.line(canvas, *ends, color.tolist(), 2, cv2.LINE_AA)
    return canvas


def fuse(session: Session, folder: Path) -> None:
    """Two pictures and what becomes of them: focus (blurred by us), exposure (likewise made), blend by a mask."""
    clear = pixels("osprey")
    height, width = clear.shape[:2]
    near = np.zeros((height, width), np.uint8)
    near[:, : width // 2] = 255
    soft = cv2.GaussianBlur(near, (0, 0), 1)[..., None] / 255
    blurred = cv2.GaussianBlur(clear, (0, 0), 4)
    light = pixels("sunset").astype(np.float64) / 255
    cases = {
        "focus": [clear * soft + blurred * (1 - soft), clear * (1 - soft) + blurred * soft],
        "exposure": [255 * light**2.5, 255 * light**0.4],
        "blend": [pixels("mountain"), pixels("skyline")],
    }
    rows = []
    with tempfile.TemporaryDirectory() as place:
        mask = np.zeros((height, width, 1), np.uint8)
        mask[: height * 5 // 9] = 255
        vaeedit.write(Frame(mask), Path(place) / "mask.png")
        for mode, sources in cases.items():
            frames = [np.rint(np.clip(x, 0, 255)).astype(np.uint8) for x in sources]
            paths = [Path(place) / f"{mode}-{index}.png" for index in range(2)]
            for path, frame in zip(paths, frames, strict=True):
                vaeedit.write(Frame(frame), path)
            options = {"mask": str(Path(place) / "mask.png")} if mode == "blend" else {}
            rows.append(
                [*frames, run(session, paths[0], "fuse", mode=mode, **{"with": str(paths[1])}, **options)]
            )
    sheet(folder / "edits-fuse.jpg", rows)


def latents(session: Session, folder: Path) -> None:
    """There and back with 1/12 of the values, two directions, noise of the posterior times ten."""
    steps = [
        Step("reconstruct", channels=10),
        Step("direct", along="warmth", amount=2),
        Step("direct", along="contrast", amount=2),
        Step("vary", amount=10),
    ]
    rows = [
        [pixels(name), *(session.run(step, IMAGES / f"{name}.jpg").frame.pixels for step in steps)]
        for name in ("mountain", "skyline")
    ]
    sheet(folder / "edits-latents.jpg", rows)


def main(folder: str) -> None:
    with Session(seed=1) as session:
        for draw in (style, fuse, latents):
            draw(session, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
