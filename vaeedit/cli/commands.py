"""The command `vaeedit`: its fixed commands, commands of plugins, and one command for every operation."""

from typing import Any

import click

from vaeedit import __version__
from vaeedit.cli import console
from vaeedit.cli.compare import compare
from vaeedit.cli.completion import completion
from vaeedit.cli.data import data
from vaeedit.cli.doctor import doctor
from vaeedit.cli.info import info
from vaeedit.cli.lists import ops
from vaeedit.cli.models import models
from vaeedit.cli.operations import operation_command, plain_operations
from vaeedit.cli.pages import CommandGroup, summary_of, write_example, write_section
from vaeedit.cli.pipeline import pipeline
from vaeedit.cli.plugged import PluggedGroup, plugged_command
from vaeedit.cli.plugins import plugins
from vaeedit.cli.run import chain, run
from vaeedit.cli.serve import serve
from vaeedit.cli.train import train
from vaeedit.cli.ui import ui
from vaeedit.errors import UnknownName
from vaeedit.extension.registry import registry
from vaeedit.extension.reserved import COMMANDS

evaluate = PluggedGroup(
    "evaluate", lambda: registry().evaluations, help="Measure an operation on a folder of reference images."
)
_MADE = (
    *(run, chain, pipeline, train, data, evaluate, compare, serve, ui),
    *(info, doctor, ops, models, plugins, completion),
)
FIXED = dict(zip(COMMANDS, _MADE, strict=True))


class Commands(CommandGroup):
    """The fixed commands, those of plugins, and the operations; a command is made only when it is needed.

    If several have the same name, the first in this order is used; the others are available as 'plugin:name'.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, operations first."""
        return [*_operations(), *_commands()]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the command called 'name' or 'plugin:name'; the error for an unknown name suggests a similar one."""
        found = registry()
        if name in FIXED:
            return FIXED[name]
        command = found.commands.bare.get(name) or found.commands.qualified.get(name)
        if command is not None:
            return plugged_command(command)
        try:
            return operation_command(found.operations.find(name))
        except UnknownName:
            raise click.UsageError(str(_unknown(name))) from None

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write an example with the first operation that needs only a picture."""
        for name in plain_operations()[:1]:
            write_example(formatter, f"vaeedit {name} in.jpg")

    def invoke(self, ctx: click.Context) -> Any:
        """Warn of wrong names in the environment, and run the command."""
        for text in registry().warnings:
            console.warn(text)
        return super().invoke(ctx)

    def summaries(self, ctx: click.Context) -> dict[str, str]:
        """Return the summaries of the specs; nothing is imported."""
        return {**_operations(), **_commands()}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write operations and commands in two sections, from the specs; nothing is imported."""
        for title, rows in (("Operations", _operations()), ("Commands", _commands())):
            write_section(formatter, title, rows)


def _operations() -> dict[str, str]:
    """Return the summaries of the operations, by name, without those that a command of the same name hides."""
    hidden = _commands()
    found = registry().operations.bare
    return {name: found[name].spec.summary for name in sorted(found) if name not in hidden}


def _commands() -> dict[str, str]:
    """Return the summaries of the fixed commands and of those of plugins, by name."""
    fixed = {name: summary_of(command) for name, command in FIXED.items()}
    plugged = {name: item.spec.summary for name, item in sorted(registry().commands.bare.items())}
    return {**plugged, **fixed}


def _unknown(name: str) -> UnknownName:
    """Return the error for a name that no operation and no command has."""
    found = registry()
    tables = (found.operations, found.commands)
    qualified = ":" in name
    known = dict.fromkeys(each for table in tables for each in (table.qualified if qualified else table.bare))
    why, owner = found.why_missing(("operations", "commands"), name)
    return UnknownName("command", name, [*known, *([] if qualified else FIXED)], why, owner=owner)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vaeedit")
def cli() -> None:
    """Edit images through the latent space of trained variational autoencoders."""
