"""Measurements of `denoise` and `super-resolve` by protocols of the literature."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vaeedit.api import (
    AllOfIt,
    Array,
    Estimated,
    Frame,
    Pair,
    UsageError,
    bicubic_down,
    from_floats,
    limited_range_luma,
    pictures,
    psnr,
    read,
    working,
)

SAMPLE = {"samples": 1, "quality": "normal"}
"""Options that draw one sample, without the average of eight views."""


def _unless_zero(detail: float) -> dict[str, float]:
    return {"detail": detail} if detail else {}


class Denoising(AllOfIt):
    """Gaussian noise of standard deviation `sigma`, in units of 1/255; with `blind` the model estimates it.

    The protocol is that of the test code of KAIR and SwinIR.
    """

    operation = "denoise"
    protocol = (
        "Gaussian noise, unclipped, NumPy seed 0 per image; output rounded to 8 bits; PSNR and SSIM on RGB"
    )
    sample = {**SAMPLE, "detail": 0}

    def __init__(self, sigma: float, blind: bool = False, quality: str = "normal", detail: float = 0) -> None:
        self.sigma = sigma
        self.setting = {"sigma": sigma, "blind": blind, "quality": quality, **_unless_zero(detail)}
        self.options = {"sigma": "auto" if blind else sigma, "quality": quality, "detail": detail}
        self.conditions = {"sigma": Estimated() if blind else sigma / 255}

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """Every picture, and the same with noise."""
        for path in pictures(folder):
            reference = working(read(path))
            yield Pair(path, reference, self.observed(reference))

    def observed(self, reference: Frame) -> Frame:
        """The noisy image, float32 around [0, 1], not clipped."""
        clean = reference.floats()
        noise = np.random.RandomState(0).normal(0, self.sigma / 255, clean.shape)
        return Frame((clean + noise).astype(np.float32))


class RealNoise(AllOfIt):
    """Photographs with camera noise, NAME_real.*, and means of many shots, NAME_mean.* (Nam et al. 2016)."""

    operation = "denoise"
    protocol = "real camera noise; its level is estimated; PSNR and SSIM on RGB, 8 bits"
    sample = {**SAMPLE, "detail": 0}

    def __init__(self, quality: str = "normal", detail: float = 0) -> None:
        self.setting = {"noise": "real", "quality": quality, **_unless_zero(detail)}
        self.options = {"sigma": "auto", "quality": quality, "detail": detail}
        self.conditions = {"sigma": Estimated()}

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """Every NAME_real with its NAME_mean; raises UsageError if there is none."""
        names = [path for path in pictures(folder) if path.stem.endswith("_real")]
        if not names:
            raise UsageError(f"{folder} holds no picture called NAME_real with its reference NAME_mean.")
        for path in names:
            reference = path.with_name(f"{path.stem.removesuffix('_real')}_mean{path.suffix}")
            yield Pair(path, working(read(reference)), working(read(path)))


class Enlarging(AllOfIt):
    """Enlarging by `scale` of images downscaled by MATLAB's bicubic filter: the protocol of EDSR and its successors."""

    operation = "super-resolve"
    sample = SAMPLE

    def __init__(self, scale: int, model: str = "bicubic", quality: str = "normal") -> None:
        self.scale = scale
        self.protocol = (
            f"MATLAB bicubic, rounded to 8 bits; PSNR and SSIM on Y (BT.601), without {scale} border pixels"
        )
        self.setting = self.options = {"scale": scale, "model": model, "quality": quality}
        self.conditions = {"scale": float(scale), "sigma": Estimated() if model == "photo" else 0.0}

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """Every picture, and the same downscaled."""
        for path in pictures(folder):
            reference = self.reference(working(read(path)))
            yield Pair(path, reference, self.observed(reference))

    def reference(self, frame: Frame) -> Frame:
        """The picture as 8-bit RGB, cropped to a multiple of the factor."""
        pixels = frame.as_uint8()
        height, width = (size - size % self.scale for size in pixels.shape[:2])
        return Frame(np.ascontiguousarray(np.broadcast_to(pixels[:height, :width], (height, width, 3))))

    def observed(self, reference: Frame) -> Frame:
        """The downscaled image, 8 bits."""
        large = torch.from_numpy(reference.floats()).permute(2, 0, 1)[None]
        small = bicubic_down(large, self.scale)[0].permute(1, 2, 0).numpy()
        return Frame(from_floats(small, np.dtype(np.uint8)))

    def compared(self, pixels: NDArray[np.uint8]) -> Array:
        """Luma (H, W) from 16 to 235 of an 8-bit RGB picture (H, W, 3), without the border."""
        inside = slice(self.scale, -self.scale)
        return limited_range_luma(pixels)[inside, inside]

    def agreement(self, observed: Frame, output: NDArray[np.uint8]) -> dict[str, float]:
        """PSNR in dB of the output (H, W, 3), downscaled again, against the input; both are rounded to 8 bits."""
        small = self.observed(Frame(output)).as_uint8()
        return {"small_psnr": psnr(observed.as_uint8().astype(np.float64), small.astype(np.float64))}
