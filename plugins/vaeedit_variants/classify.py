"""The objective of classifiers: cross-entropy on images that are deformed a little."""

import math
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

from vaeedit.api import Losses, Objective
from vaeedit_variants.classifier import Classifier
from vaeedit_variants.classifier_options import ClassifyOptions


class CrossEntropy(Objective[ClassifyOptions]):
    """Minimizes -log p(label | x), with label smoothing (Szegedy et al. 2016, section 7), on affine deformations of x."""

    needs = (Classifier,)
    needs_labels = True

    def losses(self, vae: Any, x: Tensor, done: float) -> NoReturn:
        """Training calls `labeled_losses` alone."""
        raise TypeError("a classifier is trained on labeled images")

    def labeled_losses(self, vae: Any, x: Tensor, labels: Tensor, done: float) -> Losses:
        """The cross-entropy of images x (B, C, H, W) in [0, 1]."""
        logits = vae.logits(vae.embed(deformed(x, self.options)))
        return Losses(
            {"cross_entropy": cross_entropy(logits, labels, label_smoothing=self.options.smoothing)}
        )


def deformed(x: Tensor, options: ClassifyOptions) -> Tensor:
    """Images (B, C, H, W), each turned, zoomed, sheared and moved at random; what comes from outside is 0."""
    if not (options.turn or options.zoom or options.shear or options.shift):
        return x
    count = len(x)

    def drawn(most: float, *shape: int) -> Tensor:
        return (2 * torch.rand(count, *shape, device=x.device) - 1) * most

    angle, slope = drawn(math.radians(options.turn)), drawn(options.shear)
    cos, sin = angle.cos(), angle.sin()
    turned = torch.stack([cos, slope * cos - sin, sin, slope * sin + cos], 1).reshape(count, 2, 2)
    matrix = turned * (1 + drawn(options.zoom, 1, 2))
    theta = torch.cat([matrix, drawn(2 * options.shift, 2, 1)], 2)  # coordinates run from -1 to 1
    return grid_sample(x, affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)
