"""Muon: momentum whose update matrices are orthogonalized (Jordan et al. 2024), and Adam for all other parameters.

The weight of a convolution is the matrix (out, in * kh * kw). Its update is the semi-orthogonal matrix nearest to the
momentum, computed by Newton-Schulz iterations, times 0.2 sqrt(larger side), which gives it the root mean square of
an AdamW update (Liu et al. 2025, eq. 4). `docs/decisions.md` has the comparison with AdamW. PyTorch's own
`torch.optim.Muon` takes 2-D parameters only.
Updates have a fixed size: without weight decay the weights grow and the relative steps become ever smaller. Decay is
decoupled (Loshchilov & Hutter 2019) and acts on the matrices only.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic polynomial of an iteration, as Jordan et al. tuned them."""
ITERATIONS = 5
SMALLEST = 32
"""Weights with fewer inputs or outputs than this go to Adam."""


class Muon(torch.optim.Optimizer):
    """Muon at the rate `lr` for weights with at least `SMALLEST` inputs and outputs, Adam at `adam_lr` for all others.

    With `lr` 0 Adam trains all weights: for large dense layers, orthogonalizing costs more than a step.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, *, adam_lr: float, weight_decay: float = 0.0
    ) -> None:
        matrices: list[Tensor] = []
        others: list[Tensor] = []
        for parameter in parameters:
            wide = lr > 0 and parameter.ndim >= 2 and min(parameter.shape[:2]) >= SMALLEST
            (matrices if wide else others).append(parameter)
        groups = [
            {"params": matrices, "lr": lr, "muon": True},
            {"params": others, "lr": adam_lr, "muon": False},
        ]
        defaults = {"momentum": 0.95, "betas": (0.9, 0.99), "weight_decay": weight_decay}
        super().__init__([g for g in groups if g["params"]], defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; return the loss of `closure`, where there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            update = self._muon if group["muon"] else self._adam
            update([p for p in group["params"] if p.grad is not None], group)
        return loss

    def _muon(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        by_shape: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            gradient = parameter.grad
            assert gradient is not None
            state["momentum"].lerp_(gradient, 1 - group["momentum"])
            nesterov = gradient.lerp(state["momentum"], group["momentum"])
            by_shape.setdefault(parameter.shape, []).append((parameter, nesterov.flatten(1)))
        for pairs in by_shape.values():  # matrices of one shape are orthogonalized as one batch
            with fast_products(pairs[0][1].device):
                updates = orthogonalize(torch.stack([update for _, update in pairs]))
            size = 0.2 * max(updates.shape[1:]) ** 0.5
            for (parameter, _), update in zip(pairs, updates, strict=True):
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update.view_as(parameter), alpha=-group["lr"] * size)

    def _adam(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        """Adam (Kingma & Ba 2015) without weight decay, by PyTorch's fused kernel, in a fifth of the time."""
        states = [self.state[parameter] for parameter in parameters]
        for parameter, state in zip(parameters, states, strict=True):
            if not state:
                state.update(mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter), steps=0)
        adam(
            parameters,
            [parameter.grad for parameter in parameters if parameter.grad is not None],
            [state["mean"] for state in states],
            [state["square"] for state in states],
            [],
            [
                torch.tensor(float(state["steps"]), device=p.device)
                for p, state in zip(parameters, states, strict=True)
            ],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )
        for state in states:
            state["steps"] += 1


@contextmanager
def fast_products(device: torch.device) -> Iterator[None]:
    """On a CPU let oneDNN multiply float32 matrices, in half the time that MKL needs on CPUs of AMD.

    On CPUs with AMX the same setting multiplies in bfloat16, which is too coarse for Gram matrices: nothing changes there.
    """
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {"amx_bf16": True}
    if device.type != "cpu" or known.get("amx_bf16"):
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def orthogonalize(matrices: Tensor) -> Tensor:
    """Semi-orthogonal matrices near `matrices` (N, rows, columns), in the same shape; singular values are about 1.

    Newton-Schulz iteration, X <- (a + b A + c A^2) X with A = X X^T (Jordan et al. 2024). All factors are polynomials
    in the first A and commute, so the iteration runs on the small Gram matrix; two products use the wide matrix.
    """
    a, b, c = COEFFICIENTS
    wide = matrices.shape[1] <= matrices.shape[2]
    x = matrices if wide else matrices.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram = x @ x.mT
    identity = torch.eye(gram.shape[1], device=x.device, dtype=x.dtype)
    product = factor = a * identity + b * gram + c * (gram @ gram)
    for _ in range(ITERATIONS - 1):
        gram = factor @ gram @ factor
        factor = a * identity + b * gram + c * (gram @ gram)
        product = factor @ product
    result: Tensor = product @ x
    return result if wide else result.mT
