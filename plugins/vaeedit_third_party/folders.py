"""Folders in the format of the diffusers library, local or on the Hugging Face hub."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any, get_args

from vaeedit.api import MODEL, TEXT, FolderVae, MissingExtra, WeightsError, read_regular, require_regular
from vaeedit_third_party import Autoencoder

INSIDE = ("", "vae")
"""Where an autoencoder may be: in the folder itself, or in this subfolder of a whole pipeline."""
WEIGHTS = "diffusion_pytorch_model"
"""Name of files of weights, without variant and suffix."""
PREFIX = "model."
"""Prefix of the library's parameter names in `DiffusersAutoencoder`."""


def find(folder: Path) -> FolderVae | None:
    """The autoencoder that a folder holds according to its config.json, or None.

    Its weights are read from safetensors files only, and never from the network.
    """
    for inside in INSIDE:
        place = folder / inside
        config = _config(place)
        kind = config.pop("_class_name", None)
        if kind in get_args(Autoencoder):
            name = _name(folder)
            return FolderVae(
                name=name,
                config={"kind": kind, "config": {k: v for k, v in config.items() if not k.startswith("_")}},
                folder=place,
                tensors=partial(_tensors, place, kind),
                summary=f"The {kind} of {name}.",
            )
    return None


@contextmanager
def library() -> Iterator[Any]:
    """The module `diffusers`, imported late because that takes seconds; its warnings about its own files are not printed.

    Raises MissingExtra if it is not installed.
    """
    try:
        import diffusers
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "diffusers":
            raise MissingExtra("An autoencoder of the diffusers library", "diffusers") from None
        raise
    before = diffusers.logging.get_verbosity()
    diffusers.logging.set_verbosity_error()
    try:
        yield diffusers
    finally:
        diffusers.logging.set_verbosity(before)


def fetch(text: str) -> Path:
    """The local copy of OWNER/NAME or OWNER/NAME@REVISION of the hub; it is downloaded if there is none.

    Raises MissingExtra if the library is missing, and WeightsError if the download fails.
    """
    with library():  # it depends on huggingface_hub
        from huggingface_hub import snapshot_download

    name, _, revision = text.partition("@")
    wanted = [
        f"{inside}/{file}".lstrip("/")
        for inside in INSIDE
        for file in ("config.json", f"{WEIGHTS}.safetensors")
    ]
    ask = partial(snapshot_download, name, revision=revision or None, allow_patterns=wanted)
    try:
        return _copy(ask) or Path(ask())
    except Exception as error:  # the network and the hub fail in many ways
        reason = shorten(str(error) or type(error).__name__, 200, placeholder=" ...")
        raise WeightsError(
            f"hub:{text} is not on this machine and could not be downloaded: {reason}"
        ) from None


def _copy(ask: Any) -> Path | None:
    """The folder of an earlier download, if it holds an autoencoder with its weights."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        vae = find(folder := Path(ask(local_files_only=True)))
    except LocalEntryNotFoundError:
        return None
    return folder if vae and (vae.folder / f"{WEIGHTS}.safetensors").is_file() else None


def _config(place: Path) -> dict[str, Any]:
    """The content of config.json, or nothing; raises WeightsError if it is not a regular file or is too large."""
    path = place / "config.json"
    if not os.path.lexists(path):
        return {}
    try:
        config = json.loads(read_regular(path, TEXT, WeightsError))
    except (ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def _name(folder: Path) -> str:
    """The name of the folder or its pipeline; for a copy from the hub (models--OWNER--NAME/snapshots/...), the repository."""
    path = folder.absolute()
    repository = next((part for part in path.parts if part.startswith("models--")), "")
    own = path.parent.name if path.name == INSIDE[-1] else path.name
    return repository.removeprefix("models--").replace("--", "/") or own


def _tensors(place: Path, kind: str) -> Mapping[str, Any]:
    """The weights by name, read by the library, because it knows the parameter names of its older versions."""
    whole = any((place / f"{WEIGHTS}.{end}").is_file() for end in ("safetensors", "safetensors.index.json"))
    if not whole and not (place / f"{WEIGHTS}.fp16.safetensors").is_file():
        raise WeightsError(f"There is no {WEIGHTS}.safetensors in {place}; other formats are not read.")
    for file in place.glob("*.safetensors*"):
        require_regular(file, MODEL, WeightsError)
    with library() as diffusers:
        model, report = getattr(diffusers, kind).from_pretrained(
            place,
            variant=None if whole else "fp16",
            local_files_only=True,
            use_safetensors=True,
            low_cpu_mem_usage=False,  # True would need another package
            output_loading_info=True,
        )
    if report["missing_keys"]:
        raise WeightsError(f"The weights in {place} lack {', '.join(sorted(report['missing_keys'])[:3])}.")
    return {PREFIX + name: tensor for name, tensor in model.state_dict().items()}
