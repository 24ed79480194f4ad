"""Options of the Bayesian VAE and of what it is uncertain about."""

from typing import Annotated

from vaeedit.api import Options, option
from vaeedit_variants.options import PlainConfig


class BayesianConfig(PlainConfig, frozen=True):
    """Hyper-parameters of the Bayesian VAE: those of the plain one, and of the posterior over the weights."""

    rank: Annotated[
        int, option("Directions of the inputs of a layer in which its weights are known best.", ge=1, le=1024)
    ] = 32


class UncertaintyOptions(Options, frozen=True):
    """Options of the operation `uncertainty`."""

    samples: Annotated[int, option("Samples of the weights.", ge=2, le=256, example=3)] = 16
