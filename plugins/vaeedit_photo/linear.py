"""The linear part of a photo VAE: principal components of patches, coarse patches first, whitened.

It is a residual shortcut in the sense of DC-AE (Chen et al. 2025): a network around it starts with the quality of the
Karhunen-Loeve transform and learns corrections. The shortcut itself is fitted once and not trained.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle


class LinearLadder(nn.Module):
    """Analysis and synthesis of image - 1/2 at several strides; each level codes the residual of the coarser levels."""

    def __init__(self, channels: int, strides: Sequence[int], latents: Sequence[int]) -> None:
        super().__init__()
        self.strides = tuple(strides)
        sizes = [channels * stride**2 for stride in strides]
        pairs = list(zip(sizes, latents, strict=True))
        self.analysis = nn.ModuleList(nn.Conv2d(size, count, 1, bias=False) for size, count in pairs)
        self.synthesis = nn.ModuleList(nn.Conv2d(count, size, 1, bias=False) for size, count in pairs)
        self.requires_grad_(False)

    def code(self, level: int, rest: Tensor) -> Tensor:
        """Residual (B, C, H, W) -> latents (B, latents, H / stride, W / stride) of unit variance."""
        latents: Tensor = self.analysis[level](pixel_unshuffle(rest, self.strides[level]))
        return latents

    def image(self, level: int, z: Tensor) -> Tensor:
        """Latents (B, latents, h, w) -> their part of the image, (B, C, stride h, stride w), in units of [0, 1]."""
        return pixel_shuffle(self.synthesis[level](z), self.strides[level])

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Set the weights to the principal components of images (B, C, H, W) in [0, 1], coarse level first."""
        rest = x - 0.5
        for level in range(len(self.strides) - 1, -1, -1):
            analysis, synthesis = self.analysis[level], self.synthesis[level]
            assert isinstance(analysis, nn.Conv2d) and isinstance(synthesis, nn.Conv2d)  # noqa: PT018
            patches = pixel_unshuffle(rest, self.strides[level]).flatten(2).transpose(1, 2).flatten(0, 1)
            variances, directions = torch.linalg.eigh(patches.T @ patches / len(patches))
            largest = variances.argsort(descending=True)[: analysis.out_channels]
            deviations, basis = variances[largest].clamp_min(1e-8).sqrt(), directions[:, largest]
            analysis.weight.copy_((basis / deviations).T[..., None, None])
            synthesis.weight.copy_((basis * deviations)[..., None, None])
            rest = rest - self.image(level, self.code(level, rest))
