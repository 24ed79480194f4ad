"""What a plugin declares: frozen, torch-free descriptions. The classes that run are imported at first use."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy

from vaeedit.errors import PluginError
from vaeedit.options import Options

CONTRACT = 1
"""Version of everything a plugin may rely on; raised only when something it relied on goes."""

hookimpl = pluggy.HookimplMarker("vaeedit")
"""Marks a function of a plugin module as the implementation of a hook in `vaeedit.extension.hooks`."""


@dataclass(frozen=True, kw_only=True)
class OperationSpec:
    """One edit: what it is called, what it needs and gives, and the class that does it."""

    name: str
    """Lower-case words joined by dashes; the name of the command."""
    summary: str
    """One line for `vaeedit --help`."""
    target: str
    """'module:Class' of an `Edit`, a `Join` or an `Inspect`, imported when the operation first runs."""
    options: type[Options] = Options
    vae: str = ""
    """Default VAE: the name of shipped weights; empty where the user must name one."""
    calibrated: bool = False
    """True where the VAE must hold the calibration that fitting made; one without is refused before it loads."""
    conditions: tuple[str, ...] = ()
    """Names of the conditions that `before` gives the VAE; another VAE that lacks one is refused before it loads."""
    extra_inputs: Mapping[str, str] = field(default_factory=dict)
    """Extra inputs it takes, name -> description; each becomes `--NAME FILE` and a key of a pipeline's step.

    A folder stands for the pictures in it.
    """
    needs: tuple[str, ...] = ()
    """Those of `images` that must be given."""
    variadic: str = ""
    """The one of `images` that the command's second, third, ... argument fill, where its flag is not used."""
    latent: bool = False
    """True where `edit` alone changes the image: neighboring steps of that kind with one VAE share its encode and decode.

    `before` gives back the frames that it gets and `after` the one that it gets; the image that is inspected is that before
    all these steps.
    """
    delta: bool = False
    """True where only what the edit changes is decoded, x + D(edited) - D(latents): nothing else of the image is lost."""
    film: bool = False
    """True where the result has a film, which an output ending in .gif or .mp4 receives."""
    maps: Mapping[str, str] = field(default_factory=dict)
    """Side results it can give as pictures, name -> description; each becomes `--NAME FILE`."""


@dataclass(frozen=True, kw_only=True)
class ArchitectureSpec:
    """One kind of VAE: the class of the network and its hyper-parameters."""

    name: str
    summary: str
    target: str
    """'module:Class'; the class takes one `options` object and satisfies `VAE`."""
    options: type[Options] = Options
    detect: str = ""
    """'module:function' from names and shapes of tensors to the options, or None, for `vaeedit models convert`."""
    folder: str = ""
    """'module:function' from a folder (Path) to the `FolderVae` in it, or None where it holds something else."""
    fetch: Mapping[str, str] = field(default_factory=dict)
    """PREFIX -> 'module:function' from TEXT to a local folder (Path), for `--vae PREFIX:TEXT`."""


@dataclass(frozen=True, kw_only=True)
class FolderVae:
    """A VAE in a folder that other software wrote, as the architecture that knows its format found it."""

    name: str
    config: Mapping[str, Any]
    """The options of the architecture."""
    folder: Path
    """Where the files themselves are: the folder that was asked about, or one inside it."""
    tensors: Callable[[], Mapping[str, Any]]
    """Reads the weights, by the names that they have in the network; must never open a pickle."""
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class WeightsSpec:
    """One trained VAE that ships with a plugin."""

    name: str
    summary: str
    resource: str
    """'package:path/in/package.safetensors'."""


@dataclass(frozen=True, kw_only=True)
class CommandSpec:
    """A command of `vaeedit`, for work that is not an edit of images; it hides an operation of the same name."""

    name: str
    summary: str
    target: str
    """'module:command' of a `click.Command`, imported when it runs or when its own help is asked for."""


@dataclass(frozen=True, kw_only=True)
class EvaluationSpec:
    """What `vaeedit evaluate NAME` measures."""

    name: str
    summary: str
    target: str
    """'module:command' of a `click.Command`, imported when it runs; `evaluation_command` makes one from tasks."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveSpec:
    """Something that training can minimize; a recipe names it as the `kind` of its objective."""

    name: str
    summary: str
    target: str
    """'module:Class' of an `Objective`, which takes one `options` object."""
    options: type[Options] = Options


@dataclass(frozen=True, kw_only=True)
class RecipeSpec:
    """A ready recipe for `vaeedit train NAME`."""

    name: str
    summary: str
    resource: str
    """'package:path/in/package.yaml'."""


Spec = (
    OperationSpec | ArchitectureSpec | WeightsSpec | CommandSpec | EvaluationSpec | ObjectiveSpec | RecipeSpec
)


def load_target(target: str) -> Any:
    """Import 'module:attribute'; raises PluginError with the cause in the sentence."""
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:  # a plugin's module may raise anything
        raise PluginError(f"{target} could not be imported: {type(error).__name__}: {error}") from error
