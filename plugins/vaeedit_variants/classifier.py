"""A small convolutional classifier of images of one size; its last hidden layer gives the features of the FID."""

from itertools import pairwise
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from vaeedit_variants.classifier_options import ClassifierConfig
from vaeedit_variants.layers import Residual


@runtime_checkable
class Classifier(Protocol):
    """A network that recognizes the class of images (B, C, H, W) in [0, 1], in two parts."""

    channels: int
    """Image channels."""
    classes: int
    """Number of classes."""

    def embed(self, x: Tensor) -> Tensor:
        """Features (B, F) of the images."""

    def logits(self, embedded: Tensor) -> Tensor:
        """Logits (B, classes), given the features."""


class ImageClassifier(nn.Module):
    """Stages of residual blocks at strides 2, 4, 8, ..., the mean over all pixels, and two dense layers."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.channels, self.classes = config.channels, config.classes
        self.size = (config.height, config.width)
        widths = [config.channels, *config.widths]
        stages: list[nn.Module] = []
        for narrow, wide in pairwise(widths):
            stages += (
                [nn.SiLU(), nn.Conv2d(narrow, wide, 3, 2, 1)]
                if stages
                else [nn.Conv2d(narrow, wide, 5, 2, 2)]
            )
            stages += [Residual(wide) for _ in range(config.blocks)]
        self.stages = nn.Sequential(*stages, nn.GroupNorm(1, widths[-1]), nn.SiLU())
        self.hidden = nn.Linear(widths[-1], config.features)
        self.head = nn.Linear(config.features, config.classes)

    def embed(self, x: Tensor) -> Tensor:
        """Features (B, features) of images (B, C, H, W) in [0, 1]."""
        return nn.functional.silu(self.hidden(self.stages(x).mean((2, 3))))

    def logits(self, embedded: Tensor) -> Tensor:
        """Logits (B, classes), given the features."""
        out: Tensor = self.head(embedded)
        return out.float()
