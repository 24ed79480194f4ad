"""Changes of the clean crops of a step, before any noise is added: other colors, parts of other crops, gray."""

from functools import cache

import torch
from kornia.augmentation import (
    AugmentationSequential,
    ColorJiggle,
    RandomChannelShuffle,
    RandomCutMixV2,
    RandomGamma,
)
from torch import Tensor, nn

from vaeedit.training.recipe import Data


def augmented(x: Tensor, data: Data) -> Tensor:
    """Crops (B, 3, P, P) in [0, 1], changed as `data` says; same shape and range."""
    if data.mixed and len(x) > 1:
        x = _mixing(data.mixed)(x)
    if data.color:
        x = torch.where(_chosen(x, data.color), _coloring()(x), x)
    return to_gray(x, data.gray)


def to_gray(x: Tensor, share: float) -> Tensor:
    """Images (B, 3, H, W) of any range, each of them, with probability `share`, replaced by the mean of its channels."""
    return torch.where(_chosen(x, share), x.mean(1, keepdim=True), x)


def _chosen(x: Tensor, share: float) -> Tensor:
    """True (B, 1, 1, 1) with probability `share`."""
    return torch.rand(len(x), 1, 1, 1, device=x.device) < share


@cache
def _coloring() -> nn.Module:
    """Each in half of the crops: permuted channels; another saturation and hue; gamma."""
    changes = (
        RandomChannelShuffle(p=0.5),
        ColorJiggle(saturation=(0.5, 2.0), hue=0.5, p=0.5),
        RandomGamma((0.6, 1.6), p=0.5),
    )
    return AugmentationSequential(*changes, data_keys=["input"])


@cache
def _mixing(share: float) -> nn.Module:
    """CutMix (Yun et al. 2019) of the crops of a step; for restoration as in Yoo et al. 2020."""
    mixing: nn.Module = RandomCutMixV2(
        cut_size=(0.2, 0.8), p=share, data_keys=["input"], use_correct_lambda=True
    )
    return mixing
