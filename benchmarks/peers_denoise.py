"""Denoising side by side: quality on CBSD68 and on real camera noise, and seconds a megapixel, in one run.

pip install -c constraints.txt -e ".[bench]"
python benchmarks/peers_denoise.py DATA/test [--every 4] [--picture docs/images/peers-denoise.png]

DATA/test holds cbsd68, real-noise-cc (NAME_real.png with NAME_mean.png) and set14, on which the peers' parameters
are tuned. For real noise every method but ours gets scikit-image's estimate of sigma, times the best of a few factors.
"""

import argparse
import multiprocessing
import platform
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import torch
from chart import quality_against_cost
from denoisers import Denoiser, DnCnn, Image, Maker, Ours, bytes_of, peers, score, tuned
from skimage.restoration import estimate_sigma

from vaeedit import read
from vaeedit.image import image_files

SIGMAS = (15, 25, 50)
FACTORS = (1.0, 2.0, 3.0)


BLIND = "vaeedit, --sigma auto"
PHOTO = "vaeedit, --vae denoise-photo, --sigma auto"
OURS: dict[str, Maker] = {
    "vaeedit": Ours,
    BLIND: partial(Ours, blind=True),
    PHOTO: partial(Ours, blind=True, vae="denoise-photo"),
    "vaeedit, bfloat16": partial(Ours, "bfloat16"),
}
DNCNN = "DnCNN (speed only)"
SPEED_ONLY: dict[str, Maker] = {
    DNCNN: DnCnn,
    "DnCNN, channels last": partial(DnCnn, torch.channels_last),
}


def everything() -> dict[str, Maker]:
    return {**OURS, **SPEED_ONLY, **peers()[0]}


def clean_and_noisy(path: Path, sigma: float) -> tuple[Image, Image]:
    clean = np.broadcast_to(frame := read(path).floats(), (*frame.shape[:2], 3))
    noise = np.random.RandomState(0).normal(0, sigma / 255, clean.shape)
    return clean, (clean + noise).astype(np.float32)


def gaussian_table(methods: dict[str, Denoiser], data: Path, every: int) -> dict[str, list[float]]:
    tuning, testing = image_files([data / "set14"])[2:6], image_files([data / "cbsd68"])[::every]
    scores: dict[str, list[float]] = {name: [] for name in methods}
    for sigma in SIGMAS:
        pairs = [clean_and_noisy(path, sigma) for path in testing]
        for name, method in methods.items():
            best = tuned(method, sigma, (clean_and_noisy(path, sigma) for path in tuning))
            scores[name].append(float(np.mean([score(clean, best(noisy, sigma)) for clean, noisy in pairs])))
            print(f"sigma {sigma}  {name}  {scores[name][-1]:.2f} dB", flush=True)
    return scores


def real_table(methods: dict[str, Denoiser], data: Path) -> dict[str, float]:
    """Mean PSNR on real noise; peers get the factor on the estimated sigma that is best on these very pictures."""
    folder = data / "real-noise-cc"
    names = sorted(path.name.removesuffix("_real.png") for path in folder.glob("*_real.png"))
    pairs = [[read(folder / f"{name}_{kind}.png").floats() for kind in ("mean", "real")] for name in names]
    found = {"noisy input": float(np.mean([score(clean, noisy) for clean, noisy in pairs]))}
    for name, method in methods.items():
        factors = (1.0,) if isinstance(method, Ours) else FACTORS
        found[name] = max(_real(method, pairs, factor) for factor in factors)
        print(f"real noise  {name}  {found[name]:.2f} dB", flush=True)
    return found


def _real(method: Denoiser, pairs: list, factor: float) -> float:
    scores = []
    for clean, noisy in pairs:
        sigma = factor * 255 * float(np.mean(estimate_sigma(noisy, channel_axis=2)))
        scores.append(score(clean, method(noisy, max(sigma, 0.5))))
    return float(np.mean(scores))


def seconds_per_megapixel(method: Callable[[], object], megapixels: float, slow: float = 15.0) -> float:
    """Best of three runs after one that warms up; of one run where that is slow."""

    def seconds() -> float:
        started = time.perf_counter()
        method()
        return time.perf_counter() - started

    first = seconds()
    return (first if first > slow else min(seconds() for _ in range(3))) / megapixels


def speed(name: str) -> float:
    """Seconds a megapixel of one method on one megapixel."""
    rows = np.linspace(0.2, 0.8, 1024, dtype=np.float32)[:, None, None]
    noisy = np.broadcast_to(rows, (1024, 1024, 3)) + np.random.default_rng(0).normal(0, 0.1, (1024, 1024, 3))
    image = bytes_of(noisy.astype(np.float32)).astype(np.float32) / 255
    method = everything()[name]()
    return seconds_per_megapixel(lambda: method(image, 25), image[..., 0].size / 1e6)


def speed_table(names: list[str]) -> dict[str, float]:
    """Each method in a fresh process, as its user runs it: ours asks for large pages, which would speed up others too."""
    fresh = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1)
    with fresh:
        return dict(zip(names, fresh.map(speed, names), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=4, help="use every n-th picture of CBSD68")
    parser.add_argument("--picture", help="write quality against cost here")
    parser.add_argument("--speed-only", action="store_true")
    parser.add_argument("--without", action="append", default=[], help="leave out this peer, such as BM3D")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    names = [name for name in everything() if name not in arguments.without]
    print(f"{date.today()}, {platform.processor() or platform.machine()}, {torch.get_num_threads()} threads")
    if missing := peers()[1]:
        print(f"left out, not installed: {', '.join(missing)}")
    speeds = speed_table(names)
    scores, real = {}, {}
    if not arguments.speed_only:
        methods = {name: everything()[name]() for name in names if name not in SPEED_ONLY}
        scores = gaussian_table(methods, arguments.data, arguments.every)
        known = OURS.keys() - {BLIND, PHOTO}
        real = real_table({n: m for n, m in methods.items() if n not in known}, arguments.data)
    levels = " | ".join(f"sigma {s}" for s in SIGMAS)
    print(f"\n| method | {levels} | real noise (CC15) | s/MP | of DnCNN's speed |")
    print("|---|---|---|---|---|---|---|")
    for name in dict.fromkeys([*names, *real]):
        values = [f"{value:.2f}" for value in scores.get(name, [])] or [""] * 3
        cost = speeds.get(name)
        ratio = speeds[DNCNN] / cost if cost else 0
        cells = [*values, f"{real[name]:.2f}" if name in real else ""]
        cells += [f"{cost:.2f}", f"{ratio:.1f}x"] if cost else ["", ""]
        print(f"| {name} | " + " | ".join(cells) + " |")
    if arguments.picture and scores:
        at_25 = {name: (speeds[name], values[1]) for name, values in scores.items()}
        quality_against_cost(arguments.picture, {"CBSD68, sigma 25": at_25})


if __name__ == "__main__":
    main()
