"""The recurrent VAE (RVAE) whose frames share one code: p(x, z) = p(z) prod_t p(x_t | h_t), h_t = f(h_t-1), h_0 = g(z).

An encoder's ConvGRU reads the frames, and its last state gives q(z | x_1, ..., x_T). As in Fabius & van Amersfoort (2015),
with convolutions.
"""

import torch
from torch import Tensor, nn

from vaeedit.api import LIKELIHOODS, Draw, Gaussian, Latents, Likelihood, OptionError, sampled
from vaeedit_variants.recurrent import ConvGRU
from vaeedit_variants.sequence_options import RvaeConfig

STRIDE = 8
"""Pixels of a cell of the states."""


class RVAE(nn.Module):
    """Satisfies `Recurrent`, for gray clips of one size."""

    channels = 1

    def __init__(self, config: RvaeConfig) -> None:
        super().__init__()
        height, width = self.frame_size = (config.height, config.width)
        if height % STRIDE or width % STRIDE:
            raise OptionError(
                f"The architecture rvae takes a height and a width that are multiples of {STRIDE}."
            )
        self.grid, self.latents = (height // STRIDE, width // STRIDE), config.latents
        self.units = units = config.units
        flat = units * self.grid[0] * self.grid[1]
        self.look = nn.Sequential(nn.Conv2d(1, units, STRIDE, STRIDE), nn.SiLU())
        self.reader = ConvGRU(units, units)
        self.posterior = nn.Linear(flat, 2 * self.latents)
        self.start = nn.Sequential(
            nn.Linear(self.latents, flat), nn.Tanh(), nn.Unflatten(1, (units, *self.grid))
        )
        self.writer = ConvGRU(units, units)
        self.show = nn.Sequential(nn.Conv2d(units, STRIDE**2, 3, padding=1), nn.PixelShuffle(STRIDE))

    def draw_clip(self, clip: Tensor) -> Draw:
        """One posterior sample for each clip (B, T, 1, H, W)."""
        posterior = self._read(clip)
        z, kl, ratio = sampled(posterior)
        known = self._written(z, clip.shape[1])
        return Draw(known.log_prob(clip).flatten(1).sum(1), (kl,), ratio, known, (posterior.mean,))

    def noise(self, count: int, frames: int, given: int) -> Latents:
        """N(0, I) for the code (count, latents, 1, 1)."""
        return Latents((Gaussian.standard((count, self.latents, 1, 1), self.posterior.weight.device),))

    def continued(self, clip: Tensor, noise: Latents, frames: int) -> Tensor:
        """The `frames` frames (B, frames, 1, H, W) after a clip, for a code of its posterior."""
        z, given = noise.levels[0].mean, clip.shape[1]
        if given:
            posterior = self._read(clip)
            z = posterior.mean + posterior.std * z
        return self._written(z, given + frames).mean[:, given:]

    def _read(self, clip: Tensor) -> Gaussian:
        """q(z | x) of clips (B, T, 1, H, W)."""
        h = clip.new_zeros(len(clip), self.units, *self.grid)
        for x in clip.unbind(1):
            h = self.reader(self.look(x), h)
        mean, log_scale = self.posterior(h.flatten(1)).float()[..., None, None].chunk(2, 1)
        return Gaussian(mean, log_scale.clamp(-8, 3))

    def _written(self, z: Tensor, frames: int) -> Likelihood:
        """p(x | z) of so many frames, (B, T, 1, H, W)."""
        h, images = self.start(z.flatten(1)), []
        for _ in range(frames):
            images.append(self.show(h).float())
            h = self.writer(h, h)
        return LIKELIHOODS["bernoulli"](torch.stack(images, 1))
