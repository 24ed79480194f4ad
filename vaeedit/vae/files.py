"""VAE files: safetensors, with everything needed to rebuild and judge the model in the header; never a pickle.

A folder of other software stands in for a file wherever one is read.
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
from vaeedit.extension.specs import load_target
from vaeedit.limits import MODEL, require_regular
from vaeedit.options import validate
from vaeedit.vae.bounded import Bounded
from vaeedit.vae.folders import fetched, in_folder, require_name
from vaeedit.vae.protocol import VAE
from vaeedit.vae.sealed import read_document, read_tensors, require_finite, write_sealed

SEALED = 2
"""The first format with checksums of header and tensors, and the newest."""
UNSEALED = "files of older versions and folders have none, and damage to them may go unseen."
"""Of a VAE without checksums: what that means."""
PER_BYTE = 8
"""Weights that a byte can stand for at most."""


Name = Annotated[str, msgspec.Meta(max_length=1000)]


class _Format(msgspec.Struct):
    format: int = 1


class VaeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a VAE file."""

    name: Name
    architecture: Name
    config: dict[str, Any]
    summary: str = ""
    license: str = ""
    recipe: dict[str, Any] = {}
    training: dict[str, Any] = {}
    figures: dict[str, dict[str, Any]] = {}
    temperature: Annotated[float, msgspec.Meta(gt=0, le=100)] = 1.0
    """Factor on the decoded standard deviation, fitted on validation images."""
    calibration: dict[str, Any] = {}
    """What an operation has learned about this VAE's figures on images held out from training."""
    format: int = SEALED
    """1 of files that older versions wrote, and of folders: they have no checksum."""

    @property
    def sealed(self) -> bool:
        """Whether the file has checksums, which were right when this was read from it."""
        return self.format >= SEALED


def find_vae(name: str, registry: Registry) -> Path:
    """The file or folder behind `--vae`: a path, the name of shipped weights, or what is fetched by `PREFIX:TEXT`.

    Raises UnknownName, UsageError, or WeightsError for a folder that holds no VAE of a known kind.
    """
    require_name(name, registry)
    if name in registry.weights:
        package, _, inside = registry.weights.find(name).spec.resource.partition(":")
        return Path(str(files(package).joinpath(inside)))
    path = fetched(name, registry) or Path(name)
    if os.path.isdir(path):  # which, unlike the path's own method, takes any text
        return in_folder(path, registry)[1].folder
    if not os.path.isfile(path):
        raise UsageError(f"There is no VAE file {shorten(name, 200)}, nor a folder of that name.")
    return path


def read_info(path: Path, registry: Registry | None = None) -> VaeInfo:
    """What a file's header or a folder says, without loading a tensor; raises WeightsError."""
    if path.is_dir():
        architecture, found = in_folder(path, registry or installed())
        return VaeInfo(
            name=found.name,
            architecture=architecture,
            config=dict(found.config),
            summary=found.summary,
            format=1,
        )
    return _read_info(path)[0]


def _read_info(path: Path) -> tuple[VaeInfo, str]:
    """What a file's header says, and the checksum that its tensors must have."""
    document, tensors = read_document(path)
    try:
        number = msgspec.json.decode(document, type=_Format).format
        if not 1 <= number <= SEALED:
            raise WeightsError(
                f"{path} is of format {number}, which this version of vaeedit does not know; update it."
            )
        info = msgspec.json.decode(document, type=VaeInfo)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WeightsError(f"The header of {path} is not valid: {shorten(str(error), 200)}.") from None
    if info.sealed and not tensors:
        raise WeightsError(f"The header of {path} is damaged: its checksum is gone; restore the file.")
    return info, tensors


def build(architecture: str, shape: dict[str, Any], registry: Registry) -> VAE:
    """A network with untrained weights; raises UnknownName or OptionError, also for one of too many parts."""
    spec = registry.architectures.find(architecture).spec
    options = validate(spec.options, shape, f"the architecture {architecture}")
    with Bounded():
        network: VAE = load_target(spec.target)(options)
    return network


def build_empty(architecture: str, shape: dict[str, Any], registry: Registry, size: int) -> torch.nn.Module:
    """The same with weights that take no memory, to be replaced; raises OptionError where `size` bytes cannot hold them."""
    with torch.device("meta"):
        network = build(architecture, shape, registry)
    assert isinstance(network, torch.nn.Module)
    count = sum(tensor.numel() for tensor in network.state_dict().values())
    if count > PER_BYTE * size:
        raise OptionError(f"it would have {count:,} weights, and there are {size:,} bytes of them.")
    return network


def load_vae(path: Path, registry: Registry) -> tuple[VAE, VaeInfo]:
    """Rebuild the network of a file or folder, in float32 on the CPU, ready to run; raises WeightsError."""
    if path.is_dir():
        path = in_folder(path, registry)[1].folder
    info, expected = (read_info(path, registry), "") if path.is_dir() else _read_info(path)
    try:
        size = sum(part.stat().st_size for part in parts(path))
        network = build_empty(info.architecture, info.config, registry, size)
        network.load_state_dict(_tensors(path, registry, expected), assign=True)
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
    return network, info  # type: ignore[return-value]  # what `build` made


def _misfit(path: Path, info: VaeInfo, error: Exception) -> WeightsError:
    reason = shorten(str(error) or type(error).__name__, 200, placeholder=" ...")
    return WeightsError(f"{path} does not fit its architecture {info.architecture[:LONG]}: {reason}")


def _tensors(path: Path, registry: Registry, expected: str) -> dict[str, Tensor]:
    """The weights as float32, by name."""
    if path.is_dir():
        found = in_folder(path, registry)[1].tensors()
        require_finite(found, path)
    else:
        found = read_tensors(path, expected)
    return {key: tensor.float() for key, tensor in found.items()}


def save_vae(path: Path, network: torch.nn.Module, info: VaeInfo) -> None:
    """Write weights as float16 with their header and checksums, whole or not at all.

    Raises WeightsError for weights that are not finite, or too large for 16 bits.
    """

    def half(tensor: Tensor) -> Tensor:
        return tensor.detach().to("cpu", torch.float16).contiguous()

    tensors = {key: half(value) for key, value in network.state_dict().items()}
    require_finite(tensors, path)
    _write(path, tensors, info)


def update_info(path: Path, info: VaeInfo) -> None:
    """Replace the header of a file, and its checksums; its tensors stay as they are.

    Raises WeightsError for a damaged file, and UsageError for a folder, which has no header.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; make a VAE file of it first: vaeedit models convert {path}")
    _write(path, read_tensors(path, _read_info(path)[1]), info)


def _write(path: Path, tensors: dict[str, Tensor], info: VaeInfo) -> None:
    document = msgspec.json.encode(msgspec.structs.replace(info, format=SEALED)).decode()
    write_sealed(path, tensors, document)


def checksum(path: Path) -> str:
    """SHA-256 of the file, or of names and bytes of a folder's files; raises WeightsError for what is no regular file."""
    if not path.is_dir():
        require_regular(path, MODEL, WeightsError)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256()
    for part in parts(path):
        found.update(f"{part.name}\0{checksum(part)}\n".encode())
    return found.hexdigest()


def parts(path: Path) -> list[Path]:
    """The file itself, or the files of a folder."""
    return [path] if path.is_file() else sorted(part for part in path.iterdir() if part.is_file())
