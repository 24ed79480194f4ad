"""The recurrent prior of motions: where a thing goes next, given where it is and how it has moved."""

import torch
from torch import Tensor, nn

LOG_SCALE = (-3.0, 1.5)
"""Range of the natural logarithm of a motion's standard deviation, in pixels."""
SPEED = 4.0
"""Pixels per frame that count as 1."""


class Motion(nn.Module):
    """h_t = f(z_t, h_t-1) by a gated recurrent unit (Cho et al. 2014), and p(z_t | h_t-1) = N(mu, sigma^2).

    z_t is a motion (N, 2) in pixels, rows and columns; f also gets the place (N, 2), from -1 to 1 in the frame.
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units
        self.recurrence = nn.GRUCell(4, units)
        last = nn.Linear(64, 6)
        with torch.no_grad():  # at first, things go on as they went
            last.weight.mul_(0.3)
            last.bias.copy_(torch.tensor([1.0, 1.0, 0.0, 0.0, 0.5, 0.5]))
        self.head = nn.Sequential(nn.Linear(units + 4, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), last)

    def start(self, count: int, device: torch.device) -> Tensor:
        """h_0 (count, units)."""
        return torch.zeros(count, self.units, device=device)

    def forward(self, h: Tensor, motion: Tensor, place: Tensor) -> Tensor:
        """The next h (N, units)."""
        with torch.autocast(h.device.type, enabled=False):
            out: Tensor = self.recurrence(torch.cat([motion / SPEED, place], 1), h)
            return out

    def prior(self, h: Tensor, motion: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation (N, 2) of the next motion, in pixels, after a `motion` to a `place`."""
        with torch.autocast(h.device.type, enabled=False):
            again, turn, log_scale = self.head(torch.cat([h, motion / SPEED, place], 1)).chunk(3, 1)
        return again * motion + SPEED * turn, log_scale.clamp(*LOG_SCALE)

    def losses(self, motions: Tensor, places: Tensor, half: Tensor, given: int) -> tuple[Tensor, Tensor]:
        """Of paths (N, T, 2): nats per path of the motions after the first, and the error of predicted places in pixels.

        The error is the mean distance after `given` frames, at most 8; `half` (2,) is half of the frame's size.
        """
        h = self.start(len(motions), motions.device)
        ahead, distances, nats = h, [], torch.zeros_like(motions[:, 0, 0])
        motion, place = motions[:, 0], places[:, 0]
        for t in range(1, motions.shape[1]):
            h = self(h, motions[:, t - 1], places[:, t - 1])
            mean, log_scale = self.prior(h, motions[:, t - 1], places[:, t - 1])
            off = ((motions[:, t] - mean).square() + 0.01) * torch.exp(-2 * log_scale)
            nats = nats + (0.5 * off + log_scale).sum(1)
            if t < given:
                motion, place, ahead = motions[:, t], places[:, t], h
            else:
                ahead = self(ahead, motion, place)
                motion = self.prior(ahead, motion, place)[0]
                place = place + motion / half
                distances.append(
                    ((place - places[:, t]) * half).square().sum(1).add(1e-4).sqrt().clamp_max(8)
                )
        return nats.mean(), torch.stack(distances).mean()
