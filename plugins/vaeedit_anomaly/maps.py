"""Anomaly maps (1, 1, H, W): larger values where an image differs from its normal version.

They are made from `NormalRestorer.anomaly_maps` and the texture, at the working size of the image.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from vaeedit_anomaly.soft import soft
from vaeedit_anomaly.texture import JUDGE, TEXTURE

SCALES = 4
"""Scales at which gradients are compared; each has half the resolution of the previous one."""


def pixel_maps(seen: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All anomaly maps (1, 1, H, W), 0 or more except log-odds, by name in the order of the table in the documentation.

    `seen` is what `Anomaly.seen` returns. If it has no "mean", no network was run, and there are no maps of a restorer.
    """
    x = seen["observed"]
    size = (x.shape[2], x.shape[3])
    maps = of_restored(seen) if "mean" in seen else {}
    maps |= {name: grid for name, grid in seen.items() if name in ("distance", TEXTURE, JUDGE)}
    return {name: _enlarged(grid, size) for name, grid in maps.items()}


def of_restored(seen: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The maps (1, 1, H, W) that compare an image with its restored version, and the log-odds of a defect."""
    x, mean = seen["observed"], seen["mean"].clamp(0, 1)
    return {
        "gradient": gradient_dissimilarity(x, mean),
        "structure": structure_dissimilarity(x, mean),
        "color": color_difference(x, mean),
        "defect": seen["log_odds"],
    }


def gradient_dissimilarity(x: Tensor, mean: Tensor) -> Tensor:
    """1 - similarity of gradient magnitudes (Xue et al. 2014), (B, C, H, W) in [0, 1] -> (B, 1, H, W) in [0, 1].

    It is averaged over scales (MSGMS, Zavrtanik et al. 2021).
    """
    a, b = x.mean(1, keepdim=True), mean.mean(1, keepdim=True)
    total, count = torch.zeros_like(a), 0
    for scale in range(SCALES):
        if scale > 0:
            if min(a.shape[2:]) < 6:
                break
            a, b = (F.avg_pool2d(image, 2, ceil_mode=True, count_include_pad=False) for image in (a, b))
        first, second = _gradient(a), _gradient(b)
        similarity = (2 * first * second + 0.0026) / (first**2 + second**2 + 0.0026)
        total = total + _enlarged(1 - similarity, (total.shape[2], total.shape[3]))
        count += 1
    return total / count


def structure_dissimilarity(x: Tensor, mean: Tensor) -> Tensor:
    """1 - SSIM (Wang et al. 2004) of images (B, C, H, W) in [0, 1], averaged over channels: (B, 1, H, W) from 0 to 2.

    The window is a Gaussian of standard deviation 1.5.
    """
    mean_x, mean_y = soft(x, 1.5), soft(mean, 1.5)
    var_x = (soft(x * x, 1.5) - mean_x**2).clamp_min(0)
    var_y = (soft(mean * mean, 1.5) - mean_y**2).clamp_min(0)
    covariance = soft(x * mean, 1.5) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    light = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return (1 - light * (2 * covariance + c2) / (var_x + var_y + c2)).mean(1, keepdim=True)


def color_difference(x: Tensor, mean: Tensor) -> Tensor:
    """Absolute difference of images (B, C, H, W) in [0, 1], blurred by 4 pixels and averaged over channels: (B, 1, H, W)."""
    return soft(x - mean, 4.0).abs().mean(1, keepdim=True)


def _gradient(x: Tensor) -> Tensor:
    """Magnitude of the gradient by Prewitt's filters, (B, 1, H, W) -> the same shape."""
    wide = F.pad(x, (1, 1, 1, 1), mode="replicate")
    right, down = (
        wide.narrow(axis, 2, x.shape[axis]) - wide.narrow(axis, 0, x.shape[axis]) for axis in (3, 2)
    )
    right, down = (_sum_of_three(slope, axis) / 3 for slope, axis in ((right, 2), (down, 3)))
    return torch.hypot(right, down)


def _sum_of_three(x: Tensor, axis: int) -> Tensor:
    """The sum of each value of x and its two neighbors along an axis, which becomes shorter by 2."""
    size = x.shape[axis] - 2
    return x.narrow(axis, 0, size) + x.narrow(axis, 1, size) + x.narrow(axis, 2, size)


def _enlarged(grid: Tensor, size: tuple[int, int]) -> Tensor:
    """A grid (B, 1, h, w) enlarged to the size of its image, which need not be a multiple of the stride."""
    if grid.shape[2:] == size:
        return grid.float()
    stride = 2 ** round(torch.log2(torch.tensor(size[0] / grid.shape[2])).item())
    whole = F.interpolate(grid.float(), scale_factor=float(stride), mode="bilinear", align_corners=False)
    return whole[..., : size[0], : size[1]]
