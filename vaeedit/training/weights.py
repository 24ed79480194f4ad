"""Weights of the parts of a loss: options that objectives share. Imports no torch, as plugins declare objectives with it."""

from typing import Annotated, Literal

from vaeedit.options import Options, option


class ElboWeights(Options, frozen=True):
    """Weights of the loss of an unconditional VAE; all parts are means over the values of an image."""

    mean: Annotated[
        Literal["log-mse", "log-mse-to-40", "charbonnier"],
        option("Distance of the decoded mean from the clean image."),
    ] = "log-mse"
    elbo: Annotated[float, option("Weight of the negative ELBO.", ge=0)] = 1.0
    kl: Annotated[float, option("Weight of the KL divergence in the ELBO (beta).", ge=0)] = 1.0


class ConditionalWeights(ElboWeights, frozen=True):
    """Weights of the loss of a conditional VAE whose ladder models the residual of an estimate."""

    prior: Annotated[float, option("Weight of the likelihood at the prior mean.", ge=0)] = 0.1
    share: Annotated[float, option("Share of a batch on which the ladder is trained.", ge=0, le=1)] = 1.0
