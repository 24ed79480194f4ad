"""Devices and precisions: what `--device` and `--precision` mean on this machine."""

import contextlib
import ctypes
import os
import time

import torch

from vaeedit.errors import UsageError


def resolve_device(name: str) -> torch.device:
    """The torch device of a `--device` value; raises UsageError for a device that this machine lacks."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"There is no device {name!r}; use auto, cpu, cuda, cuda:1, ... or mps.") from None
    missing = {
        "cuda": not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count(),
        "mps": not torch.backends.mps.is_available(),
        "cpu": False,
    }.get(device.type, True)
    if missing:
        raise UsageError(f"The device {name!r} is not available on this machine; use --device cpu, or auto.")
    return device


def resolve_precision(name: str, device: torch.device, depth: int) -> torch.dtype:
    """The dtype of a `--precision` value; raises UsageError for a precision that the device lacks.

    auto is bfloat16 for images of `depth` 8 where the hardware multiplies it natively: its rounding error is far
    below a step of 8 bits.
    """
    if name == "float16" and device.type == "cpu":
        raise UsageError("The CPU has no fast float16; use --precision bfloat16 or float32.")
    if name == "auto":
        return torch.bfloat16 if depth == 8 and _fast_bfloat16(device) else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[name]


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """A context that computes in a reduced precision; it changes nothing where `dtype` is float32."""
    reduced = dtype != torch.float32
    return torch.autocast(device.type, dtype if reduced else torch.bfloat16, enabled=reduced)


def _fast_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


_computing: int | None = None
"""Number of the process in which vaeedit first computed with several threads; a fork inherits it."""


def refuse_after_fork() -> None:
    """Raise UsageError in the fork of a process that computed with several threads: OpenMP would wait for them forever."""
    global _computing
    if torch.get_num_threads() == 1:
        return
    if _computing not in (None, os.getpid()):
        raise UsageError(
            "This process was forked from one in which vaeedit had computed with several threads, which do not exist here; "
            "start processes with multiprocessing's spawn, or call torch.set_num_threads(1) first."
        )
    _computing = os.getpid()


def give_memory_back() -> None:
    """Return freed memory to the system where the C library can: glibc keeps pieces that are too small for the next tile."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def measured_ceiling(
    device: torch.device, dtype: torch.dtype = torch.bfloat16, seconds: float = 0.5
) -> float:
    """Floating-point operations per second of a 3x3 convolution that fits the caches: an upper bound for a network."""
    width, side, batch = 192, 32, 8
    x = torch.randn(batch, width, side, side, device=device, dtype=dtype)
    weight = torch.randn(width, width, 3, 3, device=device, dtype=dtype)
    x, weight = (part.contiguous(memory_format=torch.channels_last) for part in (x, weight))

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    best, until = float("inf"), time.monotonic() + seconds
    with torch.inference_mode():
        while time.monotonic() < until:
            wait()
            started = time.monotonic()
            for _ in range(8):
                torch.nn.functional.conv2d(x, weight, padding=1)
            wait()
            best = min(best, (time.monotonic() - started) / 8)
    return 2 * batch * side**2 * width**2 * 9 / best
