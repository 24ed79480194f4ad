"""Checks of this installation: versions, devices and their precisions, plugins, extras; each fault with its cure."""

import platform
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version

import numpy as np
import torch

from vaeedit.devices import resolve_precision
from vaeedit.errors import UnknownName, VaeeditError
from vaeedit.extension.registry import Registry
from vaeedit.image import Frame
from vaeedit.run.session import Session
from vaeedit.vae.files import UNSEALED, VaeInfo, find_vae, load_vae, read_info
from vaeedit.vae.latents import Latents
from vaeedit.vae.protocol import FixedSize

CLOSE = {torch.float32: 60.0, torch.bfloat16: 40.0, torch.float16: 40.0}
"""Least PSNR in dB of a round trip, compared with float32 on the CPU; such differences are invisible."""


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    what: str
    fine: bool
    text: str
    cure: str = ""


def examine(registry: Registry) -> Iterator[Finding]:
    """Run all checks, one after the other; a fault is a finding, not an exception."""
    yield from _versions()
    yield from _plugins(registry)
    yield from _extras()
    yield from round_trips(
        registry, sorted({item.spec.vae for item in registry.operations.bare.values()} - {""})
    )


def _versions() -> Iterator[Finding]:
    versions = {
        "vaeedit": version("vaeedit"),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    text = ", ".join(f"{name} {number}" for name, number in versions.items())
    yield Finding("versions", True, f"{text}, {platform.system()} {platform.machine()}")
    yield Finding("threads", True, f"{torch.get_num_threads()} of the CPU")


def _plugins(registry: Registry) -> Iterator[Finding]:
    for report in registry.reports:
        fine = report.state in ("loaded", "off")
        package = f"{report.distribution} {report.version}".rstrip()
        texts = [f"{report.plugin} of {package}: {report.state}", report.reason, report.slowness]
        yield Finding("plugin", fine, ", ".join(filter(None, texts)), "" if fine else report.cure)
    for text in registry.warnings:
        yield Finding("plugin", False, text, "Correct the variable.")


def _extras() -> Iterator[Finding]:
    """Whether the packages of each extra are installed; an extra without its packages is not a fault."""
    needs: dict[str, list[str]] = {}
    for requirement in distribution("vaeedit").requires or []:
        match = re.match(r"([A-Za-z0-9._-]+).*extra == ['\"]([\w-]+)['\"]", requirement)
        if match and match[1].lower() != "vaeedit":
            needs.setdefault(match[2], []).append(match[1])
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
    """Encode and decode with these VAEs on every device and in every precision; compare with float32 on the CPU."""
    for name in names:
        try:
            path = find_vae(name, registry)
            info = read_info(path, registry)
            yield _checksum(name, info)
            load_vae(path, registry)
            if (kind := registry.architectures.find(info.architecture).spec.kind) != "VAE":
                yield Finding("round trip", True, f"{name} is a {kind}, which has no decoder to compare")
                continue
            reference = _decoded(registry, name, torch.device("cpu"), torch.float32)
        except UnknownName as error:
            yield Finding(
                "round trip", False, f"{name}: {error}", "Install or switch on the plugin that has it."
            )
            continue
        except VaeeditError as error:
            yield Finding("round trip", False, f"{name}: {error}", "Reinstall the package that provides it.")
            continue
        for device in _devices():
            for dtype, close in CLOSE.items():
                if not (dtype == torch.float16 and device.type == "cpu"):
                    yield _compared(registry, name, device, dtype, reference, close)


def _checksum(name: str, info: VaeInfo) -> Finding:
    """Whether the VAE has a checksum; loading the VAE verifies it."""
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
    cure = "Update the driver and torch; until then use --device cpu or --precision float32."
    try:
        error = float(np.square(_decoded(registry, name, device, dtype) - reference).mean())
    except (RuntimeError, VaeeditError, MemoryError) as fault:
        return Finding("round trip", False, f"{label}: {fault}", cure)
    psnr = min(99.0, -10 * np.log10(error + 1e-12))
    return Finding(
        "round trip", psnr >= close, f"{label}: {psnr:.0f} dB from float32 on the CPU{chosen}", cure
    )


def _decoded(registry: Registry, name: str, device: torch.device, dtype: torch.dtype) -> np.ndarray:
    """A smooth pattern after the VAE's encoder and decoder: float32 (H, W, C) in [0, 1], of 64 x 64 pixels where it can."""
    with Session(plugins=registry, device=str(device)) as session:
        vae = session.vae(name)
        height, width = vae.network.size if isinstance(vae.network, FixedSize) else (64, 64)
        rows, columns = np.mgrid[:height, :width] / 64
        shifts = range(1 if vae.network.channels == 1 else 3)
        planes = [0.5 + 0.4 * np.sin(6 * rows + shift) * np.cos(9 * columns) for shift in shifts]
        frame = Frame(np.stack(planes, -1).astype(np.float32))
        needs = getattr(vae.network, "needs", {})
        conditions = {name: needs.get(name, 0.05) for name in vae.network.conditions}
        edited = vae.edit(frame.with_conditions(**conditions), Latents.mean, precision=dtype)
    return edited.floats()


def _devices() -> list[torch.device]:
    devices = [torch.device("cpu")]
    devices += [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    return devices + ([torch.device("mps")] if torch.backends.mps.is_available() else [])
