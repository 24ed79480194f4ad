"""The plain VAE (Kingma & Welling 2014): one vector of latents, for images of one size.

q(z | x) = N(m(x), s(x)^2) and p(z) = N(0, I). Encoder and decoder are fully connected, or convolutional with residual
blocks. ELBO = E_q[log p(x | z)] - KL(q(z | x) || p(z)).
"""

from collections.abc import Mapping

from torch import Tensor, nn

from vaeedit.api import LIKELIHOODS, WHOLE, Decoded, Draw, Gaussian, Latents, sampled
from vaeedit_variants.layers import coder
from vaeedit_variants.mixture import LatentMixture
from vaeedit_variants.options import PlainConfig

LOG_SCALE = (-8.0, 3.0)
"""Range of the natural logarithm of a posterior's standard deviation."""


class PlainVAE(nn.Module):
    """One level of latents (B, latents, 1, 1); satisfies `VAE` and `Generative`."""

    conditions: tuple[str, ...] = ()
    receptive_field = WHOLE
    multiple, overlap = 1, 0
    planes, values = 0, 0
    """What the encoder and the decoder know of a condition, see `coder`."""

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        self.channels, self.latents = config.channels, config.latents
        self.size = (config.height, config.width)
        self.likelihood = LIKELIHOODS[config.likelihood]
        parameters = self.likelihood.parameters(config.channels)
        self.encoder, self.decoder = coder(config, parameters, planes=self.planes, values=self.values)
        self.mixture = LatentMixture(config.mixture, config.latents) if config.mixture else None
        """Of the latents of images, beside the prior."""

    def features(self, x: Tensor) -> Gaussian:
        """The posterior q(z | x) of images (B, C, H, W) in [0, 1]."""
        mean, log_scale = self.encoder(x).float()[..., None, None].chunk(2, 1)
        return Gaussian(mean, log_scale.clamp(*LOG_SCALE))

    def draw(self, x: Tensor, features: Gaussian) -> Draw:
        """One posterior sample for each image."""
        z, kl, ratio = sampled(features)
        known = self.likelihood(self._decoded(z))
        return Draw(known.log_prob(x).flatten(1).sum(1), (kl,), ratio, known, (features.mean,))

    def prior(self, count: int, size: tuple[int, int]) -> Latents:
        """N(0, I) for `count` images; the size is the network's own."""
        device = next(self.parameters()).device
        return Latents((Gaussian.standard((count, self.latents, 1, 1), device),))

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The posterior q(z | x) of images (B, C, H, W) in [0, 1]; there are no conditions."""
        return Latents((self.features(x),))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The mean (B, C, H, W) of p(x | z) at a point z and, with `std`, its standard deviation, in units of [0, 1]."""
        known = self.likelihood(self._decoded(latents.levels[0].mean))
        return Decoded(known.mean, known.std if std else None)

    def _decoded(self, z: Tensor) -> Tensor:
        """Parameters (B, P, H, W) of the likelihood at z (B, latents, 1, 1)."""
        height, width = self.size
        out: Tensor = self.decoder(z.flatten(1)).float()
        return out[..., :height, :width]
