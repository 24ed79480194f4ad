"""How well `denoise` removes Gaussian noise, by the protocol of the literature.

Per image (KAIR and SwinIR test code): NumPy's legacy generator with seed 0, noise N(0, sigma / 255) added to
the image in [0, 1] without clipping or rounding; the output is clamped and rounded to 8 bits; PSNR over RGB
without a border, averaged over images.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from vaeedit.errors import UsageError
from vaeedit.image import Frame, image_files, read
from vaeedit.pipeline import Pipeline, Step
from vaeedit.session import Session
from vaeedit.vae.loaded import LoadedVae
from vaeedit.vae.protocol import ConditionalVAE

PROTOCOL = "Gaussian noise, unclipped, NumPy seed 0 per image; output rounded to 8 bits; PSNR and SSIM on RGB"


@dataclass
class Scores:
    """Measurements of one image."""

    psnr: float
    ssim: float
    seconds: float
    megapixels: float
    samples: list[float] = field(default_factory=list)
    """PSNR of single posterior samples."""
    kl: list[float] = field(default_factory=list)
    """Nats per pixel of each latent level, coarse to fine."""


def evaluate_denoise(
    session: Session,
    folder: Path,
    sigma: float,
    *,
    vae: str = "denoise",
    blind: bool = False,
    samples: int = 0,
    progress: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Average scores over a folder's images at one noise level (of 255), as plain values.

    `blind` lets the model estimate the noise. With `samples` > 0, single posterior samples and the KL of the
    latents are measured too. Raises UsageError for an empty folder.
    """
    paths = image_files([folder])
    if not paths:
        raise UsageError(f"There is no picture in {folder}.")
    scores = []
    for number, path in enumerate(paths, 1):
        clean = read(path)
        scores.append(_measure(session, vae, clean, sigma, blind, samples))
        progress(f"{number}/{len(paths)} {path.name} {scores[-1].psnr:.2f} dB")
    return _summary(scores, sigma, blind)


def add_noise(clean: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """The noisy image of the protocol, float32, not clipped."""
    noise = np.random.RandomState(0).normal(0, sigma / 255, clean.shape)
    return (clean + noise).astype(np.float32)


def _measure(session: Session, vae: str, clean: Frame, sigma: float, blind: bool, samples: int) -> Scores:
    reference = clean.as_uint8()
    noisy = Frame(add_noise(clean.floats(), sigma))
    told: dict[str, Any] = {"sigma": "auto" if blind else sigma, "vae": vae}

    def restored(seed: int = 0, **options: Any) -> NDArray[np.uint8]:
        return session.run(Pipeline(Step("denoise", **told, **options), seed=seed), noisy).frame.as_uint8()

    started = time.perf_counter()
    output = restored()
    seconds = time.perf_counter() - started
    found = Scores(_psnr(reference, output), _ssim(reference, output), seconds, output[..., 0].size / 1e6)
    if samples:
        found.samples = [_psnr(reference, restored(seed, realism=1.0)) for seed in range(samples)]
        found.kl = _kl(session.vae(vae), clean.floats(), noisy.floats(), sigma)
    return found


def _summary(scores: Sequence[Scores], sigma: float, blind: bool) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "protocol": PROTOCOL,
        "images": len(scores),
        "sigma": sigma,
        "blind": blind,
        "psnr": round(fmean(s.psnr for s in scores), 3),
        "ssim": round(fmean(s.ssim for s in scores), 4),
        "seconds_per_megapixel": round(sum(s.seconds for s in scores) / sum(s.megapixels for s in scores), 3),
    }
    if scores[0].samples:
        levels = zip(*(s.kl for s in scores), strict=True)
        summary |= {
            "sample_psnr": round(fmean(fmean(s.samples) for s in scores), 3),
            "samples_better_than_mean": sum(sample >= s.psnr for s in scores for sample in s.samples),
            "kl_nats_per_pixel": [round(fmean(level), 4) for level in levels],
        }
    return summary


def _kl(vae: LoadedVae, clean: NDArray[np.float32], noisy: NDArray[np.float32], sigma: float) -> list[float]:
    """KL(q(z | y, x) || p(z | y)) of each level, coarse to fine, in nats per pixel; sides cut to whole multiples."""
    network = vae.network
    if not isinstance(network, ConditionalVAE):
        return []
    height, width = (size - size % network.multiple for size in clean.shape[:2])

    def tensor(values: NDArray[np.float32]) -> torch.Tensor:
        part = torch.from_numpy(values[:height, :width]).permute(2, 0, 1)[None].to(vae.device)
        return part.expand(-1, network.channels, -1, -1)

    torch.manual_seed(0)
    with torch.inference_mode():
        noise_map = torch.full((1, 1, height, width), sigma / 255, device=vae.device)
        terms = network.elbo_terms(network.encode(tensor(noisy), {"sigma": noise_map}), tensor(clean))
    return [float(level) / (height * width) for level in terms.kl]


def _psnr(reference: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    return float(peak_signal_noise_ratio(reference, output, data_range=255))  # type: ignore[no-untyped-call]


def _ssim(reference: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    window = min(7, *(size - (size + 1) % 2 for size in reference.shape[:2]))
    if window < 3:
        return float("nan")
    similarity = structural_similarity(  # type: ignore[no-untyped-call]
        reference, output, data_range=255, channel_axis=2, win_size=window
    )
    return float(similarity)
