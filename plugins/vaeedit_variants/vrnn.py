"""The variational recurrent network (VRNN, Chung et al. 2015), of clips in which a few things move over black.

    p(x, z) = prod_t p(x_t | z_t, h_t-1) p(z_t | h_t-1),   h_t = f(x_t, z_t, h_t-1),   q(z_t | x_t, h_t-1)     (eq. 5-9)

z_1 draws the first frame; a later z_t is the motion of each of K layers, which move as a whole (Jojic & Frey 2001). f is
a ConvGRU over each layer. The motion of one layer after the other is found in what the former ones leave unexplained
(Williams & Titsias 2004). Latents are non-centered: z = mu + sigma e, with mu and sigma of the prior, and N(0, I) for e.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, silu, softplus

from vaeedit.api import LIKELIHOODS, Draw, Gaussian, Latents, OptionError, sampled
from vaeedit_variants.recurrent import ConvGRU
from vaeedit_variants.sequence_options import VrnnConfig
from vaeedit_variants.sheets import centers, divided, found, moved

LOG_SCALE = (-3.0, 1.5)
"""Range of the natural logarithm of a motion's standard deviation, in pixels."""
PATCH = 16
"""Side in pixels of what a cell of the ConvGRU sees."""
SPEED = 4.0
"""Pixels per frame that count as 1."""
Choose = Callable[[Gaussian], Tensor]
"""A point of a posterior (B, C, 1, 1)."""


@dataclass(frozen=True)
class State:
    """h (B K, width, h, w); layers (B, K, H, W) as last seen, and where they are now, `shown`.

    `shift` since then and `motion` in the last frame are (B, K, 2), in pixels.
    """

    h: Tensor
    layers: Tensor
    shown: Tensor
    shift: Tensor
    motion: Tensor


