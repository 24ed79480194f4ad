"""Checks of commands, evaluations, objectives and recipes."""

from collections.abc import Callable, Iterator
from functools import partial

import click

from vaeedit.cli.plugged import plugged_command
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import CommandSpec, EvaluationSpec
from vaeedit.extension.tables import Provided
from vaeedit.options import validate
from vaeedit.testing.training_step import check_objective
from vaeedit.training.objective import objective_of
from vaeedit.training.recipe import load_recipe


def others_checks(plugin: str, registry: Registry) -> Iterator[tuple[str, Callable[[], None]]]:
    """The checks of a plugin's commands, evaluations, objectives and recipes."""
    for command in registry.commands.of(plugin):
        yield f"{command.spec.name}-command", partial(check_command, command)
    for evaluation in registry.evaluations.of(plugin):
        yield f"{evaluation.spec.name}-evaluation", partial(check_command, evaluation)
    for objective in registry.objectives.of(plugin):
        yield f"{objective.spec.name}-objective", partial(check_objective, objective.spec)
    for recipe in registry.recipes.of(plugin):
        yield f"{recipe.spec.name}-recipe", partial(check_recipe, recipe.qualified, registry)


def check_command(item: Provided[CommandSpec] | Provided[EvaluationSpec]) -> None:
    """It is a click command, and the `--help` of it and of all commands below it can be shown."""
    command = plugged_command(item)
    _show(command, click.Context(command, info_name=item.spec.name))


def _show(command: click.Command, context: click.Context) -> None:
    """Make the help; raises AssertionError for a command that is listed and missing."""
    command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, (
                f"{command.name} lists {name} and has no such command; make it, or leave it out"
            )
            _show(below, click.Context(below, parent=context, info_name=name))


def check_recipe(name: str, registry: Registry) -> None:
    """The file is a recipe, and its architecture and its objective are registered and take their options."""
    recipe = load_recipe(name, registry)
    objective_of(recipe, registry)
    spec = registry.architectures.find(recipe.architecture).spec
    validate(spec.options, recipe.config, f"the recipe {name}")
