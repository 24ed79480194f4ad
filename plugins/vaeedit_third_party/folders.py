"""Folders that the diffusers library wrote, here or on the Hugging Face hub."""

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
"""Where an autoencoder may be: in the folder itself or, of a whole pipeline, in this one inside."""
WEIGHTS = "diffusion_pytorch_model"
"""What files of weights are called, before a variant and a suffix."""
PREFIX = "model."
"""Before the library's own names of the parameters, in the network that holds its module."""


def find(folder: Path) -> FolderVae | None:
    """The autoencoder that a folder holds, by its config.json; weights are read as safetensors only, never off the net."""
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
    """The module `diffusers`, imported late because it takes seconds, and without its warnings of what it wrote itself.

    Raises MissingExtra where it is not installed.
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
    """The local copy of OWNER/NAME or OWNER/NAME@REVISION of the hub; downloaded only where there is none.

    Raises MissingExtra, or WeightsError where there is no copy and none could be made.
    """
    with library():  # which brings the other one
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
    except Exception as error:  # the net and the hub fail in many ways
        reason = shorten(str(error) or type(error).__name__, 200, placeholder=" ...")
        raise WeightsError(
            f"hub:{text} is not on this machine and could not be downloaded: {reason}"
        ) from None


def _copy(ask: Any) -> Path | None:
    """What was downloaded before, if it holds an autoencoder with its weights."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = find(folder := Path(ask(local_files_only=True)))
    except LocalEntryNotFoundError:
        return None
    return folder if found and (found.folder / f"{WEIGHTS}.safetensors").is_file() else None


def _config(place: Path) -> dict[str, Any]:
    """What config.json says; raises WeightsError where it is no regular file, or too large."""
    path = place / "config.json"
    if not os.path.lexists(path):
        return {}
    try:
        found = json.loads(read_regular(path, TEXT, WeightsError))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _name(folder: Path) -> str:
    """The folder's name, or its pipeline's; of the hub's copies (models--OWNER--NAME/snapshots/...), the repository's."""
    path = folder.absolute()
    repository = next((part for part in path.parts if part.startswith("models--")), "")
    own = path.parent.name if path.name == INSIDE[-1] else path.name
    return repository.removeprefix("models--").replace("--", "/") or own


def _tensors(place: Path, kind: str) -> Mapping[str, Any]:
    """The library reads them, because it knows the names that older versions of it gave."""
    whole = any((place / f"{WEIGHTS}.{end}").is_file() for end in ("safetensors", "safetensors.index.json"))
    if not whole and not (place / f"{WEIGHTS}.fp16.safetensors").is_file():
        raise WeightsError(f"There is no {WEIGHTS}.safetensors in {place}; nothing else is read.")
    for file in place.glob("*.safetensors*"):
        require_regular(file, MODEL, WeightsError)
    with library() as diffusers:
        model, report = getattr(diffusers, kind).from_pretrained(
            place,
            variant=None if whole else "fp16",
            local_files_only=True,
            use_safetensors=True,
            low_cpu_mem_usage=False,  # the other way needs one more package
            output_loading_info=True,
        )
    if report["missing_keys"]:
        raise WeightsError(f"The weights in {place} lack {', '.join(sorted(report['missing_keys'])[:3])}.")
    return {PREFIX + name: tensor for name, tensor in model.state_dict().items()}
