"""VAE files: safetensors, with everything needed to rebuild and judge the model in the header; never a pickle."""

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
from vaeedit.specs import load_target
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
    """The file behind `--vae`: a path, or the name of shipped weights; raises UnknownName or UsageError."""
    path = Path(name)
    if path.suffix == ".safetensors" or os.sep in name:
        if not path.is_file():
            raise UsageError(f"There is no VAE file {name}.")
        return path
    package, _, inside = registry.weights.find(name).spec.resource.partition(":")
    return Path(str(files(package).joinpath(inside)))


def read_info(path: Path) -> VaeInfo:
    """The header alone, without loading a tensor; raises WeightsError."""
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
    """Rebuild the network of a file, in float32 on the CPU, ready to run; raises WeightsError."""
    info = read_info(path)
    try:
        with torch.device("meta"):  # no time spent on random weights that are about to be replaced
            network = build(info.architecture, info.shape, registry)
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
        assert isinstance(network, torch.nn.Module)
        network.load_state_dict(tensors, assign=True)
    except UnknownName as error:
        raise WeightsError(f"{path} needs a plugin that is not installed. {error}") from None
    except (OptionError, RuntimeError, ValueError, SafetensorError) as error:
        reason = shorten(str(error), 200, placeholder=" ...")
        raise WeightsError(f"{path} does not fit its architecture {info.architecture}: {reason}") from None
    network.eval().requires_grad_(False)
    return network, info


def save_vae(path: Path, network: torch.nn.Module, info: VaeInfo) -> None:
    """Write weights as float16 with their header, whole or not at all."""

    def half(tensor: Tensor) -> Tensor:
        return tensor.detach().to("cpu", torch.float16).contiguous()

    tensors = {key: half(value) for key, value in network.state_dict().items()}
    header = {HEADER: msgspec.json.encode(info).decode()}
    write_whole(path, save(tensors, metadata=header))


def update_info(path: Path, info: VaeInfo) -> None:
    """Replace the header of a file; its tensors stay as they are."""
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    write_whole(path, save(tensors, metadata={HEADER: msgspec.json.encode(info).decode()}))


def checksum(path: Path) -> str:
    """SHA-256 of the file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
