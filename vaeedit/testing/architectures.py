"""An architecture's network does what its members promise: what `isinstance` finds by name is called."""

import math
from typing import Any

import torch
from torch import Tensor

from vaeedit.extension.specs import ArchitectureSpec, load_target
from vaeedit.options import validate
from vaeedit.testing.samples import require_legal, required_options
from vaeedit.vae.protocol import VAE, ConditionalVAE, Estimator, TrainableVAE

SIDE = 32
"""Height and width of the picture at least."""


def check_architecture(spec: ArchitectureSpec) -> None:
    """With default options, and samples of those required, it builds a network that satisfies `VAE` and works."""
    require_legal(spec.name)
    network = load_target(spec.target)(validate(spec.options, required_options(spec.options)))
    assert isinstance(network, VAE), f"{spec.target} lacks a member of VAE"
    assert isinstance(network, torch.nn.Module), f"{spec.target} is not a torch.nn.Module"
    network.eval()
    side = network.multiple * math.ceil(SIDE / network.multiple)
    x = torch.rand(1, network.channels, side, side, generator=torch.Generator().manual_seed(0))
    needs: tuple[str, ...] = getattr(network, "needs", ())
    free = [name for name in network.conditions if name not in needs]
    with torch.inference_mode():
        if isinstance(network, Estimator):
            assert free, f"{spec.target} has `estimate`, but no condition that could be estimated"
        conditions = {name: _condition(network, name, x) for name in free}
        if not needs:  # what to tell it otherwise is not known here
            _check_coding(network, x, conditions)


def _condition(network: Any, name: str, x: Tensor) -> Tensor:
    """The network's estimate where it makes one, else 0.1 everywhere."""
    if not isinstance(network, Estimator):
        return torch.full_like(x[:, :1], 0.1)
    found = network.estimate(name, x)
    assert found.shape == (1, 1, *x.shape[2:]), f"the estimate of {name} has the shape {tuple(found.shape)}"
    return found


def _check_coding(network: Any, x: Tensor, conditions: dict[str, Tensor]) -> None:
    """It encodes, decodes and, where it says so, trains and infers a picture."""
    latents = network.encode(x, conditions)
    decoded = network.decode(latents.mean(), scale=True)
    for part in (decoded.mean, decoded.scale):
        assert part is None or part.isfinite().all(), "what is decoded is not finite"
        assert part is None or part.shape == x.shape, f"what is decoded has the shape {tuple(part.shape)}"
    if isinstance(network, TrainableVAE):
        assert len(network.elbo_terms(latents, x).kl) == len(latents.levels)
    if isinstance(network, ConditionalVAE):
        assert len(network.infer(latents, x).levels) == len(latents.levels)
