"""What a posterior over the weights predicts of images, and how uncertain that is, by the law of total variance."""

from typing import Any, NamedTuple

import torch
from torch import Tensor


class Predicted(NamedTuple):
    """Mean and variances of the reconstruction x' of images, all (B, C, H, W), in units of [0, 1] and their square.

    Var[x'] = E_w[Var(x' | w)] + Var_w(E[x' | w]): the aleatoric variance, of the images as the VAE knows them, and the
    epistemic one, which more training images would reduce (Depeweg et al. 2018).
    """

    mean: Tensor
    aleatoric: Tensor
    epistemic: Tensor


def predicted(network: Any, x: Tensor, *, samples: int = 16, seed: int = 0) -> Predicted:
    """The prediction of a `WeightPosterior` for images x (B, C, H, W) in [0, 1], from so many samples of the weights.

    Given the weights w, x' is drawn from p(x' | z, w) at the mean z of q(z | x, w). Sample s has the seed `seed + s`, and all
    images and pixels share it. Raises ValueError for fewer than two samples.
    """
    if samples < 2:
        raise ValueError("a variance over the weights needs two samples of them or more")
    means, variances = [], []
    for number in range(seed, seed + samples):
        vae = network.given_weights(number)
        decoded = vae.decode(vae.encode(x, {}).mean(), std=True)
        means.append(decoded.mean)
        variances.append(decoded.std.square())
    return total(torch.stack(means), torch.stack(variances))


def total(means: Tensor, variances: Tensor) -> Predicted:
    """The law of total variance for S samples of the weights: means and variances given each, both (S, ...)."""
    return Predicted(means.mean(0), variances.mean(0), means.var(0))
