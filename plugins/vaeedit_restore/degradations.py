"""From clean images to observed ones, and the map of the noise's standard deviation that a restorer is told."""

import io
from dataclasses import dataclass

import msgspec
import numpy as np
import torch
from kornia.filters import get_gaussian_kernel1d
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from vaeedit.api import bicubic_down, gaussian_blur, is_gray, local_mean
from vaeedit_restore.options import Noise
from vaeedit_restore.sensor import sensor_noise


def gaussian(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """White Gaussian noise of standard deviation sigma (B, 1, 1, 1); a gray image gets gray noise."""
    noise = torch.randn_like(x)
    noise = torch.where(is_gray(x), noise[:, :1], noise)
    return x + sigma * noise, sigma.expand(-1, 1, *x.shape[2:])


def camera(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """What a camera's processing leaves: shot and read noise, correlated over pixels and channels.

    The variance is affine in the signal (Foi et al. 2008); demosaicking and smoothing correlate neighbors,
    chroma more than luma, which is modeled by Gaussian blurs of white noise, rescaled to unit variance.
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
    """Clean images (B, 3, H, W), what is seen of them, and what a conditional VAE is told beside it, maps (B, 1, h, w)."""

    clean: Tensor
    image: Tensor
    conditions: dict[str, Tensor]

    def shuffled(self) -> "Observed":
        """The same pairs in random order."""
        order = torch.randperm(len(self.clean), device=self.clean.device)
        conditions = {name: value[order] for name, value in self.conditions.items()}
        return Observed(self.clean[order], self.image[order], conditions)


def observe(x: Tensor, noise: Noise) -> Observed:
    """Clean (B, 3, P, P) in [0, 1] -> a training pair: perhaps blurred and made smaller, then with noise.

    All factors of `noise.scales` give small images of the same size, so the smaller factors see less of the crop.
    """
    if not noise.scales:
        image, sigma = degrade(x, noise)
        return Observed(x, image, {"sigma": sigma}).shuffled()
    scale = noise.scales[int(torch.randint(len(noise.scales), ()))]
    side = x.shape[2] // max(noise.scales) * scale
    x = x[..., :side, :side]
    soft = blurred(x, noise.blur * scale, 1 - noise.clean) if noise.blur else x
    image, sigma = degrade(bicubic_down(soft, scale), noise)
    return Observed(x, image, {"sigma": sigma, "scale": torch.full_like(sigma, scale)}).shuffled()


def blurred(x: Tensor, largest: float, share: float) -> Tensor:
    """The first `share` of the images under a round Gaussian of random width up to `largest` pixels."""
    count = _some(share, len(x))
    width = largest * torch.rand(count, 1, device=x.device)
    return torch.cat([gaussian_blur(x[:count], width), x[count:]])


def sensor(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Noise simulated from the sensor on; its map is measured."""
    residual = sensor_noise(x, sigma)
    return x + residual, local_deviation(residual)


def degrade(x: Tensor, noise: Noise) -> tuple[Tensor, Tensor]:
    """Clean (B, 3, H, W) in [0, 1] -> observed image (not clipped) and its noise map (B, 1, H, W).

    In this order: sensor noise, camera noise, the first of these compressed; Gaussian noise; rounding to 8 bits only.
    """
    whole = _some(noise.clean, len(x))
    if whole:
        rounded = (x[len(x) - whole :].clamp(0, 1) * 255).round() / 255
        observed, level = degrade(x[: len(x) - whole], msgspec.structs.replace(noise, clean=0.0))
        return torch.cat([observed, rounded]), torch.cat([level, torch.zeros_like(rounded[:, :1])])
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
        observed[:packed] = jpeg(observed[:packed])
        level = torch.cat([local_deviation(observed[:packed] - x[:packed]), level[packed:]])
    return observed, level


def jpeg(x: Tensor) -> Tensor:
    """Each image of (B, 3, H, W) clipped, rounded and compressed as JPEG of a random quality from 60 to 97."""
    stored = (x.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    decoded = []
    for pixels, quality in zip(stored, torch.randint(60, 98, (len(x),)).tolist(), strict=True):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
        decoded.append(np.asarray(Image.open(buffer)))
    return torch.from_numpy(np.stack(decoded)).permute(0, 3, 1, 2).to(x) / 255


def local_deviation(residual: Tensor, radius: int = 15) -> Tensor:
    """Root mean square of (B, 3, H, W) over channels and a window: the map (B, 1, H, W) of noise that is not synthetic."""
    power = residual.square().mean(1, keepdim=True)
    return local_mean(power, radius).sqrt()


def _some(share: float, count: int) -> int:
    """`share` of `count`, rounded up or down at random so that it is right on average."""
    return min(count, int(share * count + float(torch.rand(()))))


def _correlated(like: Tensor, blur: Tensor, radius: int = 6) -> Tensor:
    """Unit-variance noise of the shape of `like`, blurred by a Gaussian of `blur` (B, 1, 1, 1) pixels."""
    count, channels, height, width = like.shape
    if count == 0:
        return torch.zeros_like(like)
    line = get_gaussian_kernel1d(2 * radius + 1, blur.reshape(count, 1).clamp_min(0.05))
    line = line / line.norm(dim=1, keepdim=True)
    kernel = (line[:, :, None] * line[:, None, :]).repeat_interleave(channels, 0).unsqueeze(1)
    white = torch.randn(1, count * channels, height + 2 * radius, width + 2 * radius, device=like.device)
    return F.conv2d(white, kernel, groups=count * channels).view_as(like)
