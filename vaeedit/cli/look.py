"""Commands that inspect many pictures and write none. They have the flags of all commands that make sense for them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaeedit.batch.jobs import Job
from vaeedit.batch.sinks import Sink
from vaeedit.cli.batch import run_on_files
from vaeedit.cli.files import Named
from vaeedit.cli.params import click_options, file_options, image_command
from vaeedit.extension.registry import registry
from vaeedit.settings import Settings

if TYPE_CHECKING:
    from vaeedit.pipeline.pipeline import Pipeline

FLAGS = (
    *(
        "device",
        "precision",
        "tile",
        "inputs",
        "recursive",
        "dry_run",
        "damaged",
        "workers",
        "threads",
        "time_limit",
        "engine",
        "scheduler",
    ),
    *("journal", "resume", "fail_fast", "allow_cpu", "as_json", "quiet", "debug"),
)


class Look(ABC):
    """How a command that only inspects pictures uses its results."""

    written: Sequence[Named] = ()
    """Files that its sinks write, each with its name in messages."""

    def sides(self, job: Job) -> Mapping[str, Path]:
        """Return side pictures that its sinks read, by name; existing files are replaced."""
        return {}

    @abstractmethod
    def sinks(self, jobs: Sequence[Job]) -> Sequence[Sink]:
        """Return the sinks that take the records; one of them prints the results."""


def look_command(
    name: str,
    params: Sequence[click.Parameter],
    callback: Callable[..., int],
    *,
    inputs: str,
    help: str,
    epilog: str,
) -> click.Command:
    """Return a command with its own `params`, the inputs, and the flags for settings, files and workers."""
    return image_command(name, params, callback, inputs=inputs, only=FLAGS, help=help, epilog=epilog)


def look_at_files(
    pipeline: "Pipeline", values: Mapping[str, Any], pictures: Mapping[str, str], look: Look
) -> int:
    """Run the pipeline on the files of a `look_command`; returns the exit code.

    `values` are the values of the command's flags. They may include other flags of all commands, such as `vae`, and
    `output`, the folder of the journal. `pictures` maps side pictures to the paths that the user typed. Raises UsageError.
    """
    every = click.Command(None, params=[*file_options(), *click_options(Settings)])
    values = {**every.make_context("look", ["-"]).params, **values}
    plan = pipeline.check(registry(), values["vae"])
    return run_on_files(plan, values, "", pictures, look=look)
