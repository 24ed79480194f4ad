"""VAEs whose every figure can be worked out by hand."""

import torch
from torch import nn

from vaeedit.api import ArchitectureSpec, Decoded, Gaussian, Latents, Options, hookimpl

LOG_SCALE, DEVIATION = -2.0, 0.05


class Plain(nn.Module):
    """Latents are the pixels: the first channel as one level, the others as the next; all equally uncertain."""

    channels, multiple, receptive_field, conditions = 3, 1, 0, ()
    log_scale: float | None = LOG_SCALE

    def __init__(self, options):
        super().__init__()
        self.none = nn.Conv2d(1, 1, 1)

    def encode(self, x, conditions):
        def level(values):
            return Gaussian(
                values, None if self.log_scale is None else torch.full_like(values, self.log_scale)
            )

        return Latents((level(x[:, :1]), level(x[:, 1:])))

    def decode(self, latents, *, std=False):
        mean = torch.cat([level.mean for level in latents.levels], 1)
        known = std and self.log_scale is not None
        return Decoded(mean, torch.full_like(mean, DEVIATION) if known else None)


class Points(Plain):
    """The same without a posterior."""

    log_scale = None


@hookimpl
def vaeedit_architectures():
    return [
        ArchitectureSpec(
            name=name, summary="Of these tests.", target=f"{__name__}:{cls.__name__}", options=Options
        )
        for name, cls in (("gaussian", Plain), ("points", Points))
    ]
