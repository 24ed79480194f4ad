"""The network of an architecture for its checks."""

from copy import deepcopy
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from vaeedit.extension.specs import ArchitectureSpec, call_target
from vaeedit.image import Frame
from vaeedit.options import validate
from vaeedit.testing.samples import FRAMES, required_options, synthetic_frame
from vaeedit.tiling import round_up
from vaeedit.vae.latents import Latents
from vaeedit.vae.loaded import LoadedVae
from vaeedit.vae.protocol import Estimator, FixedSize, Upscaler

SIDE = 32
"""Least height and width of the test picture."""


class Built:
    """A network with default options, and samples of the required ones, made once for all checks of an architecture."""

    def __init__(self, spec: ArchitectureSpec) -> None:
        self.spec = spec

    @cached_property
    def network(self) -> Any:
        """The network, ready to run; its untrained weights are always the same."""
        options = validate(self.spec.options, required_options(self.spec.options))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = call_target(self.spec.target, options)
        return network.eval() if isinstance(network, torch.nn.Module) else network

    def copy(self) -> Any:
        """A copy that may be changed."""
        return deepcopy(self.network)

    def picture(self, size: tuple[int, int] | None = None) -> Tensor:
        """A random picture (1, C, H, W) in [0, 1], of the only size that the network takes if there is one."""
        network = self.network
        side = round_up(SIDE, network.multiple)
        size = network.size if isinstance(network, FixedSize) else size or (side, side + network.multiple)
        return torch.rand(1, network.channels, *size, generator=torch.Generator().manual_seed(0))


def frame_for(network: Any, kind: str) -> Frame:
    """The frame of this kind, a key of `FRAMES`, in a size and with channels that the network takes; None takes all."""
    shape, dtype, alpha = FRAMES[kind]
    size = network.size if isinstance(network, FixedSize) else shape[:2]
    return synthetic_frame((*size, min(shape[2], getattr(network, "channels", 3))), dtype, alpha)


def reconstructed(vae: LoadedVae, kind: str) -> Frame:
    """What the means of the latents of a frame of this kind decode to."""
    network: Any = vae.network
    estimated = isinstance(network, Estimator)
    conditions = {} if estimated else dict.fromkeys(network.conditions, 0.1)
    conditions |= getattr(network, "needs", {})
    frame = frame_for(network, kind).with_conditions(**conditions)
    return vae.edit(frame, Latents.mean, precision=torch.float32)


def enlarged(network: Any, x: Tensor, conditions: dict[str, Tensor]) -> Tensor:
    """The picture x (1, C, H, W) in the size of a decoded one, for maps of its conditions."""
    if not isinstance(network, Upscaler):
        return x
    times = network.magnification({name: float(value.mean()) for name, value in conditions.items()})
    return x.repeat_interleave(times, 2).repeat_interleave(times, 3)


def shaken(network: Any) -> Any:
    """Random weights everywhere: the zero initialization of heads would hide what they depend on."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(noise / max(1, parameter[0].numel() if parameter.ndim else 1) ** 0.5)
    return network.eval()
