"""How help is laid out: options in sections, summaries in full."""

from collections.abc import Mapping, Sequence
from typing import Any

import click


class CommandGroup(click.Group):
    """A group whose commands are listed with their whole summaries."""

    def summaries(self, ctx: click.Context) -> dict[str, str]:
        """What each command does, by name."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        return {name: summary_of(command) for name, command in found if command is not None}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One section."""
        write_section(formatter, "Commands", self.summaries(ctx))


class SectionedCommand(click.Command):
    """A command whose options stand under titles; sections without options are left out."""

    def __init__(self, name: str, sections: Mapping[str, Sequence[click.Parameter]], **settings: Any) -> None:
        super().__init__(name, params=[one for section in sections.values() for one in section], **settings)
        self.sections = sections

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Section by section; --help comes last."""
        listed = {id(one) for section in self.sections.values() for one in section}
        others = [one for one in self.get_params(ctx) if id(one) not in listed]
        *first, (title, last) = self.sections.items()
        for name, section in [*first, (title, [*last, *others])]:
            rows = (one.get_help_record(ctx) for one in section if isinstance(one, click.Option))
            write_section(formatter, name, dict(row for row in rows if row is not None))


def summary_of(command: click.Command) -> str:
    """The short help, or the first paragraph of the help."""
    return command.short_help or (command.help or "").partition("\n\n")[0]


def write_section(formatter: click.HelpFormatter, title: str, rows: Mapping[str, str]) -> None:
    """A list of names and what they mean, under a title."""
    if rows:
        with formatter.section(title):
            formatter.write_dl(list(rows.items()))
