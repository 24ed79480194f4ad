"""The whole extension surface.

A plugin is a module named by an entry point in the group ``vaeedit``. It implements any of the hooks below
with `vaeedit.api.hookimpl`. Hooks return descriptions only, so the module must import nothing heavy::

    # pyproject.toml
    [project.entry-points.vaeedit]
    acme-grain = "acme_grain"
"""

import pluggy

from vaeedit.specs import ArchitectureSpec, OperationSpec, WeightsSpec

hookspec = pluggy.HookspecMarker("vaeedit")


@hookspec
def vaeedit_operations() -> list[OperationSpec]:  # type: ignore[empty-body]
    """The operations of this plugin, each a command and a pipeline step.

    >>> from vaeedit.api import OperationSpec, hookimpl
    >>> @hookimpl
    ... def vaeedit_operations():
    ...     return [OperationSpec(name="soften", summary="Remove all detail.", vae="denoise",
    ...                           target="acme_soften.operation:Soften")]
    >>> vaeedit_operations()[0].name
    'soften'
    """


@hookspec
def vaeedit_architectures() -> list[ArchitectureSpec]:  # type: ignore[empty-body]
    """The VAE architectures of this plugin: what weights files may name in their header.

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
