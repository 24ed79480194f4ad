"""Names of the likelihoods, for configs of networks; imports no torch, as plugins declare configs with it."""

from typing import Literal

LikelihoodName = Literal["bernoulli", "gaussian", "fixed-gaussian", "laplace", "logistic-mixture"]
"""The type of an option that names one of `LIKELIHOODS`."""
