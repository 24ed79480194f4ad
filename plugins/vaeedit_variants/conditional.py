"""The conditional VAE p(x | y) of images x of known classes y (Sohn et al. 2015; M2 of Kingma et al. 2014, only generative).

q(z | x, y) = N(m(x, y), s(x, y)^2), p(z) = N(0, I), and log p(x | y) >= E_q[log p(x | z, y)] - KL(q || p): z holds
what does not depend on the class, such as slant and stroke. One more class stands for any; it is trained by dropping
labels, and guidance moves away from it (Ho & Salimans 2022).
"""

import copy
from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn

from vaeedit.api import Decoded, Gaussian, Latents, OptionError
from vaeedit_variants.options import ConditionalConfig
from vaeedit_variants.plain import PlainVAE


class ConditionalVAE(PlainVAE):
    """One level of latents (B, latents, 1, 1); satisfies `Labeled` and, of images of any class, `Generative`.

    The encoder sees a learned plane of the class beside the image, and the decoder learned values beside the latents.
    """

    conditions = ("label",)
    planes, values = 1, 32

    def __init__(self, config: ConditionalConfig) -> None:
        super().__init__(config)
        self.classes = config.classes
        self.encoder_labels = nn.Embedding(config.classes + 1, config.height * config.width)
        self.decoder_labels = nn.Embedding(config.classes + 1, self.values)
        nn.init.zeros_(self.encoder_labels.weight)
        self.labels: Tensor | None = None
        self.guidance = 1.0

    def given_labels(self, labels: Tensor, *, guidance: float = 1.0) -> Self:
        """The VAE of images of the classes `labels` (B,), see `Labeled`; it shares all weights.

        Raises OptionError for a label that is no class.
        """
        if int(labels.max()) >= self.classes:
            raise OptionError(
                f"There is a label {int(labels.max())}, and the VAE has {self.classes} classes, from 0; "
                "set classes in the config of the recipe, or use another VAE."
            )
        given = copy.copy(self)
        given.labels, given.guidance = labels, guidance
        return given

    def estimate(self, name: str, x: Tensor) -> Tensor:
        """The label (B, 1, H, W) of the largest ELBO of images x (B, C, H, W) in [0, 1], with the mean of q as its sample."""
        bounds = []
        for label in range(self.classes):
            given = self.given_labels(torch.full((len(x),), label, device=x.device))
            q = given.features(x)
            rate = q.kl(Gaussian.standard((len(x), self.latents, 1, 1), x.device))
            fit = self.likelihood(given._decoded(q.mean)).log_prob(x)
            bounds.append(fit.flatten(1).sum(1) - rate.flatten(1).sum(1))
        best = torch.stack(bounds).argmax(0).float()
        return best[:, None, None, None].expand(-1, 1, *x.shape[2:])

    def features(self, x: Tensor) -> Gaussian:
        """The posterior q(z | x, y) of images (B, C, H, W) in [0, 1]."""
        plane = self._of_class(self.encoder_labels, len(x)).view(-1, 1, *self.size)
        return super().features(torch.cat([x, plane.to(x)], 1))

    def prior(self, count: int, size: tuple[int, int]) -> Latents:
        """N(0, I) for `count` images; the size is the network's own."""
        return self._with_labels(super().prior(count, size))

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The posterior of images (B, C, H, W) in [0, 1], given a map `label` (B, 1, H, W); without it, of any class."""
        if "label" not in conditions:
            return self._with_labels(super().encode(x, {}))
        return self.given_labels(conditions["label"][:, 0, 0, 0].round().long()).encode(x, {})

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The mean (B, C, H, W) of p(x | z, y) at a point z; the context of the latents may have `labels` and `guidance`."""
        if "labels" not in latents.context:
            return super().decode(latents, std=std)
        given = self.given_labels(latents.context["labels"], guidance=latents.context["guidance"])
        return super(ConditionalVAE, given).decode(latents, std=std)

    def _with_labels(self, latents: Latents) -> Latents:
        """The latents with the labels for the decoder, where there are any."""
        context = {} if self.labels is None else {"labels": self.labels, "guidance": self.guidance}
        return Latents(latents.levels, context)

    def _decoded(self, z: Tensor) -> Tensor:
        """Parameters (B, P, H, W) of the likelihood at z (B, latents, 1, 1): out(any) + w (out(y) - out(any))."""
        z = z.flatten(1)
        given, w = self._decoded_of(z, self._of_class(self.decoder_labels, len(z))), self.guidance
        if self.labels is None or w == 1:
            return given
        of_any = self._decoded_of(z, self.decoder_labels.weight[-1:].expand(len(z), -1))
        return of_any + w * (given - of_any)

    def _decoded_of(self, z: Tensor, values: Tensor) -> Tensor:
        return super()._decoded(torch.cat([z, values.to(z)], 1))

    def _of_class(self, embedding: nn.Embedding, count: int) -> Tensor:
        """The row of each of `count` images; the last one is that of any class."""
        weight = embedding.weight
        if self.labels is None:
            return weight[-1:].expand(count, -1)
        return nn.functional.embedding(self.labels % len(weight), weight)
