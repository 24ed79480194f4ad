"""The checks that an architecture can be trained, and that an objective trains."""

from typing import Any

import torch
from torch import Tensor

from vaeedit.extension.specs import ObjectiveSpec, call_target
from vaeedit.options import Options, validate
from vaeedit.testing.networks import Built, enlarged
from vaeedit.testing.samples import required_options
from vaeedit.testing.targets import require_derived
from vaeedit.testing.tiny import Tiny
from vaeedit.training.losses import negative_elbo
from vaeedit.training.objective import Objective
from vaeedit.vae.protocol import TrainableVAE, sample_conditions


def check_training_step(built: Built) -> None:
    """A step down the negative ELBO changes weights, and loss, gradients and weights stay finite."""
    if not isinstance(built.network, TrainableVAE):
        return
    network: Any = built.copy().train()
    x = built.picture()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        conditions = {name: value.detach() for name, value in sample_conditions(network, x).items()}
        clean = enlarged(network, x, conditions)
        loss = negative_elbo(network.elbo_terms(network.encode(x, conditions), clean), clean, beta=1.0)
    _descend(network, loss, "the negative ELBO", "what `elbo_terms` returns")


def check_objective(spec: ObjectiveSpec) -> None:
    """The target is an Objective, and a step of it trains the tiny VAE, if it needs no more than that."""
    require_derived(spec.target, (Objective,), "derive it")
    objective = call_target(spec.target, validate(spec.options, required_options(spec.options)))
    network = Tiny(Options())
    if objective.conditions or not all(isinstance(network, kind) for kind in objective.needs):
        return
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        labels = torch.tensor([0, 1] if objective.needs_labels else [-1, -1])
        losses = objective.labeled_losses(network, torch.rand(2, 3, 16, 16), labels, 0.5)
    _descend(network, torch.stack([*losses.parts.values()]).sum(), "the loss", "its parts")


def _descend(network: torch.nn.Module, loss: Tensor, name: str, made_of: str) -> None:
    """A step down a loss; raises AssertionError if something is not finite, or nothing changes."""
    before = [weights.detach().clone() for weights in network.parameters()]
    assert loss.isfinite(), f"{name} is not finite; bound the scales of {made_of}"
    assert loss.requires_grad, f"{name} depends on no weight; do not detach {made_of}"
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = [weights.grad for weights in network.parameters() if weights.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients), (
        f"a gradient of {name} is not finite; avoid roots and logarithms of zero"
    )
    torch.optim.SGD(network.parameters(), lr=1e-3).step()
    changed = [not torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True)]
    assert any(changed), f"a step down {name} changes no weight; use them in {made_of}"
