"""How large tiles may be, by the memory that is free: large ones compute less of what is cut off again."""

from contextlib import suppress
from pathlib import Path

import torch

from vaeedit.vae.files import VaeInfo

BYTES_PER_PIXEL = "bytes_per_pixel"
"""Name of the recorded figure."""
SHARE = 0.25
"""Share of the free memory that a tile may take, in a process that uses all cores; others get less in proportion."""
LEAST = 2_000_000
"""Pixels of the result that a tile may see however little memory is free: 0.7 GB for the shipped models in float32."""
MOST = 16_000_000
"""Most pixels of the result that a tile may see: with larger tiles little time is saved."""
GROUP = Path("/sys/fs/cgroup")
"""Where Linux says what a container may use."""


def tile_area(info: VaeInfo, device: torch.device) -> int:
    """Most pixels of the result that a tile of a VAE may see on a device now.

    It is `LEAST` for a VAE whose memory was never measured (`vaeedit evaluate --record`), and on devices whose free memory is
    not known.
    """
    pixel, free = bytes_per_pixel(info), free_bytes(device)
    if pixel is None or free is None:
        return LEAST
    return int(min(max(SHARE * free / pixel, LEAST), MOST))


def bytes_per_pixel(info: VaeInfo) -> float | None:
    """The largest recorded memory for a pixel of the result, in float32; None before `vaeedit evaluate --record`."""
    figures = [row.get(BYTES_PER_PIXEL) for row in info.figures.values()]
    return max((value for value in figures if isinstance(value, int | float) and value > 0), default=None)


def free_bytes(device: torch.device) -> float | None:
    """Bytes that are free on a device: of a CPU this process's part, by its number of threads; None if unknown."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    import psutil

    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    free = min(float(psutil.virtual_memory().available), _left_in_group())
    return free * min(1.0, torch.get_num_threads() / cores)


def _left_in_group() -> float:
    """Bytes that a container's limit leaves; infinite without one."""
    with suppress(OSError, ValueError):  # another system, or "max"
        limit, used = (float((GROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        return max(limit - used, 0.0)
    return float("inf")
