"""What a VAE of clips can do, and the recurrent layer that such VAEs share."""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from vaeedit.api import Draw, Latents, LoadedVae, UsageError


@runtime_checkable
class Recurrent(Protocol):
    """A VAE of clips (B, T, C, H, W) in [0, 1]."""

    channels: int
    """Image channels."""
    frame_size: tuple[int, int]
    """Height and width of a frame in pixels."""

    def draw_clip(self, clip: Tensor) -> Draw:
        """One posterior sample for each clip; its likelihood is that of all frames, (B, T, C, H, W)."""

    def noise(self, count: int, frames: int, given: int) -> Latents:
        """N(0, I) of all that is random in `frames` frames after `given` ones, for `count` clips."""

    def continued(self, clip: Tensor, noise: Latents, frames: int) -> Tensor:
        """The `frames` frames (B, frames, C, H, W) after a clip, at a point of its `noise`; the clip may have no frame."""


def require_recurrent(vae: LoadedVae) -> Any:
    """The network of a VAE of clips; raises UsageError for one of images."""
    if not isinstance(vae.network, Recurrent):
        raise UsageError(
            f"The VAE {vae.info.name} is one of images, not of clips; name one of clips, such as moving-mnist."
        )
    return vae.network


class ConvGRU(nn.Module):
    """A gated recurrent unit (Cho et al. 2014) whose products are 3x3 convolutions (Ballas et al. 2016, eq. 7-10).

    r, u = sigmoid(W [x, h]), h' = (1 - u) h + u tanh(V [x, r h]).
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(inputs + width, 2 * width, 3, padding=1)
        self.candidate = nn.Conv2d(inputs + width, width, 3, padding=1)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """Inputs x (B, inputs, h, w) and the state (B, width, h, w) -> the next state."""
        reset, update = self.gates(torch.cat([x, h], 1)).sigmoid().chunk(2, 1)
        candidate: Tensor = self.candidate(torch.cat([x, reset * h], 1)).tanh()
        new: Tensor = h + update * (candidate - h)
        return new
