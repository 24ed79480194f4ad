"""Time and memory of `vaeedit denoise` on large photographs: seconds a megapixel, from small to large pictures.

    python benchmarks/large.py [MEGAPIXELS ...]      by default 1 2 4 8 16 24 50 100

The pictures are a sample, repeated, as JPEG. Each command runs once, in a process of its own, whose start, reading and
writing count; a picture of 0.01 MP shows what these take at least. Tiles are as large as the free memory allows.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).parent.parent / "samples" / "images" / "box-iso1600.jpg"
SIZES = (1, 2, 4, 8, 16, 24, 50, 100)
START = 0.01


def photograph(megapixels: float, file: Path) -> None:
    """Write a square photograph of about so many megapixels."""
    side = round((megapixels * 1e6) ** 0.5)
    tile = np.asarray(Image.open(SAMPLE))
    repeats = (-(-side // tile.shape[0]), -(-side // tile.shape[1]), 1)
    Image.fromarray(np.tile(tile, repeats)[:side, :side]).save(file, quality=92)


def measured(source: Path, target: Path) -> tuple[float, float]:
    """Seconds, and peak memory in GB, of one command; raises CalledProcessError if it fails."""
    target.unlink(missing_ok=True)
    script = str(Path(sys.executable).with_name("vaeedit"))
    words = [script, "denoise", str(source), "-o", str(target), "--quiet"]
    started = time.perf_counter()
    with subprocess.Popen(words) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    return time.perf_counter() - started, usage.ru_maxrss * 1024 / 1e9


def main() -> None:
    sizes = [float(word) for word in sys.argv[1:]] or list(SIZES)
    first = None
    print(
        "| megapixels | seconds | s/MP | of the first | without the start, s/MP | of the first | peak memory, GB |"
    )
    print("|" + " --- |" * 7)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "large.jpg", Path(folder) / "out.jpg"
        photograph(START, source)
        start = min(measured(source, target)[0] for _ in range(2))
        for size in sizes:
            photograph(size, source)
            seconds, memory = measured(source, target)
            costs = seconds / size, (seconds - start) / size
            first = first or costs  # of the smallest picture
            shares = [f"{cost:.2f} | {cost / base:.2f}" for cost, base in zip(costs, first, strict=True)]
            print(f"| {size:g} | {seconds:.1f} | {' | '.join(shares)} | {memory:.2f} |", flush=True)
    print(f"\nStart, reading and writing: {start:.1f} s.")


if __name__ == "__main__":
    main()
