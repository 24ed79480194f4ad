"""Safetensors files with one JSON document in their header, sealed by checksums (BLAKE2b) of the document and the tensors.

The seal ends the document: `... ,"seal":"S T"}`, where T is of the tensors, and S of T and of the document without its seal.
Both are checked whenever what they are of is read. Files that older versions wrote have no seal.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from vaeedit.errors import WeightsError
from vaeedit.image.atomic import write_whole
from vaeedit.limits import MODEL, MODEL_HEADER, require_regular

KEY = "vaeedit"
"""Key of the document in the safetensors header."""
MARK = ',"seal":"'


def read_document(path: Path) -> tuple[str, str]:
    """The document without its seal, and the checksum that the tensors must have, or "" where the file has no seal.

    Raises WeightsError for a file that has no document, or another than it was sealed with.
    """
    _require_bounded(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except Exception as error:  # of a damaged file, the library may raise anything
        raise _unreadable(path, error) from None
    if KEY not in metadata:
        raise WeightsError(f"{path} has no vaeedit header; it was not made by `vaeedit train`.")
    document, mark, seal = metadata[KEY].rpartition(MARK)
    if not mark:
        return metadata[KEY], ""
    document, (own, _, tensors) = f"{document}}}", seal.removesuffix('"}').partition(" ")
    if not tensors or own != _checksum(document, tensors):
        raise WeightsError(f"The header of {path} is damaged: its checksum is another; restore the file.")
    return document, tensors


def read_tensors(path: Path, expected: str = "") -> dict[str, Tensor]:
    """The tensors by name, all numbers finite; raises WeightsError where their checksum is not the `expected` one."""
    _require_bounded(path)
    try:
        with safe_open(path, framework="pt") as file:
            found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except Exception as error:
        raise _unreadable(path, error) from None
    if expected and checksum_of(found) != expected:
        raise WeightsError(
            f"The weights in {path} are damaged: their checksum is another; restore the file, or make it again."
        )
    require_finite(found, path)
    return found


def write_sealed(path: Path, tensors: Mapping[str, Tensor], document: str) -> None:
    """Write a file, whole or not at all; `document` is a JSON object with at least one key."""
    found = checksum_of(tensors)
    sealed = f'{document.removesuffix("}")}{MARK}{_checksum(document, found)} {found}"}}'
    write_whole(path, save(dict(tensors), metadata={KEY: sealed}))


def require_finite(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Raises WeightsError for a number that is infinite or NaN."""
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor.float()).all()):
            raise WeightsError(
                f"The weights of {path} hold a number that is not finite, in {shorten(name, 100)}; "
                "restore the file, or make it again."
            )


def checksum_of(tensors: Mapping[str, Tensor]) -> str:
    """Of names, types, shapes and bytes."""
    found = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        found.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _checksum(document: str, tensors: str) -> str:
    return hashlib.blake2b(f"{tensors}{document}".encode(), digest_size=16).hexdigest()


def _require_bounded(path: Path) -> None:
    """Refuse what is no regular file, and a header that is too large to read."""
    require_regular(path, MODEL, WeightsError)
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
    if MODEL_HEADER.value < size <= path.stat().st_size:
        raise WeightsError(
            f"The header of {path} has {size:,} bytes, over the limit of {MODEL_HEADER.value:,}; "
            f"{MODEL_HEADER.variable} changes it."
        )


def _unreadable(path: Path, error: Exception) -> WeightsError:
    return WeightsError(f"{path} is not a readable safetensors file: {shorten(str(error), 200)}.")
