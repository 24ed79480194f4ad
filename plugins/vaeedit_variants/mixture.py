"""A Gaussian mixture of the latents of a VAE, fitted to encoded images: ex-post density estimation (Ghosh et al. 2020).

The latents that a decoder was trained on are those of images, q(z) = E_x[q(z | x)], which differs from the prior. Samples of
a density that is fitted to them look more like the images.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from vaeedit.api import Gaussian, Latents

FLOOR = 1e-6
"""Added to the variances, so that a latent that no image uses has some."""


class LatentMixture(nn.Module):
    """sum_k w_k N(m_k, L_k L_k^T) over latents (L,); before `fit`, every component is N(0, I).

    A file holds the Cholesky factors L_k instead of the covariances: rounded to float16 their product still is one, with
    every variance off by 0.1 % at most, where rounded covariances need not be positive.
    """

    def __init__(self, components: int, latents: int) -> None:
        super().__init__()
        # On the device "meta", where networks are built, torch would import its compiler for these: seconds.
        rows, columns = torch.tril_indices(latents, latents, device="cpu")
        self.register_buffer("weights", torch.full((components,), 1 / components))
        self.register_buffer("means", torch.zeros(components, latents))
        diagonal = (rows == columns).float().to(self.get_buffer("weights").device)
        self.register_buffer("factors", diagonal.repeat(components, 1))
        self.weights: Tensor
        self.means: Tensor
        self.factors: Tensor

    @classmethod
    def fit(cls, codes: Tensor, components: int, seed: int = 0) -> Self:
        """Fit to the latents (N, L) of N images, by expectation-maximization from k-means; N must exceed `components`."""
        from sklearn.mixture import GaussianMixture

        fitted = GaussianMixture(components, reg_covar=FLOOR, random_state=seed, max_iter=200)
        fitted.fit(codes.double().cpu().numpy())
        mixture = cls(components, codes.shape[1])
        rows, columns = np.tril_indices(codes.shape[1])
        factors = np.linalg.cholesky(fitted.covariances_)[:, rows, columns]
        for name, value in (("weights", fitted.weights_), ("means", fitted.means_), ("factors", factors)):
            setattr(mixture, name, torch.from_numpy(value).float())
        return mixture

    def sample(self, seed: int, temperature: float = 1.0) -> Latents:
        """One draw, the point (1, L, 1, 1), by `seed` alone; deviations are multiplied by `temperature`."""
        components, size = self.means.shape
        weights = self.weights.double().cpu().numpy()
        chosen = int(np.random.default_rng(seed).choice(components, p=weights / weights.sum()))
        standard = Gaussian.standard((1, size, 1, 1), self.means.device)
        noise = standard.sample(seed, 0, temperature).mean.flatten()
        z = self.means[chosen] + self._factor(chosen) @ noise
        return Latents((standard.at(z[None, :, None, None]),))

    def sample_each(self, seeds: Sequence[int], temperature: float = 1.0) -> Latents:
        """One draw for each seed, the point (B, L, 1, 1): image n is that of `sample` with the n-th seed."""
        draws = [self.sample(seed, temperature).levels[0].mean for seed in seeds]
        standard = Gaussian.standard((1, self.means.shape[1], 1, 1), self.means.device)
        return Latents((standard.at(torch.cat(draws)),))

    def _factor(self, component: int) -> Tensor:
        """The lower triangle (L, L)."""
        size = self.means.shape[1]
        factor = self.means.new_zeros(size, size)
        rows, columns = torch.tril_indices(size, size)
        factor[rows, columns] = self.factors[component]
        return factor
