"""Safetensors files with a JSON document in their header, and with checksums (BLAKE2b) of the document and the tensors.

The checksums are the seal at the end of the document: `... ,"seal":"S T"}`, where T is the checksum of the tensors, and S
that of T and the document without its seal. S is verified when the document is read, and T when the tensors are. Files of
older versions have no seal.
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
    """The document without its seal, and the checksum that the tensors must have, or "" for a file without a seal.

    Raises WeightsError for a file that is not readable, has no document, or a document with a wrong checksum.
    """
    _require_bounded(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except Exception as error:  # the library may raise anything for a damaged file
        raise _unreadable(path, error) from None
    if KEY not in metadata:
        raise WeightsError(f"{path} has no vaeedit header; it was not made by `vaeedit train`.")
    document, mark, seal = metadata[KEY].rpartition(MARK)
    if not mark:
        return metadata[KEY], ""
    document, (own, _, tensors) = f"{document}}}", seal.removesuffix('"}').partition(" ")
    if not tensors or own != _checksum(document, tensors):
        raise WeightsError(f"The header of {path} is damaged: its checksum is wrong; restore the file.")
    return document, tensors


def read_tensors(path: Path, expected: str = "") -> dict[str, Tensor]:
    """The tensors by name; raises WeightsError for numbers that are not finite, or a checksum that is not `expected`."""
    _require_bounded(path)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except Exception as error:
        raise _unreadable(path, error) from None
    if expected and checksum_of(tensors) != expected:
        raise WeightsError(
            f"The weights in {path} are damaged: their checksum is wrong; restore the file, or make it again."
        )
    require_finite(tensors, path)
    return tensors


def write_sealed(path: Path, tensors: Mapping[str, Tensor], document: str) -> None:
    """Write a file completely or not at all; `document` is a JSON object with at least one key."""
    checksum = checksum_of(tensors)
    sealed = f'{document.removesuffix("}")}{MARK}{_checksum(document, checksum)} {checksum}"}}'
    write_whole(path, save(dict(tensors), metadata={KEY: sealed}))


def require_finite(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Raise WeightsError for a number that is infinite or NaN."""
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor.float()).all()):
            raise WeightsError(
                f"The weights of {path} hold a number that is not finite, in {shorten(name, 100)}; "
                "restore the file, or make it again."
            )


def checksum_of(tensors: Mapping[str, Tensor]) -> str:
    """A checksum of the names, dtypes, shapes and bytes of tensors."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _checksum(document: str, tensors: str) -> str:
    return hashlib.blake2b(f"{tensors}{document}".encode(), digest_size=16).hexdigest()


def _require_bounded(path: Path) -> None:
    """Raise WeightsError for a file that is not regular, or has a header that is too large to read."""
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
