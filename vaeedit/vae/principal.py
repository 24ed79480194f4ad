"""Principal directions of the coarsest latents: those along which areas of pictures, or decoded pictures, vary most."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d

from vaeedit.vae.latents import Latents

AREA = 8
"""Side, in places of the coarsest grid, of the areas whose means give the principal components."""
DRAWS = 512
"""Draws of the prior by which the effect of latents on decoded pictures is measured."""
WIDEST = 256
"""Most values of the coarsest level that have directions of their own; in a larger one all places move together."""
SEEN = 32
"""Side in pixels of the decoded pictures that are compared."""
RIDGE = 0.1
"""Ridge penalty of the regression, as a share of the latents' variance, which is 1."""


@dataclass(frozen=True)
class Principal:
    """Directions in the coarsest level, the strongest first."""

    vectors: Tensor
    """Unit vectors (K, C, h, w); or (K, C, 1, 1), which move all places alike."""
    deviations: Tensor
    """The standard deviation (K,) along each of them."""
    shares: Tensor
    """Their shares (K,) of the whole variance, from 0 to 1."""

    def moved(self, latents: Latents, amounts: Sequence[float]) -> Latents:
        """The coarsest level moved by so many standard deviations along the first directions; its deviation stays."""
        coarsest = latents.levels[0]
        steps = torch.tensor(amounts, dtype=torch.float64) * self.deviations[: len(amounts)]
        change = torch.einsum("k,kchw->chw", steps, self.vectors[: len(amounts)])
        mean = coarsest.mean + change.to(coarsest.mean)
        return replace(latents, levels=(replace(coarsest, mean=mean), *latents.levels[1:]))


def principal_of_areas(grids: Sequence[Tensor]) -> Principal:
    """Principal components of the means of areas of grids (1, C, h, w) (after GANSpace, Harkonen et al. 2020).

    Means of areas are used because the picture is shifted by the same amount everywhere; components of single places, such
    as edges, would appear as a repeated pattern.
    """
    wide = [grid.cpu().double() for grid in grids]
    areas = [avg_pool2d(grid, min(AREA, *grid.shape[2:]))[0].flatten(1) for grid in wide]
    values = torch.cat(areas, 1)
    variances, vectors = torch.linalg.eigh(torch.cov(values, correction=0).view(2 * values.shape[:1]))
    return _ordered(vectors.T.flip(0)[..., None, None], variances.flip(0).clamp_min(0))


def principal_of_decoder(decode: Callable[[Latents], Tensor], prior: Latents, seed: int = 0) -> Principal:
    """Directions of a prior (B, C, h, w) that change decoded pictures (B, C, H, W) most, with the finer levels at zero.

    The prior alone, N(0, I), has no principal directions. They are the singular vectors of the linear regression of pictures
    on latents, whose deviation is that of the prior, 1. `decode` gets B points at a time.
    """
    coarsest, rest = prior.levels[0], prior.mean().levels[1:]
    count, channels, height, width = coarsest.mean.shape
    places = (height, width) if channels * height * width <= WIDEST else (1, 1)
    generator = torch.Generator().manual_seed(seed)
    points, seen = [], []
    for _ in range(-(-DRAWS // count)):
        z = torch.randn((count, channels, *places), generator=generator)
        mean = z.expand(-1, -1, height, width).to(coarsest.mean)
        picture = decode(replace(prior, levels=(coarsest.at(mean), *rest)))
        points.append(z.flatten(1))
        seen.append(adaptive_avg_pool2d(picture.float(), SEEN).flatten(1).cpu())
    return _effects(torch.cat(points).double(), torch.cat(seen).double(), (channels, *places))


def _effects(z: Tensor, x: Tensor, shape: tuple[int, ...]) -> Principal:
    """The directions of `shape` in which latents z (N, D) move pictures x (N, P) most, by a ridge regression."""
    gram = z.T @ z / len(z) + RIDGE * torch.eye(z.shape[1], dtype=z.dtype)
    effects = torch.linalg.solve(gram, z.T @ (x - x.mean(0)) / len(z))
    vectors, strengths, _ = torch.linalg.svd(effects, full_matrices=False)
    found = _ordered(vectors.T.reshape(-1, *shape), strengths**2)
    return replace(found, deviations=torch.ones_like(found.deviations))


def _ordered(vectors: Tensor, variances: Tensor) -> Principal:
    """Directions with the largest entry of each positive: the sign of a component is not determined otherwise."""
    flat = vectors.flatten(1)
    largest = flat.gather(1, flat.abs().argmax(1, keepdim=True)).sign()
    signed = vectors * largest[..., None, None]
    return Principal(signed, variances.sqrt(), variances / variances.sum().clamp_min(1e-12))
