"""Convert third-party weight files to VAE files; the architecture is recognized by names and shapes of tensors."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any

import msgspec
import torch
from torch import Tensor

from vaeedit.errors import OptionError, UsageError, WeightsError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import call_target
from vaeedit.vae.build import build_empty
from vaeedit.vae.card import write_card
from vaeedit.vae.files import SEALED, VaeInfo, checksum, load_vae, parts, save_vae
from vaeedit.vae.folders import recognized
from vaeedit.vae.protocol import Network
from vaeedit.vae.third_party import read_third_party

SUFFIXES = (".pth", ".pt", ".ckpt", ".bin", ".safetensors")
PARTS = ("encoder", "decoder")
"""Endings of the names of files that hold one part of a VAE each."""


def convert(source: Path, output: Path, registry: Registry, *, name: str | None = None) -> VaeInfo:
    """Write a VAE file and its card from a weight file, a folder with one for encoder and one for decoder, or a known folder.

    Raises UsageError if there is no weight file, and WeightsError if the weights are not readable, recognized or complete.
    """
    if source.is_dir() and (known := recognized(source, registry)):
        folder = known[1].folder
        loaded, info = load_vae(folder, registry)
        return _written(output, loaded, info, parts(folder), name)
    files = _weight_files(source)
    tensors = {key: tensor for file in files for key, tensor in _tensors(file, len(files) > 1)}
    architecture, config = _recognized(source, tensors, registry)
    try:
        network = build_empty(architecture, config, registry, sum(file.stat().st_size for file in files))
        network.load_state_dict(tensors, assign=True)
    except (OptionError, RuntimeError, ValueError, TypeError) as error:
        reason = shorten(str(error), 200, placeholder=" ...")
        raise WeightsError(f"{source} does not fit the architecture {architecture}: {reason}") from None
    info = VaeInfo(name=source.stem, architecture=architecture, config=config)
    return _written(output, network, info, files, name)


def _written(
    output: Path, network: Network | torch.nn.Module, info: VaeInfo, sources: Sequence[Path], name: str | None
) -> VaeInfo:
    """Write the file, whose header names its sources, and its card."""
    assert isinstance(network, torch.nn.Module)
    info = msgspec.structs.replace(
        info,
        name=name or info.name,
        summary=f"{info.summary} Converted from {', '.join(file.name for file in sources)}.".strip(),
        training={"converted": {file.name: checksum(file) for file in sources}},
        format=SEALED,
    )
    save_vae(output, network, info)
    write_card(output, info)
    return info


def _weight_files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    files = sorted(path for path in source.glob("*") if path.suffix in SUFFIXES)
    if not files:
        raise UsageError(f"There is no weight file at {source} ({', '.join(SUFFIXES)}).")
    return files


def _tensors(path: Path, several: bool) -> Iterable[tuple[str, Tensor]]:
    """Names and tensors of a file; with several files, each name begins with the part that the file's name ends in."""
    tensors = read_third_party(path)
    part = next((part for part in PARTS if several and path.stem.endswith(part)), "")
    return [(f"{part}.{key}" if part else key, tensor) for key, tensor in tensors.items()]


def _recognized(source: Path, tensors: dict[str, Tensor], registry: Registry) -> tuple[str, dict[str, Any]]:
    """Name and config of the architecture that recognizes these names and shapes; raises WeightsError."""
    shapes = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    candidates = {
        name: item.spec.detect
        for name, item in sorted(registry.architectures.bare.items())
        if item.spec.detect
    }
    for name, target in candidates.items():
        try:
            config: dict[str, Any] | None = call_target(target, shapes)
        except (
            LookupError,
            TypeError,
            ValueError,
            ArithmeticError,
        ):  # shapes that the function does not expect
            continue
        if config is not None:
            return name, config
    names = ", ".join(candidates) or "none is installed"
    raise WeightsError(f"{source} has none of the architectures that can be converted ({names}).")
