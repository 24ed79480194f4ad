"""Every page of help ends with an example that parses, has whole summaries, and shows a command's own options first."""

import re
import shlex

import click
import pytest

from vaeedit.cli.commands import cli
from vaeedit.cli.params import click_options, file_options
from vaeedit.extension.registry import registry
from vaeedit.options import fields
from vaeedit.settings import Settings


def pages(command=cli, parent=None, name="vaeedit"):
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
    yield context
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from pages(command.get_command(context, inner), context, inner)


PAGES = {context.command_path: context for context in pages()}


@pytest.mark.parametrize("path", PAGES)
def test_the_page_ends_with_an_example_that_can_be_typed(path):
    context = PAGES[path]
    end = context.command.get_help(context).rpartition("\n\n")[2].strip()
    assert end.startswith("Example: ")
    words = shlex.split(end.removeprefix("Example: "))
    assert words[: len(path.split())] == path.split()
    words = words[len(path.split()) :]
    while isinstance(context.command, click.Group):
        name, *words = words
        inner = context.command.get_command(context, name)
        context = click.Context(inner, info_name=name, parent=context)
    if words != ["--help"]:
        context.command.make_context(context.info_name, words, parent=context.parent)


@pytest.mark.parametrize(
    "option",
    [
        pytest.param(option, id=f"{path} {option.opts[-1]}")
        for path, context in PAGES.items()
        for option in context.command.get_params(context)
        if isinstance(option, click.Option) and not option.hidden
    ],
)
def test_every_option_has_a_sentence(option):
    assert option.help
    assert option.help[0] not in " -"
    assert option.help.rstrip().endswith(".")


@pytest.mark.parametrize("path", PAGES)
def test_summaries_are_whole(path):
    context = PAGES[path]
    lines = context.command.get_help(context).splitlines()
    assert not [line for line in lines if line.endswith("...") and "Usage" not in line]


@pytest.mark.parametrize(
    "path", [path for path in PAGES if "--fail-fast" in PAGES[path].command.get_help(PAGES[path])]
)
def test_options_of_all_commands_come_last(path):
    context = PAGES[path]
    text = context.command.get_help(context)
    shared = {param.opts[-1] for param in [*file_options(), *click_options(Settings)]}
    own = {
        param.opts[-1] for param in context.command.get_params(context) if isinstance(param, click.Option)
    } - {*shared, "--help"}
    places = {
        flag: re.search(rf"^ +(-\w, )?{flag}\b", text, re.MULTILINE).start() for flag in {*own, "--device"}
    }
    assert all(places[flag] < places["--device"] < text.index("--fail-fast") for flag in own)


def test_commands_that_share_options_are_found():
    wanted = {"vaeedit run", "vaeedit chain", "vaeedit anomaly score"}
    assert wanted <= {path for path in PAGES if "--fail-fast" in PAGES[path].command.get_help(PAGES[path])}


@pytest.mark.parametrize("name", sorted(set(registry().operations.bare) - set(registry().commands.bare)))
def test_own_options_come_first_and_files_last(name):
    context = PAGES[f"vaeedit {name}"]
    text = context.command.get_help(context)
    spec = registry().operations.bare[name].spec
    own = [f"--{field.flag}" for field in fields(spec.options).values()]
    places = [text.index(flag) for flag in [*own, *(f"--{map_name}" for map_name in spec.maps)]]
    assert max(places, default=0) < text.index("--device") < text.index("--output")


def test_an_example_is_not_for_groups_alone():
    assert len(PAGES) > 20
