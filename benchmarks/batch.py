"""What a batch costs beyond the network: images a second against the bare network, one worker against two, memory growth.

python benchmarks/batch.py [--images 200] [--side 512] [--tiny 10000]     (nothing else should be running)
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from vaeedit import Session
from vaeedit.devices import resolve_precision

SCRIPT = str(Path(sys.executable).with_name("vaeedit"))


def bare(images: int, side: int) -> float:
    """Images a second of the network alone, on tensors of this size, as a batch uses it."""
    session = Session(device="cpu")
    network, dtype = session.vae("denoise").network, resolve_precision("auto", session.device, 8)
    x = torch.rand(1, 3, side, side).contiguous(memory_format=torch.channels_last)
    sigma = torch.full((1, 1, side, side), 25 / 255)
    with torch.inference_mode(), torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        network.decode(network.encode(x, {"sigma": sigma}).mean())
        started = time.perf_counter()
        for _ in range(images):
            network.decode(network.encode(x, {"sigma": sigma}).mean())
    return images / (time.perf_counter() - started)


def album(folder: Path, images: int, side: int) -> None:
    """Smooth pictures with some noise, so that they compress as photographs do."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:side, :side] / side
    for number in range(images):
        waves = [np.sin(6 * rows + shift + number) * np.cos(5 * columns) for shift in range(3)]
        pixels = 128 + 80 * np.stack(waves, -1) + random.normal(0, 8, (side, side, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.jpg", quality=92)


def batch(source: Path, *flags: str) -> float:
    """Seconds of one command over a folder, start-up included."""
    with tempfile.TemporaryDirectory() as out:
        command = [SCRIPT, "denoise", str(source), "-o", f"{out}/out", "--sigma", "25", *flags]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - started


def rate(images: int, side: int, *flags: str) -> float:
    """Images a second, without the start-up that a run over two images shows."""
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        album(Path(few), 2, side)
        album(Path(many), images + 2, side)
        return images / (batch(Path(many), *flags) - batch(Path(few), *flags))


def memory(count: int) -> list[tuple[int, float]]:
    """Megabytes held after each tenth of a run over tiny pictures."""
    found: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as out:
        album(Path(source), count, 16)
        command = [SCRIPT, "denoise", source, "-o", f"{out}/out", "--sigma", "25"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        for number, _ in enumerate(process.stdout, 1):
            if number % max(1, count // 10) == 0:
                pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
                found.append((number, pages * os.sysconf("SC_PAGESIZE") / 1e6))
        process.wait()
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--tiny", type=int, default=10_000)
    arguments = parser.parse_args()
    images, side = arguments.images, arguments.side
    network = bare(images, side)
    rates = {
        "the network alone": network,
        "a batch, one worker": rate(images, side),
        "two workers": rate(images, side, "--workers", "2"),
    }
    print(f"| {images} JPEGs of {side} x {side} | images a second | of the network alone |\n|---|---|---|")
    for name, value in rates.items():
        print(f"| {name} | {value:.2f} | {value / network:.0%} |")
    print(f"\nmemory over {arguments.tiny} pictures of 16 x 16:")
    for number, megabytes in memory(arguments.tiny):
        print(f"{number}: {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
