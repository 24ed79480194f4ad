"""VAE files: safetensors, with everything needed to rebuild and judge the model in the header; never a pickle.

A folder of other software stands in for a file wherever one is read.
"""

import hashlib
import os
from importlib.resources import files
from pathlib import Path
from textwrap import shorten
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from vaeedit.errors import OptionError, UnknownName, UsageError, WeightsError
from vaeedit.image.files import write_whole
from vaeedit.options import validate
from vaeedit.plugins import Registry
from vaeedit.plugins import registry as installed
from vaeedit.specs import load_target
from vaeedit.vae.folders import fetched, in_folder
from vaeedit.vae.protocol import VAE

HEADER = "vaeedit"
"""Key of the JSON document in the safetensors header."""


class VaeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a VAE file."""

    name: str
    architecture: str
    shape: dict[str, Any]
    summary: str = ""
    licence: str = ""
    recipe: dict[str, Any] = {}
    training: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    temperature: float = 1.0
    """Factor on the decoded standard deviation, fitted on validation images."""
    calibration: dict[str, Any] = {}
    """What an operation has learned about this VAE's figures on images held out from training."""
    format: int = 1


def find_vae(name: str, registry: Registry) -> Path:
    """The file or folder behind `--vae`: a path, the name of shipped weights, or what is fetched by `PREFIX:TEXT`.

    Raises UnknownName, UsageError, or WeightsError for a folder that holds no VAE of a known kind.
    """
    try:
        package, _, inside = registry.weights.find(name).spec.resource.partition(":")
        return Path(str(files(package).joinpath(inside)))
    except UnknownName:
        path = fetched(name, registry) or Path(name)
        if os.path.isdir(path):  # which, unlike the path's own method, takes any text
            return in_folder(path, registry)[1].folder
        if path.suffix != ".safetensors" and os.sep not in name:
            raise
    if not os.path.isfile(path):
        raise UsageError(f"There is no VAE file {shorten(name, 200)}, nor a folder of that name.")
    return path


def read_info(path: Path, registry: Registry | None = None) -> VaeInfo:
    """What a file's header or a folder says, without loading a tensor; raises WeightsError."""
    if path.is_dir():
        architecture, found = in_folder(path, registry or installed())
        return VaeInfo(
            name=found.name, architecture=architecture, shape=dict(found.shape), summary=found.summary
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a readable safetensors file: {error}.") from None
    if HEADER not in metadata:
        raise WeightsError(f"{path} has no vaeedit header; it was not made by `vaeedit train`.")
    try:
        return msgspec.json.decode(metadata[HEADER], type=VaeInfo)
    except msgspec.MsgspecError as error:
        raise WeightsError(f"The header of {path} is not valid: {error}.") from None


def build(architecture: str, shape: dict[str, Any], registry: Registry) -> VAE:
    """A network with untrained weights; raises UnknownName or OptionError."""
    spec = registry.architectures.find(architecture).spec
    options = validate(spec.options, shape, f"the architecture {architecture}")
    network: VAE = load_target(spec.target)(options)
    return network


def load_vae(path: Path, registry: Registry) -> tuple[VAE, VaeInfo]:
    """Rebuild the network of a file or folder, in float32 on the CPU, ready to run; raises WeightsError."""
    info = read_info(path, registry)
    try:
        with torch.device("meta"):  # no time spent on random weights that are about to be replaced
            network = build(info.architecture, info.shape, registry)
        assert isinstance(network, torch.nn.Module)
        network.load_state_dict(_tensors(path, registry), assign=True)
    except UnknownName as error:
        raise WeightsError(f"{path} needs a plugin that is not installed. {error}") from None
    except (OptionError, RuntimeError, ValueError, TypeError, LookupError, OSError, SafetensorError) as error:
        reason = shorten(str(error), 200, placeholder=" ...")
        raise WeightsError(f"{path} does not fit its architecture {info.architecture}: {reason}") from None
    network.eval().requires_grad_(False)
    return network, info


def _tensors(path: Path, registry: Registry) -> dict[str, Tensor]:
    """The weights as float32, by name."""
    if path.is_dir():
        found = in_folder(path, registry)[1].tensors()
        return {key: tensor.float() for key, tensor in found.items()}
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118


def save_vae(path: Path, network: torch.nn.Module, info: VaeInfo) -> None:
    """Write weights as float16 with their header, whole or not at all."""

    def half(tensor: Tensor) -> Tensor:
        return tensor.detach().to("cpu", torch.float16).contiguous()

    tensors = {key: half(value) for key, value in network.state_dict().items()}
    header = {HEADER: msgspec.json.encode(info).decode()}
    write_whole(path, save(tensors, metadata=header))


def update_info(path: Path, info: VaeInfo) -> None:
    """Replace the header of a file; its tensors stay as they are. Raises UsageError for a folder, which has none."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder; make a VAE file of it first: vaeedit models convert {path}")
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    write_whole(path, save(tensors, metadata={HEADER: msgspec.json.encode(info).decode()}))


def checksum(path: Path) -> str:
    """SHA-256 of the file, or of names and bytes of a folder's files."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    found = hashlib.sha256()
    for part in parts(path):
        found.update(f"{part.name}\0{checksum(part)}\n".encode())
    return found.hexdigest()


def parts(path: Path) -> list[Path]:
    """The file itself, or the files of a folder."""
    return [path] if path.is_file() else sorted(part for part in path.iterdir() if part.is_file())
