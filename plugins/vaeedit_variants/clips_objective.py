"""The objective of VAEs of clips, which are made of images on the fly (Moving MNIST)."""

from typing import Any

import torch
from torch import Tensor

from vaeedit.api import Losses, Objective
from vaeedit_variants.moving import moving
from vaeedit_variants.recurrent import Recurrent
from vaeedit_variants.sequence_options import ClipOptions


class ClipElbo(Objective[ClipOptions]):
    """Minimizes the negative ELBO of a clip in nats and, if it has a weight, the error of predictions."""

    needs = (Recurrent,)

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Losses of as many clips as there are images x (B, 1, h, w); each image moves in several clips."""
        options = self.options
        images = torch.stack([x[:, 0].roll(index, 0) for index in range(options.digits)], 1)
        clip = moving(images, options.frames, vae.frame_size[0])
        draw = vae.draw_clip(clip)
        parts = {"distortion": -draw.log_likelihood.mean(), "rate": torch.stack(draw.kl).sum(0).mean()}
        if options.predicted and done >= options.start:
            given, rest = clip[:, : options.given], clip[:, options.given :]
            noise = vae.noise(len(clip), rest.shape[1], options.given).mean()
            errors = (vae.continued(given, noise, rest.shape[1]) - rest).square()
            parts["predicted"] = options.predicted * errors.sum((1, 2, 3, 4)).mean()
        return Losses(parts)
