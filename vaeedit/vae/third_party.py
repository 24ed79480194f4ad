"""Third-party weight files, read without executing code from them: named tensors that are no larger than the file."""

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
"""Bytes by which the unpacked content may exceed the size of the file."""
TIMES = 4
"""How many tensors may share the bytes of a file, on average."""


def read_third_party(path: Path) -> dict[str, Tensor]:
    """The tensors by name of a safetensors file or a file of `torch.save`; raises WeightsError for all others."""
    if path.suffix == ".safetensors":
        return read_tensors(path)
    require_regular(path, MODEL, WeightsError)
    size = path.stat().st_size
    try:
        _refuse_inflated(path, size)
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except WeightsError:
        raise
    except Exception as error:  # the library may raise anything for a damaged file
        reason = shorten(str(error) or type(error).__name__, 200, placeholder=" ...")
        raise WeightsError(f"{path} is not a readable weight file: {reason}") from None
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not all(_is_plain(name, value) for name, value in content.items()):
        raise WeightsError(f"{path} holds other values than named tensors.")
    if sum(value.numel() * value.element_size() for value in content.values()) > TIMES * size + SLACK:
        raise WeightsError(f"{path} holds tensors that are larger than the file.")
    return {name: value.detach() for name, value in content.items()}


def _refuse_inflated(path: Path, size: int) -> None:
    """Raise WeightsError for a compressed file, which could fill the memory: torch writes no compressed files."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > size + SLACK:
                raise WeightsError(f"{path} unpacks to more than its size; no weight file does.")


def _is_plain(name: Any, value: Any) -> bool:
    """Whether this is a name and a dense tensor of real numbers in main memory."""
    return (
        isinstance(name, str)
        and isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not (value.is_quantized or value.is_complex())
    )
