"""The objective of VAEs that complete images: the ELBO of the hidden part, given the visible part, for random masks."""

from typing import Any

import torch
from torch import Tensor

from vaeedit.api import Completing, Losses
from vaeedit_variants.completion_options import CompletionOptions
from vaeedit_variants.masks import random_masks
from vaeedit_variants.objective import NegativeBound


class NegativeConditionalElbo(NegativeBound[CompletionOptions]):
    """Minimizes -log p(x_hidden | z, c) + beta KL(q(z | x, c) || p(z | c)), in nats per image (Sohn et al. 2015, eq. 4)."""

    needs = (Completing,)

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """The parts of the loss of images x (B, C, H, W) in [0, 1], with a new mask for each."""
        if self.options.binarize:
            x = torch.bernoulli(x)  # before the mask: the same values are seen and predicted
        visible = random_masks(len(x), x.shape[2:], self.options.quadrants, x.device)
        return super().losses(vae.given_visible(x, visible), x, done)
