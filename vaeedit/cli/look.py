"""Commands that look at many pictures and write none: their flags are those of every command, but fewer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaeedit.batch.jobs import Job
from vaeedit.batch.sinks import Sink
from vaeedit.cli.batch import file_options, run_on_files
from vaeedit.cli.files import Named
from vaeedit.cli.pages import SectionedCommand
from vaeedit.cli.params import click_options
from vaeedit.extension.registry import registry
from vaeedit.settings import Settings

if TYPE_CHECKING:
    from vaeedit.pipeline.pipeline import Pipeline

FLAGS = (
    *("inputs", "recursive", "dry_run", "damaged", "workers", "threads", "time_limit", "engine", "scheduler"),
    *("journal", "resume", "fail_fast", "allow_cpu", "as_json", "debug"),
)


class Look(ABC):
    """What a command does with its results that only looks at pictures."""

    written: Sequence[Named] = ()
    """Files that its sinks write, as messages call them."""

    def sides(self, job: Job) -> Mapping[str, Path]:
        """Further side pictures, which its sinks read, by name; what is there is replaced."""
        return {}

    @abstractmethod
    def sinks(self, jobs: Sequence[Job]) -> Sequence[Sink]:
        """What receives the records; one of them prints them."""


def look_command(
    name: str,
    params: Sequence[click.Parameter],
    callback: Callable[..., int],
    *,
    inputs: str,
    help: str,
    epilog: str,
) -> click.Command:
    """A command with these parameters of its own, the inputs, and the flags about files, workers and how it runs."""
    argument, *files = file_options(inputs, FLAGS)
    sections: dict[str, Sequence[click.Parameter]] = {
        "Options": [argument, *params],
        "How it runs": [option for option in click_options(Settings) if option.name not in ("vae", "seed")],
        "Files": files,
    }
    return SectionedCommand(name, sections, callback=callback, help=help, epilog=epilog)


def look_at_files(
    pipeline: "Pipeline", values: Mapping[str, Any], pictures: Mapping[str, str], look: Look
) -> int:
    """Run the pipeline on the files of `look_command`; gives the exit code.

    `values` may hold those of other flags of every command, such as `vae`, and `output`, the folder of the journal.
    `pictures` are the side pictures and where the user wants each.
    """
    every = click.Command(None, params=[*file_options(), *click_options(Settings)])
    values = {**every.make_context("look", ["-"]).params, **values}
    plan = pipeline.check(registry(), values["vae"])
    return run_on_files(plan, values, "", pictures, look=look)
