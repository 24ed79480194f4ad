"""A VAE for tests, of a kilobyte and a millisecond; as a plugin it provides the architecture and the weights "testing-tiny".

Its latents are exact: decoding what was encoded gives the picture. It has two levels, as most VAEs have several: averages
of 4 x 4 pixels, and what they lack, in groups of 2 x 2 pixels.
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint

import torch
from torch import Tensor
from torch.nn import functional as F

from vaeedit.extension.registry import GROUP
from vaeedit.extension.specs import ArchitectureSpec, WeightsSpec, hookimpl
from vaeedit.options import Options
from vaeedit.vae.draws import sampled
from vaeedit.vae.latents import Decoded, Gaussian, Latents
from vaeedit.vae.protocol import ElboTerms

NAME = "testing-tiny"
POINT = EntryPoint("testing", __name__, GROUP)
"""As `discover` takes this plugin."""


class Tiny(torch.nn.Module):
    """The network; its weights are the scales of the latents and of the picture."""

    channels, multiple, receptive_field, conditions = 3, 4, 3, ()

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.scales = torch.nn.Parameter(torch.tensor([0.25, 0.125]))
        """What 1 means in each level, coarse to fine, of the range of the picture."""
        self.log_scale = torch.nn.Parameter(torch.tensor(-3.0))
        """The logarithm of the standard deviation of every latent and of every value of the picture."""

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """Levels (B, 3, H / 4, W / 4) and (B, 12, H / 2, W / 2) of pictures (B, 3, H, W)."""
        coarse = F.avg_pool2d(x, 4)
        fine = F.pixel_unshuffle(x - _large(coarse), 2)
        means = (coarse - 0.5) / self.scales[0], fine / self.scales[1]
        return Latents(tuple(Gaussian(mean, self.log_scale.expand_as(mean)) for mean in means))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """Pictures (B, 3, H, W)."""
        mean = self._picture([level.mean for level in latents.levels])
        return Decoded(mean, self.log_scale.exp().expand_as(mean) if std else None)

    def elbo_terms(self, latents: Latents, x: Tensor) -> ElboTerms:
        """The terms for training."""
        drawn = [sampled(level) for level in latents.levels]
        estimate = self._picture([level.mean for level in latents.levels])
        scale = self.log_scale.expand_as(x)
        kl = tuple(nats.mean() for _, nats, _ in drawn)
        return ElboTerms(estimate, scale, self._picture([z for z, _, _ in drawn]), scale, kl)

    def _picture(self, means: list[Tensor]) -> Tensor:
        return _large(0.5 + self.scales[0] * means[0]) + F.pixel_shuffle(self.scales[1] * means[1], 2)


def _large(coarse: Tensor) -> Tensor:
    return F.interpolate(coarse, scale_factor=4)


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """Provide the network."""
    return [ArchitectureSpec(name=NAME, summary="For tests.", target=f"{__name__}:{Tiny.__name__}")]


@hookimpl
def vaeedit_weights() -> list[WeightsSpec]:
    """Provide its weights."""
    resource = "vaeedit.testing:tiny.safetensors"
    return [WeightsSpec(name=NAME, summary="For tests.", resource=resource)]
