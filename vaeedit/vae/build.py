"""Build the network of an architecture, within limits: a header may ask for a larger network than exists."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from vaeedit.errors import OptionError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import call_target
from vaeedit.options import validate
from vaeedit.vae.protocol import Network

CALLS = 30_000
"""Most calls of torch while a network is built: about four for each of its tensors, in one or two seconds."""
PER_BYTE = 8
"""Most weights that a byte of a file can represent."""


def build(architecture: str, config: dict[str, Any], registry: Registry) -> Network:
    """A network with untrained weights; raises UnknownName or OptionError, also for too many parts."""
    spec = registry.architectures.find(architecture).spec
    options = validate(spec.options, config, f"the architecture {architecture}")
    with _Limited():
        network: Network = call_target(spec.target, options)
    return network


def build_empty(architecture: str, config: dict[str, Any], registry: Registry, size: int) -> torch.nn.Module:
    """The same with weights that use no memory, to be replaced; raises OptionError if `size` bytes cannot hold them."""
    with torch.device("meta"):
        network = build(architecture, config, registry)
    assert isinstance(network, torch.nn.Module)
    count = sum(tensor.numel() for tensor in network.state_dict().values())
    if count > PER_BYTE * size:
        raise OptionError(f"it would have {count:,} weights, and there are {size:,} bytes of them.")
    return network


class _Limited(TorchFunctionMode):
    """Counts the calls of torch, and raises OptionError after too many; weights without memory stay undrawn."""

    left = CALLS

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Count and do the call."""
        self.left -= 1
        if self.left < 0:
            raise OptionError("it asks for a network of too many parts.")
        given = kwargs or {}
        if getattr(func, "__name__", "") == "normal_" and (drawn := [*args, given.get("tensor")][0]).is_meta:
            return drawn  # there are no numbers to draw, and torch would import its compiler for it, which takes seconds
        return func(*args, **given)
