"""What works here: versions, devices and their precisions, plugins, extras; each fault with its cure."""

import platform
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version

import numpy as np
import torch

from vaeedit.devices import resolve_precision
from vaeedit.errors import VaeeditError
from vaeedit.extension.registry import Registry
from vaeedit.image import Frame
from vaeedit.run.session import Session
from vaeedit.vae.files import UNSEALED, VaeInfo, find_vae, read_info

CLOSE = {torch.float32: 60.0, torch.bfloat16: 40.0, torch.float16: 40.0}
"""PSNR in dB against the CPU's float32 that a round trip must reach: far above what anybody sees."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    fine: bool
    text: str
    cure: str = ""


def examine(registry: Registry) -> Iterator[Finding]:
    """Everything, one finding at a time; nothing is raised."""
    yield from _versions()
    yield from _plugins(registry)
    yield from _extras()
    yield from round_trips(
        registry, sorted({item.spec.vae for item in registry.operations.bare.values()} - {""})
    )


def _versions() -> Iterator[Finding]:
    found = {"vaeedit": version("vaeedit"), "python": platform.python_version(), "torch": torch.__version__}
    text = ", ".join(f"{name} {number}" for name, number in found.items())
    yield Finding("versions", True, f"{text}, {platform.system()} {platform.machine()}")
    yield Finding("threads", True, f"{torch.get_num_threads()} of the CPU")


def _plugins(registry: Registry) -> Iterator[Finding]:
    for report in registry.reports:
        fine = report.state in ("loaded", "off")
        text = f"{report.plugin} of {report.distribution}: {report.state}"
        cure = f"Update it, or remove it with: pip uninstall {report.distribution}"
        yield Finding("plugin", fine, text if fine else f"{text}, {report.reason}", "" if fine else cure)


def _extras() -> Iterator[Finding]:
    """An extra that is not installed is no fault; one that is half there is."""
    needs: dict[str, list[str]] = {}
    for requirement in distribution("vaeedit").requires or []:
        found = re.match(r"([A-Za-z0-9._-]+).*extra == ['\"]([\w-]+)['\"]", requirement)
        if found and found[1].lower() != "vaeedit":
            needs.setdefault(found[2], []).append(found[1])
    for extra, packages in needs.items():
        missing = [name for name in packages if not _installed(name)]
        state = (
            "installed" if not missing else "not installed" if len(missing) == len(packages) else "incomplete"
        )
        lacking = f" (lacks {', '.join(missing)})" if state == "incomplete" else ""
        yield Finding("extra", True, f"{extra}: {state}{lacking}")


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def round_trips(registry: Registry, names: Iterable[str]) -> Iterator[Finding]:
    """These VAEs on every device and in every precision, against float32 on the CPU."""
    for name in names:
        try:
            yield _checksum(name, read_info(find_vae(name, registry), registry))
            reference = _decoded(registry, name, torch.device("cpu"), torch.float32)
        except VaeeditError as error:
            yield Finding("round trip", False, f"{name}: {error}", "Install what it came with again.")
            continue
        for device in _devices():
            for dtype, close in CLOSE.items():
                if not (dtype == torch.float16 and device.type == "cpu"):
                    yield _compared(registry, name, device, dtype, reference, close)


def _checksum(name: str, info: VaeInfo) -> Finding:
    """Whether there is one; that it is right is checked when the VAE loads."""
    text = "has a checksum of its weights and its header" if info.sealed else f"has no checksum: {UNSEALED}"
    return Finding("checksum", True, f"{name} {text}")


def _compared(
    registry: Registry,
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    reference: np.ndarray,
    close: float,
) -> Finding:
    label = f"{name} on {device} in {str(dtype).removeprefix('torch.')}"
    chosen = " (chosen by auto)" if resolve_precision("auto", device, 8) == dtype else ""
    cure = "Update the driver and torch; until then say --device cpu, or --precision float32."
    try:
        error = float(np.square(_decoded(registry, name, device, dtype) - reference).mean())
    except (RuntimeError, VaeeditError, MemoryError) as fault:
        return Finding("round trip", False, f"{label}: {fault}", cure)
    psnr = min(99.0, -10 * np.log10(error + 1e-12))
    return Finding(
        "round trip", psnr >= close, f"{label}: {psnr:.0f} dB from float32 on the CPU{chosen}", cure
    )


def _decoded(registry: Registry, name: str, device: torch.device, dtype: torch.dtype) -> np.ndarray:
    """A soft pattern through the VAE's encoder and decoder, as floats."""
    rows, columns = np.mgrid[:64, :64] / 64
    planes = [0.5 + 0.4 * np.sin(6 * rows + shift) * np.cos(9 * columns) for shift in range(3)]
    frame = Frame(np.stack(planes, -1).astype(np.float32))
    with Session(plugins=registry, device=str(device)) as session:
        vae = session.vae(name)
        needs = getattr(vae.network, "needs", {})
        told = {condition: needs.get(condition, 0.05) for condition in vae.network.conditions}
        edited = vae.edit(frame.with_conditions(**told), lambda latents: latents.mean(), precision=dtype)
    return edited.floats()


def _devices() -> list[torch.device]:
    found = [torch.device("cpu")]
    found += [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    return found + ([torch.device("mps")] if torch.backends.mps.is_available() else [])
