"""Options that objectives share: the weights of the parts of a loss. Light, as plugins declare objectives with them."""

from typing import Annotated, Literal

from vaeedit.options import Options, option


class ElboWeights(Options, frozen=True):
    """Weights of the loss of an unconditional VAE; everything is per pixel value."""

    mean: Annotated[
        Literal["log-mse", "log-mse-to-40", "charbonnier"],
        option("Distance of the mean from the clean image."),
    ] = "log-mse"
    elbo: Annotated[float, option("Weight of the negative ELBO.", ge=0)] = 1.0
    kl: Annotated[float, option("Weight of the KL inside the ELBO (beta).", ge=0)] = 1.0


class ConditionalWeights(ElboWeights, frozen=True):
    """Weights of the loss of a conditional VAE that is centered on an estimate."""

    prior: Annotated[float, option("Weight of the likelihood at the prior mean.", ge=0)] = 0.1
    share: Annotated[float, option("Share of a batch that the ladder sees.", ge=0, le=1)] = 1.0
