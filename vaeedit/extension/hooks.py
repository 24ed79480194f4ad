"""All hooks: everything that a plugin can add.

A plugin is a module named by an entry point in the group ``vaeedit``. It implements any of the hooks below
with `vaeedit.api.hookimpl`. Hooks return descriptions only, so the module must import nothing heavy::

    # pyproject.toml
    [project.entry-points.vaeedit]
    acme-grain = "acme_grain"
"""

import pluggy

from vaeedit.extension.specs import (
    ArchitectureSpec,
    CommandSpec,
    EvaluationSpec,
    ObjectiveSpec,
    OperationSpec,
    RecipeSpec,
    WeightsSpec,
)

hookspec = pluggy.HookspecMarker("vaeedit")


@hookspec
def vaeedit_operations() -> list[OperationSpec]:  # type: ignore[empty-body]
    """The operations of this plugin, each a command and a pipeline step.

    >>> from vaeedit.api import OperationSpec, hookimpl
    >>> @hookimpl
    ... def vaeedit_operations():
    ...     return [OperationSpec(name="soften", summary="Remove all detail.", vae="acme-film",
    ...                           target="acme_soften.operation:Soften")]
    >>> vaeedit_operations()[0].name
    'soften'
    """


@hookspec
def vaeedit_architectures() -> list[ArchitectureSpec]:  # type: ignore[empty-body]
    """The VAE architectures of this plugin, which the headers of VAE files refer to by name.

    >>> from vaeedit.api import ArchitectureSpec, hookimpl
    >>> @hookimpl
    ... def vaeedit_architectures():
    ...     return [ArchitectureSpec(name="acme-vq", summary="A flat VAE.", target="acme_vq.net:Net")]
    >>> vaeedit_architectures()[0].target
    'acme_vq.net:Net'
    """


@hookspec
def vaeedit_weights() -> list[WeightsSpec]:  # type: ignore[empty-body]
    """The trained VAEs that ship inside this plugin's package.

    >>> from vaeedit.api import WeightsSpec, hookimpl
    >>> @hookimpl
    ... def vaeedit_weights():
    ...     return [WeightsSpec(name="acme-film", summary="Film grain.",
    ...                         resource="acme_grain:film.safetensors")]
    >>> vaeedit_weights()[0].name
    'acme-film'
    """


@hookspec
def vaeedit_commands() -> list[CommandSpec]:  # type: ignore[empty-body]
    """The commands of this plugin that are not operations.

    >>> from vaeedit.api import CommandSpec, hookimpl
    >>> @hookimpl
    ... def vaeedit_commands():
    ...     return [CommandSpec(name="acme", summary="Ask the scanner.", target="acme_scan.cli:acme")]
    >>> vaeedit_commands()[0].target
    'acme_scan.cli:acme'
    """


@hookspec
def vaeedit_evaluations() -> list[EvaluationSpec]:  # type: ignore[empty-body]
    """The evaluations of this plugin, for `vaeedit evaluate NAME`.

    >>> from vaeedit.api import EvaluationSpec, hookimpl
    >>> @hookimpl
    ... def vaeedit_evaluations():
    ...     return [EvaluationSpec(name="soften", summary="Measure what is left.",
    ...                            target="acme_soften.evaluation:soften")]
    >>> vaeedit_evaluations()[0].name
    'soften'
    """


@hookspec
def vaeedit_objectives() -> list[ObjectiveSpec]:  # type: ignore[empty-body]
    """The objectives of this plugin, which training can minimize.

    >>> from vaeedit.api import ObjectiveSpec, hookimpl
    >>> @hookimpl
    ... def vaeedit_objectives():
    ...     return [ObjectiveSpec(name="acme-l2", summary="Squared error.", target="acme_vq.loss:SquaredError")]
    >>> vaeedit_objectives()[0].name
    'acme-l2'
    """


@hookspec
def vaeedit_recipes() -> list[RecipeSpec]:  # type: ignore[empty-body]
    """Ready recipes for `vaeedit train NAME`.

    >>> from vaeedit.api import RecipeSpec, hookimpl
    >>> @hookimpl
    ... def vaeedit_recipes():
    ...     return [RecipeSpec(name="acme-film", summary="Film grain.", resource="acme_grain:film.yaml")]
    >>> vaeedit_recipes()[0].resource
    'acme_grain:film.yaml'
    """
