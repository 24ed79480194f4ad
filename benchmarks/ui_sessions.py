"""Ten pages at once: each has pictures of its own, and asks for previews and whole edits through one desk.

`python benchmarks/ui_sessions.py [--sittings 10] [--megapixels 1]`: every sitting has a picture of one color of its own with
noise, which `denoise` keeps in the mean, so that a picture of another sitting would be seen by its color. Each asks for five
previews, one whole edit with `denoise` and its download. Prints how long everything took, the longest wait for a preview,
whether all results are of the own picture, and the peak of the memory of all processes (each process's proportional share,
PSS, summed, looked at every 0.2 s).
"""

import argparse
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import cv2
import numpy as np

from vaeedit import Frame, Pipeline, Step
from vaeedit.image import read, write
from vaeedit.ui.engine.desk import Desk
from vaeedit.ui.engine.preview import render
from vaeedit.ui.engine.view import View
from vaeedit.ui.engine.whole import edit_whole, encode

PREVIEWS = 5


def tree(root: int) -> list[int]:
    """The numbers of a process and of all below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for number in found:
        found += parents.get(number, [])
    return found


def memory(root: int) -> int:
    """Kilobytes that the processes take, what they share counted once."""
    total = 0
    for number in tree(root):
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
            total += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return total


def sit(desk: Desk, number: int, source: Path, color: np.ndarray, folder: Path) -> tuple[float, bool]:
    """What one page does; the longest wait for a preview, and whether everything was of the own picture."""
    key, pipeline = f"sitting {number}", Pipeline(Step("denoise", strength=0.8))
    longest, own = 0.0, True

    def is_own(pixels: np.ndarray) -> bool:
        return bool(np.abs(pixels.reshape(-1, 3).mean(0) - color).max() < 3)

    for turn in range(PREVIEWS):
        started = time.perf_counter()
        left = turn / PREVIEWS / 2
        view = View((left, left, left + 0.5, left + 0.5), 600, 400)
        shown = desk.submit(key, render, source, pipeline, view, replaces="preview").result()
        longest = max(longest, time.perf_counter() - started)
        for data in shown.layers.values():
            own &= is_own(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1])
    made, target = folder / "made", folder / f"{number}.jpg"
    made.mkdir(parents=True)
    desk.submit(key, edit_whole, source, pipeline, made, lane="full").result()
    desk.submit(key, encode, made, target).result()
    return longest, own and is_own(read(target).pixels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sittings", type=int, default=10)
    parser.add_argument("--megapixels", type=float, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    side = round((given.megapixels * 1e6) ** 0.5)
    with tempfile.TemporaryDirectory() as name:
        folder, colors = Path(name), rng.permuted(np.linspace(40, 215, 3 * given.sittings)).reshape(-1, 3)
        for number, color in enumerate(colors):
            pixels = (color + rng.normal(0, 12, (side, side, 3))).clip(0, 255).astype(np.uint8)
            write(Frame(pixels), folder / f"{number}.png")
        peak, ended = [0], Event()

        def watch() -> None:
            while not ended.wait(0.2):
                peak[0] = max(peak[0], memory(os.getpid()))

        desk, watching = Desk(), Thread(target=watch)
        watching.start()
        started = time.perf_counter()
        with ThreadPoolExecutor(given.sittings) as pool:
            done = [
                pool.submit(sit, desk, number, folder / f"{number}.png", color, folder / f"of {number}")
                for number, color in enumerate(colors)
            ]
            results = [each.result() for each in done]
        seconds = time.perf_counter() - started
        ended.set()
        watching.join()
        desk.close()
    print(f"{given.sittings} sittings, {side}x{side} pixels each: all done after {seconds:.1f} s")
    print(f"longest wait for a preview: {max(longest for longest, _ in results):.2f} s")
    print(f"every result is of the own picture: {all(own for _, own in results)}")
    print(f"peak of memory: {peak[0] / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
