"""Pictures of 256x256 pixels that `vaeedit anomaly score` scores in a second, in one process after its start.

    python benchmarks/anomaly_speed.py TREE --vae part.vae.safetensors [--fast] [--threads 2] [--rounds 9]

Some pictures below TREE are resized to 256x256; the model must have been fitted on pictures of about that size. They are read
and scored one after another, in rounds, and the first round is not counted. Other work on the machine makes a round slower,
never faster: the fastest round is given beside the median. No stage contains another one.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import torch
from PIL import Image

from vaeedit.api import image_files
from vaeedit.run.session import Session
from vaeedit_anomaly import operation, texture
from vaeedit_anomaly.calibration import Calibration
from vaeedit_anomaly.network import NormalRestorer
from vaeedit_anomaly.scoring import Scorer

SIDE = 256
STAGES = {
    "network": (NormalRestorer, "encode"),
    "descriptions": (texture, "jets"),
    "texture and judge": (texture.Texture, "forward"),
    "anomaly maps": (operation, "pixel_maps"),
    "calibration": (Calibration, "map_of"),
}
"""The functions that are timed, inner ones before those that call them."""


class Stages:
    """Seconds that each stage takes, without the stages that it calls."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        for name, (owner, function) in STAGES.items():
            setattr(owner, function, self._timed(name, getattr(owner, function)))

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            before, start = self.seconds.total(), time.perf_counter()
            found = function(*args, **named)
            inner = self.seconds.total() - before
            self.seconds[name] += time.perf_counter() - start - inner
            return found

        return timed


def small(tree: Path, folder: Path, count: int) -> list[Path]:
    """`count` pictures below the tree, from all of its folders, resized to 256x256 and written to the folder."""
    found = image_files([tree], recursive=True)
    paths = []
    for number, path in enumerate(found[:: max(1, len(found) // count)][:count]):
        paths.append(folder / f"{number}.png")
        Image.open(path).resize((SIDE, SIDE), Image.Resampling.BOX).save(paths[-1])
    return paths


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tree", type=Path)
    parser.add_argument("--vae", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fast", action="store_true", help="measure `score --fast`")
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    cv2.setNumThreads(asked.threads)
    with tempfile.TemporaryDirectory() as folder, Session() as session:
        paths = small(asked.tree, Path(folder), asked.pictures)
        report(Scorer(session, asked.vae, fast=asked.fast), paths, asked.rounds)


def report(score: Scorer, paths: list[Path], rounds: int) -> None:
    """Print pictures per second, and the share of each stage."""

    def scored() -> float:
        start = time.perf_counter()
        for path in paths:
            found, _ = score(path)
            assert found.error is None, found.error
        return (time.perf_counter() - start) / len(paths)

    scored()
    stages = Stages()
    start = time.process_time()
    seconds = [scored() for _ in range(rounds)]
    busy = (time.process_time() - start) / rounds / len(paths)
    median, best = 1 / statistics.median(seconds), 1 / min(seconds)
    print(f"{median:.1f} pictures a second (median of {rounds} rounds), {best:.1f} in the fastest round")
    print(f"{1000 * busy:.0f} ms of CPU time a picture")
    whole = sum(seconds) * len(paths)
    stages.seconds["all else"] = whole - stages.seconds.total()
    for name, spent in stages.seconds.most_common():
        print(f"  {name}: {spent / whole:.0%}, {1000 * spent / rounds / len(paths):.1f} ms")


if __name__ == "__main__":
    main()
