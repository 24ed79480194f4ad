"""Other people's weight files made into VAE files, recognized by names and shapes."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any

import msgspec
import torch
from torch import Tensor

from vaeedit.errors import OptionError, UsageError, WeightsError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import load_target
from vaeedit.vae.card import write_card
from vaeedit.vae.files import SEALED, VaeInfo, build_empty, checksum, load_vae, parts, save_vae
from vaeedit.vae.folders import recognized
from vaeedit.vae.protocol import VAE
from vaeedit.vae.third_party import read_foreign

SUFFIXES = (".pth", ".pt", ".ckpt", ".bin", ".safetensors")
PARTS = ("encoder", "decoder")
"""Ends of the names of files that hold one part of a VAE each."""


def convert(source: Path, output: Path, registry: Registry, *, name: str | None = None) -> VaeInfo:
    """Write what a weight file, a folder of an encoder's and a decoder's, or one that an architecture knows, holds as a VAE
    file with its card.

    Raises UsageError where nothing is there, and WeightsError for what is not readable, recognized or complete.
    """
    if source.is_dir() and (known := recognized(source, registry)):
        folder = known[1].folder
        loaded, info = load_vae(folder, registry)
        return _written(output, loaded, info, parts(folder), name)
    files = _weight_files(source)
    tensors = {key: tensor for file in files for key, tensor in _tensors(file, len(files) > 1)}
    architecture, shape = _recognized(source, tensors, registry)
    try:
        network = build_empty(architecture, shape, registry, sum(file.stat().st_size for file in files))
        network.load_state_dict(tensors, assign=True)
    except (OptionError, RuntimeError, ValueError, TypeError) as error:
        reason = shorten(str(error), 200, placeholder=" ...")
        raise WeightsError(f"{source} does not fit the architecture {architecture}: {reason}") from None
    info = VaeInfo(name=source.stem, architecture=architecture, config=shape)
    return _written(output, network, info, files, name)


def _written(
    output: Path, network: VAE | torch.nn.Module, info: VaeInfo, sources: Sequence[Path], name: str | None
) -> VaeInfo:
    """Write the file, which says of what it was made, and its card."""
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
    """Names and tensors of a file; where there are several, behind the part that its name ends in."""
    found = read_foreign(path)
    part = next((part for part in PARTS if several and path.stem.endswith(part)), "")
    return [(f"{part}.{key}" if part else key, tensor) for key, tensor in found.items()]


def _recognized(source: Path, tensors: dict[str, Tensor], registry: Registry) -> tuple[str, dict[str, Any]]:
    """Name and hyper-parameters of the architecture that knows these names and shapes."""
    shapes = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    asked = []
    for name, item in sorted(registry.architectures.bare.items()):
        if item.spec.detect:
            asked.append(name)
            if (shape := _detected(item.spec.detect, shapes)) is not None:
                return name, shape
    raise WeightsError(
        f"{source} is of no kind that can be converted ({', '.join(asked) or 'none is installed'})."
    )


def _detected(target: str, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] | None = load_target(target)(shapes)
    except (LookupError, TypeError, ValueError, ArithmeticError):  # shapes that it did not think of
        return None
    return found
