"""The check that an architecture can be trained."""

from typing import Any

import torch

from vaeedit.testing.networks import Built, enlarged
from vaeedit.training.losses import negative_elbo
from vaeedit.vae.protocol import TrainableVAE, sample_conditions


def check_training_step(built: Built) -> None:
    """A step down the negative ELBO changes weights, and loss, gradients and weights stay finite."""
    if not isinstance(built.network, TrainableVAE):
        return
    network: Any = built.copy().train()
    before = [weights.detach().clone() for weights in network.parameters()]
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    x = built.picture()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        conditions = {name: value.detach() for name, value in sample_conditions(network, x).items()}
        clean = enlarged(network, x, conditions)
        loss = negative_elbo(network.elbo_terms(network.encode(x, conditions), clean), clean, beta=1.0)
    assert loss.isfinite(), "the negative ELBO is not finite; bound the scales that `elbo_terms` returns"
    assert loss.requires_grad, (
        "the negative ELBO depends on no weight; do not detach what `elbo_terms` returns"
    )
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = [weights.grad for weights in network.parameters() if weights.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients), (
        "a gradient is not finite; avoid roots and logarithms of zero"
    )
    optimizer.step()
    changed = [not torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True)]
    assert any(changed), "a step of training changes no weight; use them in `elbo_terms`"
