"""Anomaly maps (1, 1, H, W), which are larger where an image differs from what a normal one would be.

They come from what the restorer of normals saw (`NormalRestorer.anomaly_maps`), and from the texture, at
the image's working size.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from vaeedit.api import gaussian_blur
from vaeedit_anomaly.texture import TEXTURE

SCALES = 4
"""Scales at which gradients are compared, each half the one before."""


def pixel_maps(seen: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every map by name, in the order of the table in the documentation."""
    x, mean = seen["observed"], seen["mean"].clamp(0, 1)
    size = (x.shape[2], x.shape[3])
    found = {
        "residual": residual(x, mean, seen["scale"]),
        "gradient": gradient_dissimilarity(x, mean),
        "structure": structure_dissimilarity(x, mean),
        "color": color_difference(x, mean),
        "defect": seen["log_odds"],
    }
    found |= {
        name: grid for name, grid in seen.items() if name.startswith("kl_") or name in ("distance", TEXTURE)
    }
    return {name: _enlarged(grid, size) for name, grid in found.items()}


def residual(x: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """|x - x0| in units of the scale that the model predicts: minus the log-likelihood of a Laplace, but for constants."""
    return gaussian_blur(((x - mean).abs() / scale.clamp_min(1e-4)).mean(1, keepdim=True), 1.0)


def gradient_dissimilarity(x: Tensor, mean: Tensor) -> Tensor:
    """1 - the similarity of gradient magnitudes (Xue et al. 2014), averaged over scales (MSGMS, Zavrtanik et al. 2021)."""
    a, b = x.mean(1, keepdim=True), mean.mean(1, keepdim=True)
    total, count = torch.zeros_like(a), 0
    for scale in range(SCALES):
        if scale > 0:
            if min(a.shape[2:]) < 6:
                break
            a, b = (F.avg_pool2d(one, 2, ceil_mode=True, count_include_pad=False) for one in (a, b))
        first, second = _gradient(a), _gradient(b)
        similarity = (2 * first * second + 0.0026) / (first**2 + second**2 + 0.0026)
        total = total + _enlarged(1 - similarity, (total.shape[2], total.shape[3]))
        count += 1
    return total / count


def structure_dissimilarity(x: Tensor, mean: Tensor) -> Tensor:
    """1 - SSIM under a Gaussian window of standard deviation 1.5 (Wang et al. 2004), averaged over channels."""
    mean_x, mean_y = gaussian_blur(x, 1.5), gaussian_blur(mean, 1.5)
    var_x = (gaussian_blur(x * x, 1.5) - mean_x**2).clamp_min(0)
    var_y = (gaussian_blur(mean * mean, 1.5) - mean_y**2).clamp_min(0)
    covariance = gaussian_blur(x * mean, 1.5) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    light = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return (1 - light * (2 * covariance + c2) / (var_x + var_y + c2)).mean(1, keepdim=True)


def color_difference(x: Tensor, mean: Tensor) -> Tensor:
    """Absolute difference of what is left of both under a Gaussian of 4 pixels, averaged over channels."""
    return gaussian_blur(x - mean, 4.0).abs().mean(1, keepdim=True)


def _gradient(x: Tensor) -> Tensor:
    """Magnitude under Prewitt's filters, (B, 1, H, W) -> the same."""
    slope = torch.tensor([-1.0, 0.0, 1.0], device=x.device).expand(3, 3) / 3
    kernels = torch.stack([slope, slope.T])[:, None]
    both = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernels)
    return both.square().sum(1, keepdim=True).sqrt()


def _enlarged(grid: Tensor, size: tuple[int, int]) -> Tensor:
    """A grid (B, 1, h, w) at the size of the image it belongs to, which need not be a multiple of its stride."""
    if grid.shape[2:] == size:
        return grid.float()
    stride = 2 ** round(torch.log2(torch.tensor(size[0] / grid.shape[2])).item())
    whole = F.interpolate(grid.float(), scale_factor=float(stride), mode="bilinear", align_corners=False)
    return whole[..., : size[0], : size[1]]
