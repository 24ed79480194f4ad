"""The arithmetic floor of the shipped models and how far from it they run.

python benchmarks/floor.py     (nothing else should be running)

Floor: multiply-adds a pixel of output over what a 3x3 convolution that fits the caches reaches on this machine.
"""

import time

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from vaeedit import Frame, Session, Step
from vaeedit.devices import measured_ceiling

CASES = (
    ("denoise", {"sigma": 25, "detail": 0}, 1024),
    ("denoise", {"sigma": "auto", "detail": 0}, 1024),
    ("super-resolve", {"scale": 2, "model": "bicubic"}, 512),
    ("super-resolve", {"scale": 3, "model": "bicubic"}, 341),
    ("super-resolve", {"scale": 4, "model": "bicubic"}, 256),
)


def main() -> None:
    print("| operation | precision | multiply-adds a pixel | floor, s/MP | measured, s/MP | of the ceiling |")
    print("|---|---|---|---|---|---|")
    for dtype in ("float32", "bfloat16"):
        session = Session(device="cpu", precision=dtype)  # first: it asks for huge pages
        ceiling = measured_ceiling(torch.device("cpu"), getattr(torch, dtype), seconds=2)
        for operation, options, side in CASES:
            frame = Frame(np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8))
            step = Step(operation, **options)
            with FlopCounterMode(display=False) as counter:
                pixels = session.run(step, frame).frame.pixels[..., 0].size
            work = counter.get_total_flops() / 2 / pixels
            times = []
            for _ in range(4):
                started = time.perf_counter()
                session.run(step, frame)
                times.append(time.perf_counter() - started)
            measured, floor = min(times) / pixels * 1e6, 2e6 * work / ceiling
            flags = " ".join(f"--{name} {value}" for name, value in options.items())
            print(
                f"| {operation} {flags} | {dtype} | {work / 1e3:.0f} k | {floor:.2f} | {measured:.2f} "
                f"| {floor / measured:.0%} of {ceiling / 1e9:.0f} GFLOP/s |",
                flush=True,
            )


if __name__ == "__main__":
    main()
