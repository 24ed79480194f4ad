"""Where the models fail, on our own photographs: one row for each case of docs/failures.md.

python docs/failures.py docs/images

Small print enlarged four times; strong noise over fine branches; a night sky with the estimated noise level.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage import data

import vaeedit
from vaeedit import Frame, Session, Step
from vaeedit.api import bicubic_down

IMAGES = Path(__file__).parent.parent / "samples" / "images"
PANEL = 400


def part(name: str, top: int, left: int, side: int) -> np.ndarray:
    return vaeedit.read(IMAGES / name).pixels[top : top + side, left : left + side]


def shown(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((PANEL, PANEL), Image.Resampling.NEAREST))


def row(target: Path, *panels: np.ndarray) -> None:
    vaeedit.write(Frame(np.concatenate([shown(panel) for panel in panels], axis=1)), target)


def small_print(session: Session, target: Path) -> None:
    """Letters of three pixels are guessed, and a sample guesses firmly."""
    large = part("box-iso1600.jpg", 180, 780, 200)
    x = torch.from_numpy(large.copy()).permute(2, 0, 1)[None].float() / 255
    small = (bicubic_down(x, 4)[0].permute(1, 2, 0) * 255).round().clamp(0, 255).byte().numpy()
    steps = [Step("super-resolve", scale=4, model="bicubic", realism=realism) for realism in (0.0, 1.0)]
    row(target, small, *(session.run(step, Frame(small)).frame.pixels for step in steps), large)


def strong_noise(session: Session, target: Path) -> None:
    """At sigma 75 thin branches merge into a texture, and the mean paints over what it cannot tell."""
    clean = part("night-tree-phone.jpg", 1500, 1200, 200)
    noisy = clean + np.random.default_rng(0).normal(0, 75, clean.shape)
    frame = Frame((noisy / 255).astype(np.float32))
    steps = [Step("denoise", vae="denoise", sigma=75, detail=0, samples=samples) for samples in (0, 1)]
    restored = (session.run(step, frame).frame.as_uint8() for step in steps)
    row(target, frame.as_uint8(), *restored, clean)


def night_sky(session: Session, target: Path) -> None:
    """A camera's blotches, wider than the noise in training, stay when the level is estimated; telling it helps."""
    noisy = part("night-tree-phone.jpg", 2100, 100, 200)
    ways: list[dict[str, float]] = [{}, {"strength": 2}, {"sigma": 12}]
    steps = [Step("denoise", detail=0, **way) for way in ways]
    row(target, noisy, *(session.run(step, Frame(noisy)).frame.pixels for step in steps))


def texture_of_things(session: Session, target: Path) -> None:
    """Texture of a photograph puts its things into other pictures; neither of these was a training picture."""
    cat, rocket = data.chelsea()[:, 40:340], data.rocket()[:, 100:527]
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "rocket.png"
        vaeedit.write(Frame(rocket), path)
        steps = [Step("style", style=str(path), texture=texture) for texture in ("auto", 1)]
        made = [session.run(step, Frame(cat)).frame.pixels for step in steps]
    row(target, cat, rocket, *made)


def main(folder: str) -> None:
    with Session(seed=1) as session:
        for case in (small_print, strong_noise, night_sky, texture_of_things):
            case(session, Path(folder) / f"failure-{case.__name__.replace('_', '-')}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
