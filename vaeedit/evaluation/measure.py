"""Measures an operation on a folder of reference images."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vaeedit.devices import resolve_precision
from vaeedit.evaluation.lpips import Lpips
from vaeedit.evaluation.metrics import ause_ratio, coverage, psnr, ssim
from vaeedit.evaluation.task import Pair, Task
from vaeedit.image import Frame
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.run.session import Session
from vaeedit.vae.area import BYTES_PER_PIXEL
from vaeedit.vae.footprint import TensorMemory
from vaeedit.vae.loaded import LoadedVae
from vaeedit.vae.protocol import ConditionalVAE

Row = dict[str, Any]
DIGITS = {"ssim": 4, "seconds_per_megapixel": 3, "lpips": 4, "sample_lpips": 4, "coverage_90": 4}
"""Decimals of figures in the report; all others have three."""


def evaluate(
    session: Session,
    folder: Path,
    task: Task,
    *,
    vae: str,
    samples: int = 0,
    lpips: Lpips | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Row:
    """Average figures over the images of a folder, by name; raises UsageError for a folder without images.

    With `samples` > 0 so many posterior samples of each image, the KL divergence of the latents and the predicted
    standard deviations are measured too; with `lpips` perceptual distances. `progress` receives a line for each image.
    """
    rows: list[Row] = []
    for pair in task.pairs(folder):
        row = _restored(session, task, vae, pair, samples, lpips)
        if samples:
            row |= _probabilistic(session, task, vae, pair)
        if not rows:
            footprint = _bytes_per_pixel(session, task, vae, pair)
        rows.append(row)
        progress(f"{len(rows)}: {pair.path.name} {row['psnr']:.2f} dB")
    figures = {**_average(rows), BYTES_PER_PIXEL: footprint}
    return {"protocol": task.protocol, "images": len(rows), **task.setting, **figures}


def _restored(session: Session, task: Task, vae: str, pair: Pair, samples: int, lpips: Lpips | None) -> Row:
    """Figures of the operation's output, and lists of those of single samples."""

    def output(seed: int = 0, **options: Any) -> NDArray[np.uint8]:
        step = Step(task.operation, vae=vae, **{**task.options, **options})
        return session.run(Pipeline(step, seed=seed), pair.observed).frame.as_uint8()

    started = time.perf_counter()
    mean = output()
    seconds = time.perf_counter() - started
    row = {**_compared(task, pair, mean, lpips), "seconds": seconds, "megapixels": mean[..., 0].size / 1e6}
    if pair.baseline is not None:
        frames = pair.reference, pair.baseline
        row["baseline_psnr"] = psnr(*(task.compared(frame.as_uint8()) for frame in frames))
    for seed in range(samples):
        figures = _compared(task, pair, output(seed, **task.sample), lpips)
        for name, value in figures.items():
            row.setdefault(f"sample_{name}", []).append(value)
        row.setdefault("mse_ratio", []).append(10 ** ((row["psnr"] - figures["psnr"]) / 10))
        row.setdefault("samples_better_than_mean", []).append(figures["psnr"] >= row["psnr"])
    return row


def _compared(task: Task, pair: Pair, output: NDArray[np.uint8], lpips: Lpips | None) -> Row:
    """Distances of an output from the reference, and its agreement with the observed image."""
    reference = pair.reference.as_uint8()
    images = task.compared(reference), task.compared(output)
    figures = {"psnr": psnr(*images), "ssim": ssim(*images)}
    if lpips is not None:
        rgb = (np.broadcast_to(pixels, (*pixels.shape[:2], 3)) for pixels in (reference, output))
        figures["lpips"] = lpips(*rgb)
    return figures | task.agreement(pair.observed, output)


def _probabilistic(session: Session, task: Task, vae: str, pair: Pair) -> Row:
    """KL divergence of the latents; coverage and sparsification of the predicted standard deviations."""
    error, std = predicted(session, task, vae, pair)
    return {
        "coverage_90": coverage(error, std),
        "ause_ratio": ause_ratio(error, std),
        "kl_nats_per_pixel": _kl(session.vae(vae), task, pair),
    }


def predicted(
    session: Session, task: Task, vae: str, pair: Pair
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Error of the decoded mean and its predicted standard deviation, both (H, W, C), of values in [0, 1]."""
    precision = resolve_precision(session.settings.precision, session.device, pair.observed.depth)
    frame = Frame(pair.observed.floats(), conditions=task.conditions)
    edited = session.vae(vae).edit(frame, lambda latents: latents.mean(), precision=precision, std=True)
    assert edited.std is not None
    return edited.floats() - pair.reference.floats(), edited.std


def _kl(vae: LoadedVae, task: Task, pair: Pair) -> list[float]:
    """KL(q(z | y, x) || p(z | y)) of each level, from coarse to fine, in nats per pixel of the reference.

    Height and width are cut to multiples of what the VAE needs; empty for a VAE that is not conditional.
    """
    network = vae.network
    if not isinstance(network, ConditionalVAE):
        return []
    reference, observed = pair.reference, pair.observed
    times = reference.height // observed.height
    height, width = (size - size % network.multiple for size in (observed.height, observed.width))
    if height * width == 0:
        return []

    def tensor(frame: Frame, factor: int) -> torch.Tensor:
        part = torch.from_numpy(frame.floats()[: height * factor, : width * factor]).permute(2, 0, 1)[None]
        return part.to(vae.device).expand(-1, network.channels, -1, -1)

    torch.manual_seed(0)
    with torch.inference_mode():
        x, y = tensor(reference, times), tensor(observed, 1)
        terms = network.elbo_terms(network.encode(y, vae.conditions(task.conditions, y)), x)
    return [float(level) / (x.shape[2] * x.shape[3]) for level in terms.kl]


def _bytes_per_pixel(session: Session, task: Task, vae: str, pair: Pair) -> int:
    """Most bytes that tensors held during one run, per pixel of the result."""
    step = Step(task.operation, vae=vae, **task.options)
    with TensorMemory() as memory:
        pixels: int = session.run(step, pair.observed).frame.pixels[..., 0].size
    return int(memory.peak / pixels)


def _average(rows: list[Row]) -> Row:
    """Means over images; samples better than the mean are counted, KL divergences are averaged for each level."""
    seconds = sum(row.pop("seconds") for row in rows) / sum(row.pop("megapixels") for row in rows)
    better = [row.pop("samples_better_than_mean", None) for row in rows]
    levels = [row.pop("kl_nats_per_pixel", None) for row in rows]
    averages: Row = {  # a list holds one value for each sample
        name: round(float(fmean(np.mean(row[name]) for row in rows)), DIGITS.get(name, 3)) for name in rows[0]
    }
    if better[0] is not None:
        averages["samples_better_than_mean"] = sum(map(sum, better))
    if levels[0]:
        averages["kl_nats_per_pixel"] = [round(fmean(level), 4) for level in zip(*levels, strict=True)]
    return {**averages, "seconds_per_megapixel": round(seconds, 3), "peak_memory_mb": _peak_memory()}


def _peak_memory() -> int:
    """Most memory that this process has held so far, in megabytes; 0 where the system does not report it."""
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / 2**20 if sys.platform == "darwin" else most / 2**10)
