"""The checks of an architecture: the methods of every protocol that its network satisfies are called."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vaeedit.extension.specs import ArchitectureSpec
from vaeedit.testing.networks import Built, enlarged
from vaeedit.testing.sizes import check_odd_sizes, check_receptive_field
from vaeedit.testing.training_step import check_training_step
from vaeedit.vae.latents import Latents
from vaeedit.vae.protocol import (
    VAE,
    ConditionalVAE,
    Estimator,
    Network,
    TrainableVAE,
    sample_conditions,
)


def architecture_checks(spec: ArchitectureSpec) -> Iterator[tuple[str, Callable[[], None]]]:
    """All checks of an architecture; one of another `kind` than "VAE" only needs to satisfy `Network`."""
    built = Built(spec)
    yield f"{spec.name}-architecture", partial(check_architecture, built)
    if spec.kind == "VAE":
        yield f"{spec.name}-receptive-field", partial(check_receptive_field, built)
        yield f"{spec.name}-odd-sizes", partial(check_odd_sizes, built)
        yield f"{spec.name}-training-step", partial(check_training_step, built)


def check_architecture(built: Built) -> None:
    """A network satisfies `VAE`, and the methods of every protocol that it satisfies work."""
    _require_kind(built.network, built.spec)
    if built.spec.kind == "VAE":
        x = built.picture()
        with torch.inference_mode():
            _check_coding(built.network, x, _checked_conditions(built.network, x))


def _require_kind(network: object, spec: ArchitectureSpec) -> None:
    """Raise AssertionError for what is no network, or lacks a member of its protocol."""
    assert isinstance(network, torch.nn.Module), (
        f"{spec.target} is not a torch.nn.Module; derive it from that"
    )
    kind = VAE if spec.kind == "VAE" else Network
    assert isinstance(network, kind), (
        f"{spec.target} lacks a member of {kind.__name__}; define {', '.join(_lacking(network, kind))}"
    )


def _lacking(network: Any, kind: type) -> list[str]:
    """The members of a protocol that an object lacks."""
    members = {name for cls in kind.__mro__ for name in (*getattr(cls, "__annotations__", ()), *vars(cls))}
    return sorted(name for name in members if not name.startswith("_") and not hasattr(network, name))


def _checked_conditions(network: VAE, x: Tensor) -> dict[str, Tensor]:
    """Maps of the conditions for a picture (1, C, H, W); the shapes of estimates are checked."""
    needs = getattr(network, "needs", {})
    if isinstance(network, Estimator):
        assert set(network.conditions) - set(needs), (
            "it has `estimate`, but no condition that could be estimated; leave out `estimate`, or name the condition"
        )
    conditions = sample_conditions(network, x)
    for name, value in conditions.items():
        shape = tuple(value.shape)
        assert shape == (1, 1, *x.shape[2:]), (
            f"the estimate of {name} has the shape {shape}; return (1, 1, H, W) for a picture (1, C, H, W)"
        )
    return conditions


def _check_coding(network: Any, x: Tensor, conditions: dict[str, Tensor]) -> None:
    """The network encodes and decodes a picture, and the methods of the other protocols work."""
    latents = network.encode(x, conditions)
    assert isinstance(latents, Latents), f"`encode` returns {type(latents).__name__}; return Latents"
    decoded = network.decode(latents.mean(), std=True)
    large = enlarged(network, x, conditions)
    for tensor in latents.tensors():
        assert tensor.isfinite().all(), "latents are not finite; bound what the encoder returns"
    for part in (decoded.mean, decoded.std):
        assert part is None or part.isfinite().all(), (
            "decoded values are not finite; bound what `decode` returns"
        )
        assert part is None or part.shape == large.shape, (
            f"a decoded image has the shape {tuple(part.shape)}; return {tuple(large.shape)}"
        )
    if isinstance(network, TrainableVAE):
        assert len(network.elbo_terms(latents, large).kl) == len(latents.levels), (
            "`elbo_terms` must return one kl for each level"
        )
    if isinstance(network, ConditionalVAE):
        assert len(network.infer(latents, large).levels) == len(latents.levels), (
            "`infer` must return the levels of the prior"
        )
