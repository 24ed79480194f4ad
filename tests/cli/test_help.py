"""Every page of help has an example that parses, whole summaries, and an operation's own options first."""

import shlex

import click
import pytest

from vaeedit.cli.commands import cli
from vaeedit.extension.registry import registry


def pages(command=cli, parent=None, name="vaeedit"):
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
    yield context
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from pages(command.get_command(context, inner), context, inner)


PAGES = {context.command_path: context for context in pages()}


@pytest.mark.parametrize(
    "path", [path for path, one in PAGES.items() if not isinstance(one.command, click.Group)]
)
def test_the_example_can_be_typed(path):
    context = PAGES[path]
    _, example, words = context.command.get_help(context).rpartition("Example: ")
    assert example
    words = shlex.split(words)
    assert words[: len(path.split())] == path.split()
    context.command.make_context(context.info_name, words[len(path.split()) :], parent=context.parent)


@pytest.mark.parametrize("path", PAGES)
def test_summaries_are_whole(path):
    context = PAGES[path]
    lines = context.command.get_help(context).splitlines()
    assert not [line for line in lines if line.endswith("...") and "Usage" not in line]


@pytest.mark.parametrize("name", sorted(set(registry().operations.bare) - set(registry().commands.bare)))
def test_own_options_come_first_and_files_last(name):
    context = PAGES[f"vaeedit {name}"]
    text = context.command.get_help(context)
    spec = registry().operations.bare[name].spec
    own = [f"--{option.replace('_', '-')}" for option in spec.options.__struct_fields__]
    places = [text.index(flag) for flag in [*own, *(f"--{map_name}" for map_name in spec.maps)]]
    assert max(places, default=0) < text.index("--device") < text.index("--output")


def test_an_example_is_not_for_groups_alone():
    assert len(PAGES) > 20
