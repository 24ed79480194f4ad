"""The variational recurrent network (VRNN, Chung et al. 2015), of clips in which a few things move over black.

    p(x, z) = prod_t p(x_t | z_t, h_t-1) p(z_t | h_t-1),   h_t = f(x_t, z_t, h_t-1),   q(z_t | x_t, h_t-1)     (eq. 5-9)

z_1 draws the first frame; a later z_t is the motion of each of K layers, which move as a whole (Jojic & Frey 2001). f is
a recurrent unit for each layer (`Motion`), which sees its motion and its place. The motions are found one after the other,
each in what the former ones leave unexplained (Williams & Titsias 2004). Latents are non-centered: z = mu + sigma e, with
mu and sigma of the prior, and N(0, I) for e.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, softplus

from vaeedit.api import LIKELIHOODS, Draw, Gaussian, Latents, OptionError, sampled
from vaeedit_variants.motion import Motion
from vaeedit_variants.opening import coder
from vaeedit_variants.sequence_options import VrnnConfig
from vaeedit_variants.sheets import Sheets, composed, divided, found, moved

Choose = Callable[[Gaussian], Tensor]
"""A point of a posterior (B, C, 1, 1)."""


class VRNN(nn.Module):
    """Satisfies `Recurrent` and `Tracking`, for gray clips of one size."""

    channels = 1

    def __init__(self, config: VrnnConfig) -> None:
        super().__init__()
        height, width = self.frame_size = (config.height, config.width)
        if height % 16 or width % 16:
            raise OptionError("The architecture vrnn takes a height and a width that are multiples of 16.")
        self.layers, self.latents = config.layers, config.latents
        self.motion = Motion(config.units)
        self.weight = nn.Parameter(torch.tensor(-0.5))
        self.encoder, self.decoder = coder(config)

    def draw_clip(self, clip: Tensor) -> Draw:
        """One posterior sample for each clip (B, T, 1, H, W); the first KL is that of the first frame, and so on."""
        return self.tracked(clip)[0]

    def tracked(self, clip: Tensor) -> tuple[Draw, Tensor, Tensor]:
        """The same, with the motions in pixels and the places of all layers, (B K, T, 2)."""
        terms: list[tuple[Tensor, Tensor]] = []

        def sample(posterior: Gaussian) -> Tensor:
            e, kl, ratio = sampled(posterior)
            terms.append((kl, ratio))
            return e

        means, states = self._followed(clip, sample)
        known = LIKELIHOODS["bernoulli"](torch.logit(means, 0.01))
        kl, ratio = (torch.stack(part) for part in zip(*terms, strict=True))
        by_frame = kl[:1], kl[1:].view(-1, self.layers, len(clip)).sum(1)
        draw = Draw(known.log_prob(clip).flatten(1).sum(1), tuple(torch.cat(by_frame)), ratio.sum(0), known)
        motions = torch.stack([state.motion.flatten(0, 1) for state in states], 1).detach()
        return draw, motions, torch.stack([state.places for state in states], 1).detach()

    def path_losses(self, motions: Tensor, places: Tensor, given: int) -> tuple[Tensor, Tensor]:
        """`Motion.losses` of paths (N, T, 2) that were tracked."""
        half = torch.tensor(self.frame_size, device=motions.device) / 2
        return self.motion.losses(motions, places, half, given)

    def noise(self, count: int, frames: int, given: int) -> Latents:
        """N(0, I) of the first frame (B, latents, 1, 1), unless one is given, and of motions (B, 2 K, 1, 1)."""
        channels = [self.latents if given + t == 0 else 2 * self.layers for t in range(frames)]
        device = self.weight.device
        return Latents(tuple(Gaussian.standard((count, each, 1, 1), device) for each in channels))

    def continued(self, clip: Tensor, noise: Latents, frames: int) -> Tensor:
        """The `frames` frames (B, frames, 1, H, W) after a clip; z of the given frames is the mean of q."""
        points = [level.mean for level in noise.levels[:frames]]
        if clip.shape[1]:
            state = self._followed(clip, lambda posterior: posterior.mean)[1][-1]
        else:
            state = self._opened(self._drawn(points[0]))
        images = [] if clip.shape[1] else [composed(state.layers)]
        for e in points[len(images) :]:
            mean, log_scale = self._prior(state)
            motion = mean + log_scale.exp() * e.reshape(mean.shape)
            state = self._passed(self._next(state, motion))
            images.append(composed(state.shown))
        return torch.stack(images, 1)

    def _followed(self, clip: Tensor, choose: Choose) -> tuple[Tensor, list[Sheets]]:
        """Means of p(x_t | z_t, h_t-1) for the frames of a clip (B, T, 1, H, W), and the states after them."""
        first, *others = clip.unbind(1)
        posterior = self.encoder(first).float()[..., None, None].chunk(2, 1)
        means = [composed(self._drawn(choose(Gaussian(posterior[0], posterior[1].clamp(-6, 2)))))]
        # nothing has moved: each layer may be all of it
        states = [self._opened(first.expand(-1, self.layers, -1, -1))]
        for x in others:
            state = states[-1]
            state = self._next(state, self._motions(state, x[:, 0], choose))
            means.append(composed(state.shown))
            seen = divided(x, state.shown).detach()
            state = replace(state, layers=seen, shown=seen, shift=torch.zeros_like(state.shift))
            states.append(self._passed(state))
        return torch.stack(means, 1), states

    def _drawn(self, z: Tensor) -> Tensor:
        """Layers (B, K, H, W) of a first frame."""
        return pixel_shuffle(self.decoder(z.flatten(1)), 4).float().sigmoid()

    def _opened(self, layers: Tensor) -> Sheets:
        """The state after a first frame."""
        zero = layers.new_zeros(*layers.shape[:2], 2)
        h = self.motion.start(zero[..., 0].numel(), zero.device)
        return self._passed(Sheets(h, layers, layers, zero, zero))

    def _prior(self, state: Sheets) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation (B, K, 2) of p(z_t | h_t-1), in pixels."""
        terms = self.motion.prior(state.h, state.motion.flatten(0, 1), state.places)
        mean, log_scale = (term.view(state.motion.shape) for term in terms)
        return mean, log_scale

    def _motions(self, state: Sheets, x: Tensor, choose: Choose) -> Tensor:
        """Motions (B, K, 2) into the frame x (B, H, W), chosen from q(z_t | x_t, h_t-1), layer by layer."""
        mean, log_scale = self._prior(state)
        motions: list[Tensor] = []
        for k, layer in enumerate(state.layers.unbind(1)):
            prior = (
                mean[:, k].detach(),
                log_scale[:, k].detach().exp(),
            )  # it learns by its KL divergence alone
            m, s = found(layer, x, *prior, softplus(self.weight))
            e = Gaussian((m - mean[:, k]) * torch.exp(-log_scale[:, k]), s.log() - log_scale[:, k])
            motions.append(mean[:, k] + log_scale[:, k].exp() * _point(e, choose))
            x = (x - moved(layer[:, None], motions[-1][:, None])[:, 0].detach()).clamp_min(0)
        return torch.stack(motions, 1)

    def _next(self, state: Sheets, motion: Tensor) -> Sheets:
        """The state after a motion (B, K, 2) of frame t; its h is still that of t - 1."""
        shift = state.shift + motion
        return replace(state, shown=moved(state.layers, shift), shift=shift, motion=motion)

    def _passed(self, state: Sheets) -> Sheets:
        """The state with h of its frame."""
        return replace(state, h=self.motion(state.h, state.motion.flatten(0, 1), state.places))


def _point(posterior: Gaussian, choose: Choose) -> Tensor:
    """A point (B, 2) of a posterior (B, 2), chosen as a map."""
    assert posterior.log_scale is not None
    return choose(Gaussian(posterior.mean[..., None, None], posterior.log_scale[..., None, None])).flatten(1)
