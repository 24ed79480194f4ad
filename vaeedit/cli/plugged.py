"""Commands of plugins: listed from their specs, imported when they run or when their own help is shown."""

from collections.abc import Callable
from typing import Any

import click

from vaeedit.cli.pages import CommandGroup
from vaeedit.errors import PluginError, UnknownName
from vaeedit.extension.specs import CommandSpec, EvaluationSpec, load_target
from vaeedit.extension.tables import Provided, Table


def plugged_command(provided: Provided[CommandSpec] | Provided[EvaluationSpec]) -> click.Command:
    """Load the command of a spec, with the name and the summary of the spec; raises PluginError."""
    spec = provided.spec
    command = load_target(spec.target)
    if not isinstance(command, click.Command):
        raise PluginError(f"{spec.target} of {provided.qualified} is not a click command.")
    command.name = spec.name
    command.help = command.help or spec.summary
    command.short_help = spec.summary
    command.epilog = (command.epilog or "").replace("{name}", spec.name)
    return command


class PluggedGroup(CommandGroup):
    """A group whose commands are a table of the registry."""

    def __init__(self, name: str, table: Callable[[], Table[Any]], **settings: Any) -> None:
        super().__init__(name, **settings)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names."""
        return sorted(self.table().bare)

    def get_command(self, ctx: click.Context, name: str) -> click.Command:
        """Return the command called 'name' or 'plugin:name'; the error for an unknown name suggests a similar one."""
        try:
            return plugged_command(self.table().find(name))
        except UnknownName as error:
            raise click.UsageError(str(error), ctx) from None

    def summaries(self, ctx: click.Context) -> dict[str, str]:
        """Return the summaries of the specs; nothing is imported."""
        return {name: item.spec.summary for name, item in sorted(self.table().bare.items())}
