"""Pictures for the pages on style, fusion and edits of latents, from the sample photographs.

python docs/edits.py docs/images
"""

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

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
    """Content and style; colors alone, the default, all of the texture."""
    pairs = [("mountain", "sunset"), ("osprey", "skyline"), ("skyline", "mountain")]
    rows = [
        [
            pixels(content),
            pixels(other),
            *(
                run(session, content, "style", style=str(IMAGES / f"{other}.jpg"), texture=texture)
                for texture in (0, 0.6, 1)
            ),
        ]
        for content, other in pairs
    ]
    sheet(folder / "edits-style.jpg", rows)


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
