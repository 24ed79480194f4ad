"""The time of an epoch of MNIST training: `vaeedit train` against the same network in plain PyTorch, in turn.

python benchmarks/epoch.py MNIST [--recipe mnist-plain] [--repeats 3] [--threads 2]

The plain program is a loop over images in memory, with the same batches, precision, memory layout and fused Adam. It does
nothing else: no log, no checkpoint, no clipping of gradients and no average of the weights, which `vaeedit train` does.
"""

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from pathlib import Path

import torch

from vaeedit.extension.registry import registry
from vaeedit.training.recipe import Recipe, load_recipe
from vaeedit.training.run import Budget, Run
from vaeedit.training.sources.find import open_source
from vaeedit.training.train import train
from vaeedit.vae.build import build

WARM = 60
"""Steps before the clock starts."""


def ours(recipe: Recipe, data: Path, steps: int) -> float:
    """Seconds of `steps` steps: those of a longer run less those of a short one."""
    seconds = []
    for count in (WARM, WARM + steps):
        with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nothing:
            run = Run(data, Path(folder, "run"), Budget(steps=count))
            started = time.perf_counter()
            with contextlib.redirect_stderr(nothing):
                train(recipe, run, Path(folder, "vae.safetensors"), registry())
            seconds.append(time.perf_counter() - started)
    return seconds[1] - seconds[0]


def plain(recipe: Recipe, data: Path, steps: int) -> float:
    """Seconds of `steps` steps of a plain loop."""
    images = torch.tensor(open_source(data).split("train").images)
    vae = build(recipe.architecture, recipe.config, registry()).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(vae.parameters(), recipe.optimizer.adam_rate, fused=True)
    size, started = recipe.data.batch, 0.0
    order = torch.randperm(len(images))
    for step in range(WARM + steps):
        if step == WARM:
            started = time.perf_counter()
        first = step * size % (len(order) - size)
        x = torch.bernoulli(images[order[first : first + size]].float() / 255)
        with torch.autocast("cpu", torch.bfloat16):
            loss = -vae.draw(x, vae.features(x)).elbo.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--recipe", default="mnist-plain")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = load_recipe(arguments.recipe, registry())
    steps = 60_000 // recipe.data.batch
    times: dict[str, list[float]] = {"vaeedit train": [], "plain PyTorch": []}
    for _ in range(arguments.repeats):
        times["vaeedit train"].append(ours(recipe, arguments.data, steps))
        times["plain PyTorch"].append(plain(recipe, arguments.data, steps))
        print({name: [round(t, 1) for t in seconds] for name, seconds in times.items()}, flush=True)
    best, peer = (statistics.median(seconds) for seconds in times.values())
    print(
        f"{steps} steps: {best:.1f} s, plain PyTorch {peer:.1f} s: {best / peer:.2f} times its time (medians)"
    )


if __name__ == "__main__":
    main()
