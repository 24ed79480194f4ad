"""The check of an architecture: the methods of every protocol that its network satisfies are called."""

from typing import Any

import torch
from torch import Tensor

from vaeedit.extension.specs import ArchitectureSpec, load_target
from vaeedit.options import validate
from vaeedit.testing.samples import required_options
from vaeedit.tiling import round_up
from vaeedit.vae.protocol import (
    VAE,
    ConditionalVAE,
    Estimator,
    FixedSize,
    Network,
    TrainableVAE,
    Upscaler,
    sample_conditions,
)
from vaeedit.vae.receptive_field import receptive_radius

SIDE = 32
"""Least height and width of the test picture."""


def check_architecture(spec: ArchitectureSpec) -> None:
    """A network with default options, and samples of the required ones, satisfies `VAE` and works.

    One of another `kind` than "VAE" only needs to satisfy `Network`.
    """
    network = load_target(spec.target)(validate(spec.options, required_options(spec.options)))
    assert isinstance(network, torch.nn.Module), f"{spec.target} is not a torch.nn.Module"
    network.eval()
    if spec.kind != "VAE":
        assert isinstance(network, Network), f"{spec.target} lacks a member of Network"
        return
    assert isinstance(network, VAE), f"{spec.target} lacks a member of VAE"
    side = round_up(SIDE, network.multiple)
    size = network.size if isinstance(network, FixedSize) else (side, side)
    x = torch.rand(1, network.channels, *size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        _check_coding(network, x, _checked_conditions(network, x))
    radius = receptive_radius(network) - network.multiple + 1
    assert network.receptive_field >= radius, (
        f"the receptive_field of {spec.target} is {network.receptive_field}, and its output depends on {radius} pixels"
    )


def _checked_conditions(network: VAE, x: Tensor) -> dict[str, Tensor]:
    """Maps of the conditions for a picture (1, C, H, W); the shapes of estimates are checked."""
    needs = getattr(network, "needs", {})
    if isinstance(network, Estimator):
        assert set(network.conditions) - set(needs), (
            "it has `estimate`, but no condition that could be estimated"
        )
    conditions = sample_conditions(network, x)
    for name, value in conditions.items():
        shape = tuple(value.shape)
        assert shape == (1, 1, *x.shape[2:]), f"the estimate of {name} has the shape {shape}"
    return conditions


def _check_coding(network: Any, x: Tensor, conditions: dict[str, Tensor]) -> None:
    """The network encodes and decodes a picture, and the methods of the other protocols work."""
    latents = network.encode(x, conditions)
    decoded = network.decode(latents.mean(), std=True)
    numbers = {name: float(value.mean()) for name, value in conditions.items()}
    times = network.magnification(numbers) if isinstance(network, Upscaler) else 1
    large = x.repeat_interleave(times, 2).repeat_interleave(times, 3)
    for part in (decoded.mean, decoded.std):
        assert part is None or part.isfinite().all(), "decoded values are not finite"
        assert part is None or part.shape == large.shape, f"a decoded image has the shape {tuple(part.shape)}"
    if isinstance(network, TrainableVAE):
        assert len(network.elbo_terms(latents, large).kl) == len(latents.levels)
    if isinstance(network, ConditionalVAE):
        assert len(network.infer(latents, large).levels) == len(latents.levels)
