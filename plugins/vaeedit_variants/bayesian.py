"""The Bayesian VAE: a plain VAE with a posterior over the weights of its two dense layers at the latents.

These are the encoder's last layer and the decoder's first one. So both q(z | x, w) and p(x | z, w) are uncertain where images
are unlike those of the training (Daxberger & Hernandez-Lobato 2019). The bound of all training images x_n is
sum_n E_q(w)[ELBO(x_n | w)] - KL(q(w) || p(w)).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vaeedit.api import Decoded, Latents
from vaeedit_variants.bayesian_options import BayesianConfig
from vaeedit_variants.plain import PlainVAE
from vaeedit_variants.weights_posterior import UncertainLinear, uncertain

MEAN = -1
"""The condition `weights` that stands for the mean of the posterior."""


class BayesianVAE(PlainVAE):
    """Satisfies `VAE`, `Generative` and `WeightPosterior`: `features` and `draw` use own weights for each image.

    Edits use the mean of the weights or, with the condition `weights`, the sample with that seed.
    """

    conditions: tuple[str, ...] = ("weights",)

    def __init__(self, config: BayesianConfig) -> None:
        super().__init__(config)
        self.config = config
        assert isinstance(self.encoder, nn.Sequential) and isinstance(self.decoder, nn.Sequential)  # noqa: PT018
        self.encoder[-1] = uncertain(self.encoder[-1], config.rank)
        self.decoder[0] = uncertain(self.decoder[0], config.rank)

    def weights_kl(self) -> Tensor:
        """KL(q(w) || p(w)) in nats, a scalar."""
        return torch.stack([layer.kl() for layer in self._uncertain().values()]).sum()

    def given_weights(self, seed: int | None) -> PlainVAE:
        """The plain VAE with one sample of the weights, which depends on the seed alone; None: with their mean."""
        weights = self.state_dict()
        if seed is not None:
            generator = torch.Generator().manual_seed(seed)
            for name, layer in self._uncertain().items():
                weights[f"{name}.weight"] = layer.sample(generator).detach()
        with torch.device("meta"):
            vae = PlainVAE(self.config)
        vae.load_state_dict({name: weights[name] for name in vae.state_dict()}, assign=True)
        return vae.eval().requires_grad_(False)

    def estimate(self, name: str, x: Tensor) -> Tensor:
        """The condition `weights` where none is given: the mean."""
        return torch.full_like(x[:, :1], MEAN)

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The posterior q(z | x, w) of images (B, C, H, W) in [0, 1]; w is the same for all of them."""
        number = int(conditions["weights"][0, 0, 0, 0]) if "weights" in conditions else MEAN
        seed = None if number == MEAN else number
        return Latents(self.given_weights(seed).encode(x, {}).levels, {"weights": seed})

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The mean (B, C, H, W) of p(x | z, w) at a point z and, with `std`, its standard deviation, in units of [0, 1]."""
        return self.given_weights(latents.context.get("weights")).decode(latents, std=std)

    def _uncertain(self) -> dict[str, UncertainLinear]:
        """The layers with a posterior, by name."""
        return {name: layer for name, layer in self.named_modules() if isinstance(layer, UncertainLinear)}