class VRNN(nn.Module):
    """Satisfies `Recurrent`, for gray clips of one size."""

    channels = 1

    def __init__(self, config: VrnnConfig) -> None:
        super().__init__()
        height, width = self.frame_size = (config.height, config.width)
        if height % PATCH or width % PATCH:
            raise OptionError(f"The architecture vrnn takes a height and a width that are multiples of {PATCH}.")
        self.layers, self.latents, self.units = config.layers, config.latents, config.units
        self.grid = height // PATCH, width // PATCH
        cells, units = self.grid[0] * self.grid[1], config.units
        self.patches = nn.Sequential(nn.PixelUnshuffle(PATCH), nn.Conv2d(PATCH**2, config.features, 1))
        self.recurrence = ConvGRU(config.features + 4, units)
        self.motion = nn.Sequential(
            nn.Linear(units + 4, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 6)
        )
        self.weight = nn.Parameter(torch.tensor(-0.5))
        self.encoder = nn.Sequential(nn.Conv2d(1, 32, 8, 8), nn.SiLU(), nn.Flatten(), nn.Linear(128 * cells, 2 * config.latents))  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(config.latents, 128 * cells), nn.SiLU(),
            nn.Unflatten(1, (32, 2 * self.grid[0], 2 * self.grid[1])),
            nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.SiLU(), nn.Conv2d(16, 16 * self.layers, 3, padding=1),
        )  # fmt: skip
        with torch.no_grad():  # at first, things go on as they went
            self.motion[-1].weight.mul_(0.3)
            self.motion[-1].bias.copy_(torch.tensor([1.0, 1.0, 0.0, 0.0, 0.5, 0.5]))
            self.decoder[-1].bias.fill_(-2.0)

    def draw_clip(self, clip: Tensor) -> Draw:
        """One posterior sample for each clip (B, T, 1, H, W); the first KL is that of the first frame, and so on."""
        terms: list[tuple[Tensor, Tensor]] = []

        def sample(posterior: Gaussian) -> Tensor:
            e, kl, ratio = sampled(posterior)
            terms.append((kl, ratio))
            return e

        means, _ = self._followed(clip, sample)
        known = LIKELIHOODS["bernoulli"](torch.logit(means, 0.01))
        kl, ratio = (torch.stack(part) for part in zip(*terms, strict=True))
        by_frame = kl[:1], kl[1:].unflatten(0, (-1, self.layers)).sum(1)
        return Draw(known.log_prob(clip).flatten(1).sum(1), tuple(torch.cat(by_frame)), ratio.sum(0), known)

    def noise(self, count: int, frames: int, given: int) -> Latents:
        """N(0, I) of the latents of the first frame (B, latents, 1, 1), unless one is given, and of motions (B, 2 K, 1, 1)."""
        channels = [self.latents if given + t == 0 else 2 * self.layers for t in range(frames)]
        device = self.weight.device
        return Latents(tuple(Gaussian.standard((count, each, 1, 1), device) for each in channels))

    def continued(self, clip: Tensor, noise: Latents, frames: int) -> Tensor:
        """The `frames` frames (B, frames, 1, H, W) after a clip; z of the given frames is the mean of q."""
        points = [level.mean for level in noise.levels[:frames]]
        if clip.shape[1]:
            _, state = self._followed(clip, lambda posterior: posterior.mean)
        else:
            state = self._opened(self._drawn(points[0]))
        images = [] if clip.shape[1] else [_composed(state.layers)]
        for e in points[len(images) :]:
            mean, log_scale = self._prior(state)
            state = self._next(state, mean + log_scale.exp() * e.unflatten(1, (self.layers, 2)).flatten(2))
            images.append(_composed(state.shown))
        return torch.stack(images, 1)

    def _followed(self, clip: Tensor, choose: Choose) -> tuple[Tensor, State]:
        """Means of p(x_t | z_t, h_t-1) for the frames of a clip (B, T, 1, H, W), and the state after the last one."""
        first, *others = clip.unbind(1)
        posterior = self.encoder(first).float()[..., None, None].chunk(2, 1)
        means = [_composed(self._drawn(choose(Gaussian(posterior[0], posterior[1].clamp(-6, 2)))))]
        state = self._opened(first.expand(-1, self.layers, -1, -1))  # nothing has moved: each layer may be all of it
        for x in others:
            state = self._next(state, self._motions(state, x[:, 0], choose))
            means.append(_composed(state.shown))
            seen = divided(x, state.shown).detach()
            state = replace(state, layers=seen, shown=seen, shift=torch.zeros_like(state.shift))
        return torch.stack(means, 1), state

    def _drawn(self, z: Tensor) -> Tensor:
        """Layers (B, K, H, W) of a first frame."""
        return pixel_shuffle(self.decoder(z.flatten(1)), 4).float().sigmoid()

    def _opened(self, layers: Tensor) -> State:
        """The state after a first frame."""
        zero = layers.new_zeros(*layers.shape[:2], 2)
        h = layers.new_zeros(zero[..., 0].numel(), self.units, *self.grid)
        return self._next(State(h, layers, layers, zero, zero), zero)

    def _prior(self, state: State) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation (B, K, 2) of p(z_t | h_t-1), in pixels."""
        with torch.autocast(state.layers.device.type, enabled=False):
            seen = torch.cat([state.h.float().mean((2, 3)), self._facts(state)], 1)
            again, turn, log_scale = self.motion(seen).unflatten(0, state.motion.shape[:2]).chunk(3, 2)
        return again * state.motion + SPEED * turn, log_scale.clamp(*LOG_SCALE)

    def _facts(self, state: State) -> Tensor:
        """Motion and place (B K, 4) of each layer, about 1 in size."""
        half = torch.tensor(self.frame_size, device=state.shift.device) / 2
        place = (centers(state.layers) + state.shift) / half - 1
        return torch.cat([state.motion / SPEED, place], 2).flatten(0, 1)

    def _motions(self, state: State, x: Tensor, choose: Choose) -> Tensor:
        """Motions (B, K, 2) into the frame x (B, H, W), chosen from q(z_t | x_t, h_t-1), layer by layer."""
        mean, log_scale = self._prior(state)
        motions: list[Tensor] = []
        for k, layer in enumerate(state.layers.unbind(1)):
            m, s = found(layer, x, mean[:, k], log_scale[:, k].exp(), softplus(self.weight))
            e = Gaussian((m - mean[:, k]) * torch.exp(-log_scale[:, k]), s.log() - log_scale[:, k])
            motions.append(mean[:, k] + log_scale[:, k].exp() * _point(e, choose))
            x = (x - moved(layer[:, None], motions[-1][:, None])[:, 0].detach()).clamp_min(0)
        return torch.stack(motions, 1)

    def _next(self, state: State, motion: Tensor) -> State:
        """The state after a motion (B, K, 2)."""
        shift = state.shift + motion
        state = replace(state, shown=moved(state.layers, shift), shift=shift, motion=motion)
        seen = silu(self.patches(state.shown.detach().flatten(0, 1)[:, None]))
        facts = self._facts(state)[..., None, None].expand(-1, -1, *self.grid)
        return replace(state, h=self.recurrence(torch.cat([seen, facts.to(seen)], 1), state.h))


def _composed(layers: Tensor) -> Tensor:
    """The frame (B, 1, H, W) that layers make: the brightest one shows."""
    return layers.amax(1, keepdim=True)


def _point(posterior: Gaussian, choose: Choose) -> Tensor:
    """A point (B, 2) of a posterior (B, 2), chosen as a map."""
    assert posterior.log_scale is not None
    return choose(Gaussian(posterior.mean[..., None, None], posterior.log_scale[..., None, None])).flatten(1)
