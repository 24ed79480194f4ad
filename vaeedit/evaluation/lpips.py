"""LPIPS, a perceptual distance (Zhang et al. 2018, version 0.1), on SqueezeNet 1.1 with weight files of the user.

The features after seven layers are normalized over channels; their squared differences are weighted, averaged over
the picture and summed. A lower distance means that people see less difference.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from vaeedit.errors import UsageError
from vaeedit.vae.third_party import read_third_party

BACKBONE, HEADS = "squeeze.backbone.pth", "squeeze.pth"
TAPS = (1, 4, 7, 9, 10, 11, 12)
"""Layers after which features are compared."""


class Fire(nn.Module):
    """SqueezeNet's block (Iandola et al. 2016): a 1x1 squeeze, then 1x1 and 3x3 convolutions side by side."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, h, w) -> (B, 2 expanded, h, w)."""
        x = torch.relu(self.squeeze(x))
        return torch.cat([self.expand1x1(x).relu(), self.expand3x3(x).relu()], 1)


class Lpips:
    """The distance, with weights from a folder; raises UsageError where a file is missing."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        for name in (BACKBONE, HEADS):
            if not (folder / name).is_file():
                raise UsageError(f"{folder} holds no {name}; LPIPS needs {BACKBONE} and {HEADS} there.")
        self.device = torch.device(device)
        self.layers = _squeezenet()
        self.layers.load_state_dict(self._read(folder / BACKBONE))
        self.layers.to(self.device).eval()
        heads = self._read(folder / HEADS)
        self.weights = [heads[f"lin{index}.model.1.weight"] for index in range(len(TAPS))]

    @torch.inference_mode()
    def __call__(self, reference: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
        """Distance of two RGB pictures (H, W, 3) with values from 0 to 255; 0 where they are equal."""
        layers = zip(self._features(reference), self._features(output), self.weights, strict=True)
        return sum(float(((a - b).square() * weight).sum(1).mean()) for a, b, weight in layers)

    def _features(self, pixels: NDArray[np.uint8]) -> list[Tensor]:
        x = torch.tensor(pixels).permute(2, 0, 1)[None].to(self.device)
        mean = torch.tensor([-0.030, -0.088, -0.188], device=self.device).view(1, 3, 1, 1)
        std = torch.tensor([0.458, 0.448, 0.450], device=self.device).view(1, 3, 1, 1)
        x = (x.float() / 127.5 - 1 - mean) / std
        features = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in TAPS:
                features.append(normalize(x, dim=1, eps=1e-10))
        return features

    def _read(self, path: Path) -> dict[str, Tensor]:
        return {name: tensor.to(self.device) for name, tensor in read_third_party(path).items()}


def _squeezenet() -> nn.Sequential:
    """The convolutional part of SqueezeNet 1.1."""

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    return nn.Sequential(
        nn.Conv2d(3, 64, 3, stride=2), nn.ReLU(), pool(),
        Fire(64, 16, 64), Fire(128, 16, 64), pool(),
        Fire(128, 32, 128), Fire(256, 32, 128), pool(),
        Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),
    )  # fmt: skip
