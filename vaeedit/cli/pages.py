"""The layout of help pages: options in sections, summaries in full length."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class CommandGroup(click.Group):
    """A group whose commands are listed with their whole summaries."""

    def summaries(self, ctx: click.Context) -> dict[str, str]:
        """Return what each command does, by name."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        return {name: summary_of(command) for name, command in commands if command is not None}

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        """Return the commands and options that begin so; no command is loaded for it."""
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=text)
            for name, text in self.summaries(ctx).items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write all commands in one section."""
        write_section(formatter, "Commands", self.summaries(ctx))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how to see the help of the first command."""
        for name in self.list_commands(ctx)[:1]:
            write_example(formatter, f"{ctx.command_path} {name} --help")


class SectionedCommand(click.Command):
    """A command whose help shows its options in sections, each with a title; empty sections are left out."""

    def __init__(self, name: str, sections: Mapping[str, Sequence[click.Parameter]], **settings: Any) -> None:
        super().__init__(
            name, params=[param for section in sections.values() for param in section], **settings
        )
        self.sections = sections

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections; --help comes last."""
        listed = {id(param) for section in self.sections.values() for param in section}
        others = [param for param in self.get_params(ctx) if id(param) not in listed]
        *first, (title, last) = self.sections.items()
        for name, section in [*first, (title, [*last, *others])]:
            rows = (param.get_help_record(ctx) for param in section if isinstance(param, click.Option))
            write_section(formatter, name, dict(row for row in rows if row is not None))


def summary_of(command: click.Command) -> str:
    """Return the short help of a command, or else the first paragraph of its help."""
    return command.short_help or (command.help or "").partition("\n\n")[0]


def write_example(formatter: click.HelpFormatter, text: str) -> None:
    """Write the example at the end of a page."""
    formatter.write_paragraph()
    formatter.write_text(f"Example: {text}")


def write_section(formatter: click.HelpFormatter, title: str, rows: Mapping[str, str]) -> None:
    """Write a list of names with their descriptions, under a title."""
    if rows:
        with formatter.section(title):
            formatter.write_dl(list(rows.items()))
