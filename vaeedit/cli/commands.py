"""`vaeedit`: fixed commands, and one generated for every operation that a plugin provides."""

import click

from vaeedit import __version__
from vaeedit.cli.anomaly import anomaly
from vaeedit.cli.doctor import doctor
from vaeedit.cli.evaluate import evaluate
from vaeedit.cli.info import info
from vaeedit.cli.lists import ops, plugins
from vaeedit.cli.models import models
from vaeedit.cli.operations import operation_command
from vaeedit.cli.pipeline import pipeline
from vaeedit.cli.run import chain, run
from vaeedit.cli.train import train
from vaeedit.errors import UnknownName
from vaeedit.plugins import registry

COMMANDS = (run, chain, pipeline, anomaly, train, evaluate, info, doctor, ops, models, plugins)
FIXED = {command.name: command for command in COMMANDS}


class Commands(click.Group):
    """The fixed commands and the operations; an operation's parameters are made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, operations first."""
        return [
            *(name for name in sorted(registry().operations.bare) if name not in FIXED),
            *(name for name in FIXED if name),
        ]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A fixed command, or an operation by 'name' or 'plugin:name'; the error names the nearest."""
        if name in FIXED:
            return FIXED[name]
        try:
            return operation_command(registry().operations.find(name))
        except UnknownName:
            raise click.UsageError(_why_unknown(name)) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Two sections; operations are listed from their specs, nothing is built."""
        operations = registry().operations.bare
        if operations:
            with formatter.section("Operations"):
                formatter.write_dl(
                    [
                        (name, operations[name].spec.summary)
                        for name in sorted(operations)
                        if name not in FIXED
                    ]
                )
        with formatter.section("Commands"):
            formatter.write_dl(
                [(str(name), command.get_short_help_str(70)) for name, command in FIXED.items()]
            )


CURES = {
    "broken": "Update it, or remove it with: pip uninstall {}",
    "refused": "Otherwise remove it with: pip uninstall {}",
    "off": "Add it to VAEEDIT_PLUGINS, or unset that variable.",
}


def _why_unknown(name: str) -> str:
    """Why there is no such command: its plugin does not work, or the name is mistyped."""
    plugin, qualified, _ = name.partition(":")
    found = registry()
    for report in found.reports:
        if report.plugin == plugin and report.state in CURES:
            cure = CURES[report.state].format(report.distribution)
            return f"The plugin {plugin} of the package {report.distribution} is {report.state}: {report.reason}. {cure}"
    known = found.operations.qualified if qualified else [*found.operations.bare, *FIXED]
    return str(UnknownName("command", name, [str(known_name) for known_name in known]))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vaeedit")
def cli() -> None:
    """Edit images through the latent space of trained variational autoencoders.

    Try: vaeedit denoise photo.jpg
    """
