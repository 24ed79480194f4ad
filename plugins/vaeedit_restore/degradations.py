"""Degradations: make observed images from clean ones, with the map of the noise's standard deviation as a condition."""

from dataclasses import dataclass

import numpy as np
import torch
from kornia.filters import get_gaussian_kernel1d
from torch import Tensor
from torch.nn import functional as F

from vaeedit.api import bicubic_down, gaussian_blur, is_gray, local_mean
from vaeedit_restore.compression import compressed
from vaeedit_restore.options import Noise
from vaeedit_restore.sensor import sensor_noise

CROPPED = 0.25
"""Share of the steps in which the blocks of JPEG do not start at the corner, as in a picture that was cropped."""


def gaussian(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """x (B, C, H, W) in [0, 1] with white Gaussian noise of standard deviation sigma (B, 1, 1, 1), and its map (B, 1, H, W).

    A gray image gets gray noise. The result is not clipped.
    """
    noise = torch.randn_like(x)
    noise = torch.where(is_gray(x), noise[:, :1], noise)
    return x + sigma * noise, sigma.expand(-1, 1, *x.shape[2:])


def camera(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """x (B, C, H, W) in [0, 1] with noise like that of a camera after its processing, and the noise map (B, 1, H, W).

    The variance of shot and read noise is affine in the signal (Foi et al. 2008). Demosaicking and smoothing correlate
    neighbors, chroma more than luma; Gaussian blurs of white noise, rescaled to unit variance, model this. sigma is
    (B, 1, 1, 1), in units of x; the result is not clipped.
    """
    count = len(x)
    uniform = torch.rand(4, count, 1, 1, 1, device=x.device)
    luma = _correlated(x[:, :1], 1.5 * uniform[0])
    chroma = _correlated(x, 0.4 + 2.0 * uniform[1])
    amount = 0.3 + 0.7 * uniform[2]  # of chroma noise
    unit = (luma + amount * chroma) / torch.sqrt(1 + amount**2)
    signal = local_mean(x.mean(1, keepdim=True), 2)
    shot = uniform[3]
    level = sigma * torch.sqrt(1 - shot + shot * (0.1 + 1.8 * signal))
    return x + level * unit, level


@dataclass(frozen=True)
class Observed:
    """Clean images (B, 3, H, W) in [0, 1], observed images (B, 3, h, w), and the conditions of a VAE, maps (B, 1, h, w)."""

    clean: Tensor
    image: Tensor
    conditions: dict[str, Tensor]

    def shuffled(self) -> "Observed":
        """The same pairs in random order."""
        order = torch.randperm(len(self.clean), device=self.clean.device)
        conditions = {name: value[order] for name, value in self.conditions.items()}
        return Observed(self.clean[order], self.image[order], conditions)


def observe(x: Tensor, noise: Noise) -> Observed:
    """Make a training pair from clean images (B, 3, P, P) in [0, 1]: blur and downscale them if `noise` says so, add noise.

    Without downscaling the images that get camera noise are blurred, the clean ones too.

    All factors of `noise.scales` make small images of the same size, so smaller factors use a smaller part of the crop.
    """
    if not noise.scales:
        if noise.blur:  # photographs at the resolution of the sensor are soft, and their noise is not
            x = blurred(x, noise.blur, noise.camera * max(0.0, 1 - noise.clean - noise.compressed))
        image, sigma = degrade(x, noise)
        return Observed(x, image, {"sigma": sigma}).shuffled()
    scale = noise.scales[int(torch.randint(len(noise.scales), ()))]
    side = x.shape[2] // max(noise.scales) * scale
    x = x[..., :side, :side]
    soft = blurred(x, noise.blur * scale, 1 - noise.clean) if noise.blur else x
    image, sigma = degrade(bicubic_down(soft, scale), noise)
    return Observed(x, image, {"sigma": sigma, "scale": torch.full_like(sigma, scale)}).shuffled()


def blurred(x: Tensor, largest: float, share: float) -> Tensor:
    """x (B, C, H, W) with a share of the images blurred by Gaussians of random width, up to `largest` pixels."""
    count = _some(share, len(x))
    width = largest * torch.rand(count, 1, device=x.device)
    return torch.cat([gaussian_blur(x[:count], width), x[count:]])


def sensor(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """x (B, 3, H, W) in [0, 1] with noise simulated from the sensor on, and its measured map (B, 1, H, W)."""
    residual = sensor_noise(x, sigma)
    return x + residual, local_deviation(residual)


def degrade(x: Tensor, noise: Noise) -> tuple[Tensor, Tensor]:
    """Clean (B, 3, H, W) in [0, 1] -> observed images (not clipped) and their noise maps (B, 1, H, W).

    The batch consists of, in this order: images with sensor noise and with camera noise, of which the first are compressed;
    images with Gaussian noise; images that are only compressed, or only rounded to 8 bits. The shares follow `noise`.
    """
    exact, stored = _some(noise.clean, len(x)), _some(noise.compressed, len(x))
    noisy = max(0, len(x) - exact - stored)
    first, middle, last = x[:noisy], x[noisy : noisy + stored], x[noisy + stored :]
    observed, level = _noisy(first, noise)
    packed = jpeg(middle, noise.quality)
    rounded = (last.clamp(0, 1) * 255).round() / 255
    levels = [level, local_deviation(packed - middle), torch.zeros_like(last[:, :1])]
    return torch.cat([observed, packed, rounded]), torch.cat(levels)


def _noisy(x: Tensor, noise: Noise) -> tuple[Tensor, Tensor]:
    """Images with noise of sensors, then of cameras, then Gaussian, and their noise maps (B, 1, H, W)."""
    skewed = torch.rand(len(x), 1, 1, 1, device=x.device) ** noise.skew
    sigma = skewed * noise.sigma / 255
    filmed = _some(noise.camera, len(x))
    raw = _some(noise.sensor, filmed)
    parts = [
        sensor(x[:raw], sigma[:raw] / 2),
        camera(x[raw:filmed], sigma[raw:filmed] / 2),
        gaussian(x[filmed:], sigma[filmed:]),
    ]
    observed, level = (torch.cat(pieces) for pieces in zip(*parts, strict=True))
    packed = _some(noise.jpeg, filmed)
    if packed:
        observed[:packed] = jpeg(observed[:packed], noise.quality)
        level = torch.cat([local_deviation(observed[:packed] - x[:packed]), level[packed:]])
    return observed, level


def jpeg(x: Tensor, lowest: int) -> Tensor:
    """Images (B, 3, H, W) in [0, 1] clipped, rounded and compressed as JPEG; same shape.

    The quality is random, from `lowest` to 100, more often high than low; color keeps its full resolution (4:4:4) in half of
    the images, else it is 4:2:0.
    """
    if len(x) == 0:
        return x
    top, left = torch.randint(8, (2,)).tolist() if float(torch.rand(())) < CROPPED else (0, 0)
    padded = F.pad(x.clamp(0, 1), (left, 0, top, 0), mode="reflect")
    stored = (padded * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    qualities = [100 - int((101 - lowest) * share) for share in (torch.rand(len(x)) ** 1.5).tolist()]
    samplings = ["4:4:4" if full else "4:2:0" for full in (torch.rand(len(x)) < 0.5).tolist()]
    decoded = [compressed(*each) for each in zip(stored, qualities, samplings, strict=True)]
    return torch.from_numpy(np.stack(decoded)[:, top:, left:]).permute(0, 3, 1, 2).to(x) / 255


def local_deviation(residual: Tensor, radius: int = 15) -> Tensor:
    """Root mean square of a residual (B, 3, H, W) over channels and a window: a measured noise map (B, 1, H, W)."""
    power = residual.square().mean(1, keepdim=True)
    return local_mean(power, radius).sqrt()


def _some(share: float, count: int) -> int:
    """`share` of `count`, randomly rounded up or down so that it is correct on average."""
    return min(count, int(share * count + float(torch.rand(()))))


def _correlated(like: Tensor, blur: Tensor, radius: int = 6) -> Tensor:
    """Noise of unit variance with the shape of `like`, blurred by a Gaussian of `blur` (B, 1, 1, 1) pixels."""
    count, channels, height, width = like.shape
    if count == 0:
        return torch.zeros_like(like)
    line = get_gaussian_kernel1d(2 * radius + 1, blur.reshape(count, 1).clamp_min(0.05))
    line = line / line.norm(dim=1, keepdim=True)
    kernel = (line[:, :, None] * line[:, None, :]).repeat_interleave(channels, 0).unsqueeze(1)
    white = torch.randn(1, count * channels, height + 2 * radius, width + 2 * radius, device=like.device)
    return F.conv2d(white, kernel, groups=count * channels).view_as(like)
