"""What each augmentation of the training crops is worth: equal steps from the same weights, measured on photographs kept out.

python benchmarks/augmentations.py DATA/train [--start denoise] [--steps 1000] [--every 8] [--seeds 1]

Every n-th photograph is kept out of training; its central square is measured at sigma 25. "Colorful" is the third of
these squares with the strongest colors, "structured" the third with most detail. Figures are gains in dB over training
without augmentation, which is the first row; its own gain is over the weights at the start. The shipped weights have seen
these photographs, in every row alike.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import fmean

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vaeedit import Frame, Session, Step, read
from vaeedit.evaluation.metrics import psnr
from vaeedit.extension.registry import registry
from vaeedit.image import image_files
from vaeedit.training.recipe import Recipe, load_recipe
from vaeedit.training.run import Budget, Run
from vaeedit.training.train import train
from vaeedit_restore.tasks import Denoising

ARMS: dict[str, dict[str, float]] = {
    "none": {},
    "colors of half": {"color": 0.5},
    "half made smaller": {"shrunk": 0.5},
    "most detail of three": {"candidates": 3},
    "CutMix of half": {"mixed": 0.5},
}
SIDE, SIGMA = 320, 25.0

Pixels = NDArray[np.uint8]


def parted(photographs: list[Path], every: int, folder: Path) -> list[Pixels]:
    """Link the photographs to train on into `folder`, and return the central squares of the others."""
    kept_out = set(photographs[every // 2 :: every])
    for number, path in enumerate(photographs):
        if path not in kept_out:
            (folder / f"{number:04}{path.suffix}").symlink_to(path.resolve())
    squares = []
    for path in sorted(kept_out):
        pixels = read(path).as_uint8()
        top, left = ((size - SIDE) // 2 for size in pixels.shape[:2])
        if min(top, left) >= 0 and pixels.shape[2] == 3:
            squares.append(np.ascontiguousarray(pixels[top : top + SIDE, left : left + SIDE]))
    return squares


def strongest(values: list[float]) -> NDArray[np.intp]:
    """The numbers of the highest third."""
    return np.argsort(values)[-max(1, len(values) // 3) :]


def chroma(square: Pixels) -> float:
    """Mean distance of a square's colors from gray in CIELAB."""
    lab = cv2.cvtColor(square.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def structure(square: Pixels) -> float:
    """Mean magnitude of the Laplacian of a square's green channel."""
    return float(np.abs(cv2.Laplacian(square[..., 1], cv2.CV_32F)).mean())


def measured(weights: str, squares: list[Pixels]) -> NDArray[np.float64]:
    """PSNR of each square at the known noise level, by the protocol of `vaeedit evaluate denoise`."""
    task, step = Denoising(SIGMA), Step("denoise", vae=weights, sigma=SIGMA, detail=0)
    with Session(device="cpu") as session:
        outputs = (session.run(step, task.observed(Frame(square))).frame.as_uint8() for square in squares)
        return np.array([psnr(*map(task.compared, pair)) for pair in zip(squares, outputs, strict=True)])


def changed(recipe: Recipe, seed: int, **data: float) -> Recipe:
    """The recipe with other options of its data, at a rate that only falls."""
    return msgspec.structs.replace(
        recipe,
        data=msgspec.structs.replace(recipe.data, **data),
        optimizer=msgspec.structs.replace(recipe.optimizer, cooldown=1.0),
        seed=seed,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--start", default="denoise", help="name or file of the weights to start from")
    parser.add_argument("--recipe", default="denoise-polish")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--every", type=int, default=8, help="keep every n-th photograph out")
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args()
    recipe = load_recipe(asked.recipe, registry())
    with tempfile.TemporaryDirectory() as scratch:
        (folder := Path(scratch) / "train").mkdir()
        squares = parted(sorted(image_files([asked.photographs], recursive=True)), asked.every, folder)
        groups = {
            "all": np.arange(len(squares)),
            "colorful": strongest([chroma(square) for square in squares]),
            "structured": strongest([structure(square) for square in squares]),
        }
        base = measured(asked.start, squares)
        print(
            f"{len(squares)} squares of {SIDE} pixels, {asked.steps} steps, {base.mean():.3f} dB at the start"
        )
        print(f"| augmentation | {' | '.join(groups)} |\n" + "| --- " * (len(groups) + 1) + "|", flush=True)
        for number, (name, options) in enumerate(ARMS.items()):
            runs = []
            for seed in range(asked.seeds):
                weights = Path(scratch) / f"{number}-{seed}.safetensors"
                run = Run(folder, weights.with_suffix(""), Budget(steps=asked.steps))
                train(changed(recipe, seed, **options), run, weights, registry(), start=asked.start)
                runs.append(measured(str(weights), squares))
            gain = np.mean(runs, 0) - base
            base = base + gain if number == 0 else base
            cells = " | ".join(f"{fmean(gain[group]):+.3f}" for group in groups.values())
            print(f"| {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
