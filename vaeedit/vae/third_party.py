"""Weight files of others, read without executing anything: named tensors, each as large as the file says."""

import zipfile
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
from torch import Tensor

from vaeedit.errors import WeightsError
from vaeedit.limits import MODEL, require_regular
from vaeedit.vae.sealed import read_tensors

SLACK = 1 << 20
"""Bytes by which what a file unpacks to may exceed it."""
TIMES = 4
"""How often the bytes of a file may be used, by tensors that share them."""


def read_foreign(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, or of one that `torch.save` wrote; raises WeightsError for all others."""
    if path.suffix == ".safetensors":
        return read_tensors(path)
    require_regular(path, MODEL, WeightsError)
    size = path.stat().st_size
    try:
        _refuse_inflated(path, size)
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except WeightsError:
        raise
    except Exception as error:  # of a damaged file, the library may raise anything
        reason = shorten(str(error) or type(error).__name__, 200, placeholder=" ...")
        raise WeightsError(f"{path} is not a readable weight file: {reason}") from None
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not all(_is_plain(name, value) for name, value in found.items()):
        raise WeightsError(f"{path} holds something else than named tensors.")
    if sum(value.numel() * value.element_size() for value in found.values()) > TIMES * size + SLACK:
        raise WeightsError(f"{path} holds tensors that are larger than the file.")
    return {name: value.detach() for name, value in found.items()}


def _refuse_inflated(path: Path, size: int) -> None:
    """torch never compresses: what unpacks to more than the file was made to fill memory."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > size + SLACK:
                raise WeightsError(f"{path} unpacks to more than its size; no weight file does.")


def _is_plain(name: Any, value: Any) -> bool:
    """Whether it is a name and a dense tensor of real numbers, in memory."""
    return (
        isinstance(name, str)
        and isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not (value.is_quantized or value.is_complex())
    )
