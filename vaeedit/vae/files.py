"""VAE files: safetensors whose header describes the model and how it was trained; never a pickle.

Everything that reads a VAE file also reads a folder of other software.
"""

import hashlib
import os
from importlib.resources import files
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

import msgspec
import torch
from torch import Tensor

from vaeedit.errors import (
    LONG,
    OptionError,
    UnknownName,
    UsageError,
    VaeeditError,
    WeightsError,
    is_out_of_memory,
)
from vaeedit.extension.registry import Registry
from vaeedit.extension.registry import registry as installed
from vaeedit.limits import MODEL, require_regular
from vaeedit.vae.build import build_empty
from vaeedit.vae.folders import fetched, in_folder, require_name
from vaeedit.vae.protocol import Network
from vaeedit.vae.sealed import read_document, read_tensors, require_finite, write_sealed

SEALED = 2
"""The newest format, and the first one with checksums of header and tensors."""
UNSEALED = "files of older versions and folders have none, so damage to them may not be detected."
"""The meaning of a VAE without checksums, for messages."""

Name = Annotated[str, msgspec.Meta(max_length=1000)]


class _Format(msgspec.Struct):
    format: int = 1


class VaeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a VAE file."""

    name: Name
    """Name in messages and reports."""
    architecture: Name
    """Name of the registered architecture."""
    config: dict[str, Any]
    """Hyper-parameters: the options of the architecture."""
    summary: str = ""
    """One line for lists."""
    license: str = ""
    """License of the weights."""
    recipe: dict[str, Any] = {}
    """The recipe that trained it; empty if it was trained elsewhere."""
    training: dict[str, Any] = {}
    """How the training went: data, steps, time."""
    figures: dict[str, dict[str, Any]] = {}
    """Measurements by name of the evaluation."""
    temperature: Annotated[float, msgspec.Meta(gt=0, le=100)] = 1.0
    """Factor on the decoded standard deviation, above 0 and at most 100, fitted on validation images."""
    calibration: dict[str, Any] = {}
    """What an operation has measured with this VAE on images that were not used for training."""
    classes: Annotated[tuple[Name, ...], msgspec.Meta(max_length=100_000)] = ()
    """Names of the classes of a `Labeled` VAE, at the index that is their label."""
    format: int = SEALED
    """1 for files of older versions and for folders, which have no checksums."""

    @property
    def sealed(self) -> bool:
        """Whether the file has checksums; they were correct when the header was read."""
        return self.format >= SEALED


def find_vae(name: str, registry: Registry) -> Path:
    """The file or folder of `--vae`: shipped weights by name, a path, or a folder that is fetched by `PREFIX:TEXT`.

    Raises UnknownName, UsageError, or WeightsError for a folder without a known kind of VAE.
    """
    if name in registry.weights:
        package, _, inside = registry.weights.find(name).spec.resource.partition(":")
        return Path(str(files(package).joinpath(inside)))
    require_name(name, registry)
    path = fetched(name, registry) or Path(name)
    if os.path.isdir(path):  # unlike the path's own method, this accepts any text
        return in_folder(path, registry)[1].folder
    if not os.path.isfile(path):
        raise UsageError(f"There is no VAE file {shorten(name, 200)}, nor a folder of that name.")
    return path


def read_info(path: Path, registry: Registry | None = None) -> VaeInfo:
    """The header of a file, or the description of a folder, without loading tensors; raises WeightsError."""
    return _read_info(path, registry)[0]


def _read_info(path: Path, registry: Registry | None = None) -> tuple[VaeInfo, str]:
    """The same, and the checksum that the tensors of a file must have."""
    if path.is_dir():
        architecture, vae = in_folder(path, registry or installed())
        config = dict(vae.config)
        info = VaeInfo(name=vae.name, architecture=architecture, config=config, summary=vae.summary, format=1)
        return info, ""
    document, tensors = read_document(path)
    try:
        number = msgspec.json.decode(document, type=_Format).format
        if not 1 <= number <= SEALED:
            raise WeightsError(
                f"{path} has format {number}, which this version of vaeedit does not support; update vaeedit."
            )
        info = msgspec.json.decode(document, type=VaeInfo)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WeightsError(f"The header of {path} is not valid: {shorten(str(error), 200)}.") from None
    if info.sealed and not tensors:
        raise WeightsError(f"The header of {path} is damaged: its checksum is missing; restore the file.")
    return info, tensors


def load_vae(path: Path, registry: Registry) -> tuple[Network, VaeInfo]:
    """The network of a file or folder, in float32 on the CPU, ready to run, and its header; raises WeightsError."""
    if path.is_dir():
        path = in_folder(path, registry)[1].folder
    info, expected = _read_info(path, registry)
    try:
        size = sum(part.stat().st_size for part in parts(path))
        network = build_empty(info.architecture, info.config, registry, size)
        if path.is_dir():
            tensors = in_folder(path, registry)[1].tensors()
            require_finite(tensors, path)
        else:
            tensors = read_tensors(path, expected)
        network.load_state_dict({key: tensor.float() for key, tensor in tensors.items()}, assign=True)
    except UnknownName as error:
        raise WeightsError(f"{path} needs a plugin that is not loaded. {error}") from None
    except OptionError as error:
        raise _misfit(path, info, error) from None
    except (VaeeditError, MemoryError):
        raise
    except Exception as error:  # a plugin's network or another library may raise anything
        if is_out_of_memory(error):
            raise MemoryError from error
        raise _misfit(path, info, error) from None
    network.eval().requires_grad_(False)
    return network, info  # type: ignore[return-value]  # `build` returned a Network


def _misfit(path: Path, info: VaeInfo, error: Exception) -> WeightsError:
    reason = shorten(str(error) or type(error).__name__, 200, placeholder=" ...")
    return WeightsError(f"{path} does not fit its architecture {info.architecture[:LONG]}: {reason}")


def save_vae(path: Path, network: torch.nn.Module, info: VaeInfo) -> None:
    """Write weights as float16 with their header and checksums, completely or not at all.

    Raises WeightsError for weights that are not finite, or too large for float16, and ImageError if it cannot be written.
    """
    weights = network.state_dict().items()
    tensors = {key: value.detach().to("cpu", torch.float16).contiguous() for key, value in weights}
    require_finite(tensors, path)
    _write(path, tensors, info)


def update_info(path: Path, info: VaeInfo) -> None:
    """Replace the header of a file, and its checksums; its tensors stay unchanged.

    Raises WeightsError for a damaged file, and UsageError for a folder, which has no header.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; make a VAE file of it first: vaeedit models convert {path}")
    _write(path, read_tensors(path, _read_info(path)[1]), info)


def _write(path: Path, tensors: dict[str, Tensor], info: VaeInfo) -> None:
    document = msgspec.json.encode(msgspec.structs.replace(info, format=SEALED)).decode()
    write_sealed(path, tensors, document)


def checksum(path: Path) -> str:
    """SHA-256 of the file, or of the names and checksums of a folder's files; raises WeightsError for other files."""
    if not path.is_dir():
        require_regular(path, MODEL, WeightsError)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for part in parts(path):
        digest.update(f"{part.name}\0{checksum(part)}\n".encode())
    return digest.hexdigest()


def parts(path: Path) -> list[Path]:
    """The file itself, or the files of a folder."""
    return [path] if path.is_file() else sorted(part for part in path.iterdir() if part.is_file())
