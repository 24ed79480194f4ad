"""Measurements of `denoise` and `super-resolve` by protocols of the literature."""

from collections.abc import Callable, Iterator, Mapping
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
    bicubic_up,
    from_floats,
    limited_range_luma,
    pictures,
    psnr,
    read,
    working,
)
from vaeedit_restore.compression import compressed

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


class _Estimating(AllOfIt):
    """Base of tasks in which the model estimates the level of the damage; `damage` is the first column of the report."""

    operation = "denoise"
    sample = {**SAMPLE, "detail": 0}
    conditions = {"sigma": Estimated()}
    vae = "denoise-photo"

    def __init__(self, damage: Mapping[str, str | int], quality: str, detail: float) -> None:
        self.setting = {**damage, "quality": quality, **_unless_zero(detail)}
        self.options = {"sigma": "auto", "quality": quality, "detail": detail}


class RealNoise(_Estimating):
    """Photographs with camera noise, NAME_real.*, and means of many shots, NAME_mean.* (Nam et al. 2016)."""

    protocol = "real camera noise; its level is estimated; PSNR and SSIM on RGB, 8 bits"

    def __init__(self, quality: str = "normal", detail: float = 0) -> None:
        super().__init__({"noise": "real"}, quality, detail)

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """Every NAME_real with its NAME_mean; raises UsageError if there is none."""
        names = [path for path in pictures(folder) if path.stem.endswith("_real")]
        if not names:
            raise UsageError(f"{folder} holds no picture called NAME_real with its reference NAME_mean.")
        for path in names:
            reference = path.with_name(f"{path.stem.removesuffix('_real')}_mean{path.suffix}")
            observed = working(read(path))
            yield Pair(path, working(read(reference)), observed, baseline=observed)


class Compressed(_Estimating):
    """Pictures stored as JPEG of quality `jpeg`; luma is compared, as by DnCNN-3 (Zhang et al. 2017)."""

    protocol = "JPEG by Pillow, 4:2:0, no other noise; its level is estimated; PSNR and SSIM on Y (BT.601)"

    def __init__(self, jpeg: int, quality: str = "normal", detail: float = 0) -> None:
        super().__init__({"jpeg": jpeg}, quality, detail)
        self.jpeg = jpeg

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """Every picture as 8-bit RGB, and the same compressed."""
        for path in pictures(folder):
            reference = _rgb(working(read(path)))
            observed = _stored(reference, self.jpeg)
            yield Pair(path, reference, observed, baseline=observed)

    def compared(self, pixels: NDArray[np.uint8]) -> Array:
        """Luma (H, W) from 16 to 235 of an 8-bit RGB picture (H, W, 3)."""
        return limited_range_luma(pixels)


class Enlarging(AllOfIt):
    """Enlarging by `scale` of images downscaled by MATLAB's bicubic filter: the protocol of EDSR and its successors.

    With `jpeg` the small image is stored as JPEG of that quality.
    """

    operation = "super-resolve"
    sample = SAMPLE

    def __init__(
        self, scale: int, model: str = "bicubic", quality: str = "normal", jpeg: int | None = None
    ) -> None:
        self.scale, self.jpeg = scale, jpeg
        stored = "rounded to 8 bits" if jpeg is None else f"stored as JPEG of quality {jpeg} (Pillow, 4:2:0)"
        self.protocol = (
            f"MATLAB bicubic, {stored}; PSNR and SSIM on Y (BT.601), without {scale} border pixels"
        )
        self.options = {"scale": scale, "model": model, "quality": quality}
        self.setting = self.options if jpeg is None else {**self.options, "jpeg": jpeg}
        self.conditions = {"scale": float(scale), "sigma": Estimated() if model == "photo" else 0.0}

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """Every picture, and the same downscaled."""
        for path in pictures(folder):
            reference = self.reference(working(read(path)))
            observed = self.observed(reference)
            if self.jpeg is not None:
                observed = _stored(observed, self.jpeg)
            yield Pair(path, reference, observed, baseline=_resized(observed, self.scale, bicubic_up))

    def reference(self, frame: Frame) -> Frame:
        """The picture as 8-bit RGB, cropped to a multiple of the factor."""
        height, width = (size - size % self.scale for size in (frame.height, frame.width))
        return Frame(np.ascontiguousarray(_rgb(frame).pixels[:height, :width]))

    def observed(self, reference: Frame) -> Frame:
        """The downscaled image, 8 bits."""
        return _resized(reference, self.scale, bicubic_down)

    def compared(self, pixels: NDArray[np.uint8]) -> Array:
        """Luma (H, W) from 16 to 235 of an 8-bit RGB picture (H, W, 3), without the border."""
        inside = slice(self.scale, -self.scale)
        return limited_range_luma(pixels)[inside, inside]

    def agreement(self, observed: Frame, output: NDArray[np.uint8]) -> dict[str, float]:
        """PSNR in dB of the output (H, W, 3), downscaled again, against the input; both are rounded to 8 bits."""
        small = self.observed(Frame(output)).as_uint8()
        return {"small_psnr": psnr(observed.as_uint8().astype(np.float64), small.astype(np.float64))}


def _rgb(frame: Frame) -> Frame:
    """The picture as 8-bit RGB."""
    pixels = frame.as_uint8()
    return Frame(np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3))))


def _stored(frame: Frame, quality: int) -> Frame:
    """The picture as JPEG gives it back, 8-bit RGB."""
    return Frame(compressed(frame.as_uint8(), quality))


def _resized(frame: Frame, scale: int, resize: Callable[[torch.Tensor, int], torch.Tensor]) -> Frame:
    """The picture resized by a whole factor, 8 bits."""
    resized = resize(torch.from_numpy(frame.floats()).permute(2, 0, 1)[None], scale)[0].permute(1, 2, 0)
    return Frame(from_floats(resized.numpy(), np.dtype(np.uint8)))
