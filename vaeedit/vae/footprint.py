"""Memory: a counter of the peak of tensors, and an estimate of what a process needs."""

import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from vaeedit.vae.area import LEAST, bytes_per_pixel
from vaeedit.vae.files import read_info

PROCESS = 400e6
"""Bytes that Python, torch and the other libraries use before the first picture, and the reserve of the allocator."""


class TensorMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all tensors that are made inside it and are in use; `peak` is the maximum over time."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = self._alive = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a function of torch and count the tensors that it returns."""
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        self.peak = max(self.peak, self._alive)
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        address, size = storage.data_ptr(), storage.nbytes()
        if address in self._known:  # a view
            return
        self._known.add(address)
        self._alive += size
        weakref.finalize(storage, self._freed, address, size)

    def _freed(self, address: int, size: int) -> None:
        self._known.discard(address)
        self._alive -= size


def expected_bytes(vaes: Iterable[Path]) -> float | None:
    """Bytes that a process needs for these VAE files in float32, without the pictures; None if a VAE was never measured.

    Weights are float16 in the file; a tile covers `LEAST` pixels of the result, and more where memory is free.
    """
    weights, tile = 0.0, 0.0
    for path in set(vaes):
        pixel = bytes_per_pixel(read_info(path))
        if pixel is None:
            return None
        weights += 2 * path.stat().st_size
        tile = max(tile, LEAST * pixel)
    return PROCESS + weights + tile
