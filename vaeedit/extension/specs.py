"""Specs: frozen descriptions of what a plugin provides. The classes that they name are imported at first use."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy

from vaeedit.errors import PluginError
from vaeedit.extension.prints import prints_to_stderr
from vaeedit.options import Options, flag_of
from vaeedit.settings import Masking

MASK = "mask"
"""Name of the extra input that limits an edit to a part of the picture."""
MASKING = tuple(flag_of(name) for name in Masking.__struct_fields__)
"""Flags of the options that say how it is used."""
VAE_MEMBERS = ("vae", "calibrated", "conditions", "latent", "delta")
"""Members of an operation's spec that say how it uses a VAE."""
CONTRACT = 1
"""Version of everything that a plugin may rely on; it increases only when some of that is removed or changed."""

hookimpl = pluggy.HookimplMarker("vaeedit")
"""Marks a function of a plugin module as the implementation of a hook in `vaeedit.extension.hooks`."""


@dataclass(frozen=True, kw_only=True)
class OperationSpec:
    """An operation on images: its name, its inputs and side results, and the class that does the work."""

    name: str
    """Lower-case words joined by dashes; the name of the command."""
    summary: str
    """One line for `vaeedit --help`."""
    target: str
    """'module:Class' of an `Edit`, a `Join`, an `Inspect` or, without a VAE, an `Operation`; imported at first use."""
    options: type[Options] = Options
    """The class of its options; an object of it is `Operation.options`."""
    uses_vae: bool = True
    """False for an operation on pixels: `target` derives from `Operation` itself, so only `before` and `after` run.

    Its spec declares no `vae`, `calibrated`, `conditions`, `latent` or `delta`; no VAE is loaded, and torch is not imported.
    """
    vae: str = ""
    """Default VAE: the name of shipped weights; empty where the user must name one."""
    calibrated: bool = False
    """True if the VAE's header must hold a calibration made by fitting; a VAE without one is refused before it loads."""
    conditions: tuple[str, ...] = ()
    """Names of the conditions that `before` sets; a VAE that does not support all of them is refused before it loads."""
    extra_inputs: Mapping[str, str] = field(default_factory=dict)
    """Extra inputs, name -> description; each becomes `--NAME FILE` and a key of a pipeline's step.

    A folder means all pictures in it.
    """
    needs: tuple[str, ...] = ()
    """Names of the extra inputs that are required."""
    variadic: str = ""
    """The extra input that takes the second, third, ... argument of the command, unless its flag is used."""
    latent: bool = False
    """True if `edit` alone changes the image: neighboring steps of that kind with one VAE share its encode and decode.

    `before` must return its frames unchanged, and `after` its frame; what is inspected is the image before all these steps.
    """
    delta: bool = False
    """True to add only the change to the image, x + D(edited) - D(latents), so that nothing else of it is lost."""
    any_color_space: bool = False
    """True if it works as well in any color space whose curves are like those of sRGB, as removing noise does.

    A picture with such a profile is then not converted to sRGB, which clips colors and spreads noise over channels.
    """
    film: bool = False
    """True if the result has a film, which is written where the output's name ends in .gif or .mp4."""
    maps: Mapping[str, str] = field(default_factory=dict)
    """Side results that are pictures, name -> description; each becomes `--NAME FILE`."""

    @property
    def takes_mask(self) -> bool:
        """Whether the core limits the edit to a mask; False for films, and if the operation uses one of the names itself."""
        own = {*map(flag_of, self.options.__struct_fields__), *self.extra_inputs, *self.maps}
        return not self.film and own.isdisjoint((MASK, *MASKING))

    @property
    def inputs(self) -> Mapping[str, str]:
        """The extra inputs, and the mask if the core takes one."""
        mask = "Picture that is white where the picture is edited and black where it is kept; grays blend."
        return {**self.extra_inputs, **({MASK: mask} if self.takes_mask else {})}


