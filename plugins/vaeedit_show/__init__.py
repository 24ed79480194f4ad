"""VAEs in pictures: reconstructions and samples, walks through the latents, maps of them, and how training went.

`vaeedit_show.api` has the functions, for notebooks.
"""

from vaeedit.api import CommandSpec, hookimpl


@hookimpl
def vaeedit_commands() -> list[CommandSpec]:
    """The commands of `show`."""
    return [
        CommandSpec(
            name="show",
            summary="Show a VAE, its latents and its training in pictures, films and figures.",
            target="vaeedit_show.commands:show",
        )
    ]
