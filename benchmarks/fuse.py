"""Fusion side by side, in one run: focus, infrared and exposure by measures of what is left, and the seam of a blend.

python benchmarks/fuse.py DATA/test [--mode focus ...] [--sets N] [--sheet FILE]

DATA/test holds fusion-focus-lytro, fusion-infrared-tno, fusion-exposure and, for the seams, cbsd68. `--sets` takes every
n-th set so that so many remain; `--sheet` writes FILE-MODE.png, a row a set: its pictures, then what every method makes of
them. The focus stacker openfocus is compared with where its package can be imported (pip install --no-deps openfocus).
"""

import argparse
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np
from fuse_peers import Image, average, laplacian_pyramid, mertens, openfocus, seamless_clone

from vaeedit import Frame, Session, Step, read
from vaeedit.image import image_files
from vaeedit_fuse.evaluation import MODES, FusionMode, gray, measured, picture_sets

FOLDERS = {"focus": "fusion-focus-lytro", "infrared": "fusion-infrared-tno", "exposure": "fusion-exposure"}
SHOWN = {
    "focus": ("q_abf", "vif", "ssim", "mi"),
    "infrared": ("q_abf", "vif", "scd", "ssim", "mi", "entropy"),
    "exposure": ("mef_ssim", "q_abf", "entropy"),
}
Method = Callable[[Sequence[Path]], Image]


def rgb(path: Path) -> Image:
    pixels = read(path).as_uint8()
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def ours(session: Session, mode: str) -> Method:
    def fuse(paths: Sequence[Path]) -> Image:
        options = {"mode": mode, "with": [str(path) for path in paths[1:]]}
        return session.run(Step("fuse", **options), paths[0]).frame.as_uint8()

    return fuse


def methods(session: Session, mode: str) -> dict[str, Method]:
    peers = {"average": average, "Laplacian pyramid, strongest": laplacian_pyramid}
    if mode == "exposure":
        peers["OpenCV Mertens"] = mertens
    if mode == "focus" and find_spec("fusion_methods"):
        peers |= openfocus()
    wrapped = {name: (lambda paths, f=f: f([rgb(path) for path in paths])) for name, f in peers.items()}
    return {"vaeedit": ours(session, mode), **wrapped}


def table(session: Session, data: Path, mode: FusionMode, limit: int | None, sheet: str | None) -> None:
    sets = picture_sets(data / FOLDERS[mode], mode)
    sets = sets[:: -(-len(sets) // limit)] if limit else sets
    print(f"\n{mode}, {len(sets)} sets of {FOLDERS[mode]}\n\n| method | {' | '.join(SHOWN[mode])} | s/MP |")
    print("|---" * (2 + len(SHOWN[mode])) + "|")
    rows: list[list[Image]] = [[rgb(path) for path in one.paths] for one in sets]
    for name, method in methods(session, mode).items():
        found, seconds, pixels = [], 0.0, 0
        for one, row in zip(sets, rows, strict=True):
            started = time.perf_counter()
            fused = method(one.paths)
            seconds, pixels = seconds + time.perf_counter() - started, pixels + fused[..., 0].size
            found.append(measured([gray(read(path)) for path in one.paths], gray(Frame(fused))))
            row.append(np.broadcast_to(fused, (*fused.shape[:2], 3)))
        figures = [f"{fmean(each[key] for each in found):.4f}" for key in SHOWN[mode]]
        print(f"| {name} | {' | '.join(figures)} | {seconds / pixels * 1e6:.2f} |", flush=True)
    if sheet:
        save_sheet(Path(f"{sheet}-{mode}.png"), rows)


def save_sheet(path: Path, rows: Sequence[Sequence[Image]], height: int = 180) -> None:
    strips = [
        np.hstack(
            [
                cv2.resize(x, (round(x.shape[1] * height / x.shape[0]), height), interpolation=cv2.INTER_AREA)
                for x in row
            ]
        )
        for row in rows
    ]
    width = max(strip.shape[1] for strip in strips)
    padded = [np.pad(strip, ((0, 4), (0, width - strip.shape[1]), (0, 0))) for strip in strips]
    cv2.imwrite(str(path), np.vstack(padded)[..., ::-1])


def seam(fused: Image, sources: Sequence[Image], mask: np.ndarray) -> float:
    """Mean step of luma across the border of a mask, over the mean step of the two sources at the same places."""

    def step(pixels: Image) -> float:
        values = gray(Frame(pixels))
        steps = [np.abs(np.diff(values, axis=k))[np.diff(mask.astype(int), axis=k) != 0] for k in (0, 1)]
        return float(np.concatenate(steps).mean())

    return step(fused) / fmean(step(source) for source in sources)


def seams(session: Session, data: Path, limit: int | None, sheet: str | None) -> None:
    """Every landscape of CBSD68 with an ellipse out of the next one: two scenes that have nothing in common."""
    paths = [path for path in image_files([data / "cbsd68"]) if rgb(path).shape[1] > rgb(path).shape[0]]
    pairs = list(zip(paths[::2], paths[1::2], strict=False))[: limit or 12]
    height, width = rgb(paths[0]).shape[:2]
    y, x = np.mgrid[:height, :width]
    mask = ((y / height - 0.5) / 0.32) ** 2 + ((x / width - 0.5) / 0.3) ** 2 < 1
    file = Path(f"{sheet or 'seam'}-mask.png")
    cv2.imwrite(str(file), mask.astype(np.uint8) * 255)

    def blended(paths: Sequence[Path]) -> Image:
        return session.run(Step("fuse", mask=str(file), **{"with": str(paths[1])}), paths[0]).frame.as_uint8()

    compared: dict[str, Method] = {
        "vaeedit": blended,
        "cut and paste": lambda paths: np.where(mask[..., None], rgb(paths[1]), rgb(paths[0])),
        "OpenCV seamlessClone": lambda paths: seamless_clone(rgb(paths[0]), rgb(paths[1]), mask),
    }
    print(f"\nblend, {len(pairs)} pairs of cbsd68\n\n| method | seam, mean | largest |\n|---|---|---|")
    rows = [[rgb(path) for path in pair] for pair in pairs]
    for name, method in compared.items():
        made = [method(pair) for pair in pairs]
        found = [seam(x, [rgb(path) for path in pair], mask) for x, pair in zip(made, pairs, strict=True)]
        print(f"| {name} | {fmean(found):.3f} | {max(found):.3f} |", flush=True)
        for row, picture in zip(rows, made, strict=True):
            row.append(picture)
    file.unlink()
    if sheet:
        save_sheet(Path(f"{sheet}-blend.png"), rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--mode", action="append", choices=[*MODES, "blend"])
    parser.add_argument("--sets", type=int, help="at most so many sets a mode")
    parser.add_argument("--sheet", help="write contact sheets under this name")
    arguments = parser.parse_args()
    with Session(precision="float32") as session:
        for mode in arguments.mode or [*MODES, "blend"]:
            if mode == "blend":
                seams(session, arguments.data, arguments.sets, arguments.sheet)
            else:
                table(session, arguments.data, mode, arguments.sets, arguments.sheet)


if __name__ == "__main__":
    main()