@dataclass(frozen=True, kw_only=True)
class ArchitectureSpec:
    """One architecture: the class of the network and its hyper-parameters."""

    name: str
    """Lower-case words joined by dashes, unique among architectures; headers of VAE files hold it."""
    summary: str
    """One line for lists."""
    target: str
    """'module:Class'; the class takes one `options` object and satisfies `VAE`, or `Network` where `kind` is another."""
    options: type[Options] = Options
    """The class of its hyper-parameters."""
    kind: str = "VAE"
    """What the network is, in messages. One of another kind is trained, stored and used by plugins, but edits no image."""
    detect: str = ""
    """'module:function' for `vaeedit models convert`: from the shapes of tensors by name to the options, or None."""
    folder: str = ""
    """'module:function' from a folder (Path) to the `FolderVae` in it, or None for any other folder."""
    fetch: Mapping[str, str] = field(default_factory=dict)
    """PREFIX -> 'module:function' from TEXT to a local folder (Path), for `--vae PREFIX:TEXT`."""


@dataclass(frozen=True, kw_only=True)
class FolderVae:
    """A VAE in a folder that other software wrote."""

    name: str
    """Name of the VAE in messages and in the header of a converted file."""
    config: Mapping[str, Any]
    """The options of the architecture."""
    folder: Path
    """Where the files are: the given folder, or one inside it."""
    tensors: Callable[[], Mapping[str, Any]]
    """Reads the weights, by their names in the network; must never open a pickle."""
    summary: str = ""
    """One line for `vaeedit models info`."""


@dataclass(frozen=True, kw_only=True)
class WeightsSpec:
    """A trained VAE that ships with a plugin."""

    name: str
    """Lower-case words joined by dashes; what `--vae` takes."""
    summary: str
    """One line for `vaeedit models`."""
    resource: str
    """'package:path/in/package.safetensors'."""


@dataclass(frozen=True, kw_only=True)
class CommandSpec:
    """A command of `vaeedit` that is not an operation; it hides an operation of the same name."""

    name: str
    """Lower-case words joined by dashes; the name of the command."""
    summary: str
    """One line for `vaeedit --help`."""
    target: str
    """'module:command' of a `click.Command`, imported when it runs or shows its help."""


@dataclass(frozen=True, kw_only=True)
class EvaluationSpec:
    """An evaluation: what `vaeedit evaluate NAME` measures."""

    name: str
    """Lower-case words joined by dashes; the name of the command below `evaluate`."""
    summary: str
    """One line for `vaeedit evaluate --help`."""
    target: str
    """'module:command' of a `click.Command`, imported when it runs; `evaluation_command` makes one from tasks."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveSpec:
    """An objective that training can minimize; a recipe names it as the `kind` of its objective."""

    name: str
    """Lower-case words joined by dashes; the `kind` that recipes name."""
    summary: str
    """One line for the docs."""
    target: str
    """'module:Class' of an `Objective`, which takes one `options` object."""
    options: type[Options] = Options
    """The class of its options, which stand beside `kind` in a recipe."""


@dataclass(frozen=True, kw_only=True)
class RecipeSpec:
    """A ready recipe for `vaeedit train NAME`."""

    name: str
    """Lower-case words joined by dashes; what `vaeedit train` takes."""
    summary: str
    """One line for `vaeedit train --help`."""
    resource: str
    """'package:path/in/package.yaml'."""


Spec = (
    OperationSpec | ArchitectureSpec | WeightsSpec | CommandSpec | EvaluationSpec | ObjectiveSpec | RecipeSpec
)


def load_target(target: str) -> Any:
    """Import 'module:attribute'; raises PluginError with the cause in its message."""
    module, _, attribute = target.partition(":")
    try:
        with prints_to_stderr():
            return getattr(importlib.import_module(module), attribute)
    except Exception as error:  # a plugin's module may raise anything
        raise PluginError(f"{target} could not be imported: {type(error).__name__}: {error}") from error


def call_target(target: str, *arguments: Any) -> Any:
    """Import 'module:function' and call it; what it prints goes to stderr. Raises PluginError, and what the call raises."""
    called = load_target(target)
    with prints_to_stderr():
        return called(*arguments)
