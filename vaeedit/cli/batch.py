"""Flags that every command on images has, and the run they ask for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaeedit.batch.clashes import real
from vaeedit.batch.history import History, read_history
from vaeedit.batch.jobs import EXISTS, Job, remove_leftovers
from vaeedit.batch.journal import NAME, Journal
from vaeedit.batch.lock import Claim
from vaeedit.batch.sinks import Sink
from vaeedit.batch.sources import LIST, STREAM, find_sources
from vaeedit.batch.watch import Watch
from vaeedit.cli import console, interrupts
from vaeedit.cli.params import Duration, click_options
from vaeedit.cli.plan import Planner, journal_of, output_folder
from vaeedit.cli.report import Reporter
from vaeedit.errors import UsageError
from vaeedit.limits import require_address_space
from vaeedit.settings import DAMAGED, POLICIES, STEP_KEYS, Settings

if TYPE_CHECKING:
    from vaeedit.batch.batch_spec import BatchSpec
    from vaeedit.batch.run import Engine
    from vaeedit.cli.look import Look
    from vaeedit.pipeline.plan import Plan


def file_options(inputs: str = "INPUTS...", only: Collection[str] | None = None) -> list[click.Parameter]:
    """Inputs, and the flags about files, workers and printing; `only` those whose values have these names."""
    options = [
        click.Argument(["inputs"], nargs=-1, required=True, metavar=inputs),
        _text("-o", "--output", metavar="FILE|DIR|-", help="Where the result goes; by default IN.OPERATION.jpg beside it."),
        _flag("-r", "--recursive", help="Search folders with all their sub-folders, which the output mirrors."),
        _flag("--in-place", help="Replace the inputs."),
        _choice("--exists", EXISTS, "error", "What to do where an output exists."),
        _text("--compare", metavar="FILE", help="Also write a before/after picture."),
        _flag("--dry-run", help="Say what would be done, and do nothing."),
        _choice("--metadata", POLICIES, "keep", "What of EXIF, XMP and the like outputs keep; minimal: the color profile."),
        _choice("--damaged", DAMAGED, "error", "What to do with a damaged picture; warn: edit what can be read of it."),
        _flag("--no-provenance", help="Outputs do not say how they were made."),
        _number("--workers", 1, "Processes that work side by side."),
        _number("--threads", None, "CPU threads of each worker; by default the cores are shared out."),
        click.Option(["--time-limit"], type=Duration(), metavar="TIME",
                     help="Give up a picture that takes longer, such as 90s or 2m, and go on; off by default."),
        _choice("--engine", ("local", "dask"), "local", "Who does the work: this machine, or a Dask cluster."),
        _text("--scheduler", metavar="ADDRESS", help="Of a Dask cluster; without one, --engine dask starts its own."),
        _text("--journal", metavar="FILE", help=f"Where a line for every file goes; by default {NAME} in the output folder."),
        _flag("--resume", help="Skip outputs that the journal records as complete; make the rest."),
        _flag("--watch", help="Wait for new pictures in the folders, until Ctrl-C."),
        _flag("--fail-fast", help="Stop at the first file that fails."),
        _flag("--allow-cpu", help="Do on the CPU what does not fit into the GPU's memory."),
        _text("--report", metavar="FILE", help="Write a summary as JSON."),
        _flag("--json", "as_json", help="Report as one JSON line a file."),
        debug_option(),
    ]  # fmt: skip
    return [option for option in options if only is None or option.name in only]


def reserved() -> frozenset[str]:
    """Names that no operation may use for an option, a map or a picture."""
    flags = [flag for option in (*file_options(), *click_options(Settings)) for flag in option.opts]
    return frozenset({flag.lstrip("-") for flag in flags} | {*STEP_KEYS, "help"})


def debug_option() -> click.Option:
    """Every command has it; errors then come with their traceback."""
    return _flag("--debug", help="Show the traceback of an error.")


def json_option() -> click.Option:
    """Of commands that print facts rather than do work."""
    return _flag("--json", "as_json", help="One JSON line each.")


def run_on_files(
    plan: "Plan",
    values: Mapping[str, Any],
    name: str,
    pictures: Mapping[str, str],
    beside: Sequence[str] = (),
    read: Iterable[tuple[str, Path]] = (),
    look: "Look | None" = None,
) -> int:
    """Do what the plan and the flags in `values` ask for; returns the exit code.

    `name` goes into default output names, `pictures` maps side pictures to what the user typed, and maps in `beside`
    are written beside each output. `read` are further files that no output may replace, as messages call them. With a
    `look` no result is written, and its sinks take the records.
    """
    require_address_space()
    journal = journal_of(values)
    if (values["resume"] or values["watch"]) and journal is None:
        raise UsageError("--resume and --watch need an output folder (-o DIR) or a --journal.")
    if values["watch"]:
        _require_watchable(values)
    if values["compare"]:
        pictures = {**pictures, "compare": values["compare"]}
    planner = Planner(plan, values, name, pictures, beside, [*read], look)
    history = History()
    watch = Watch(
        partial(find_sources, values["inputs"], recursive=values["recursive"]),
        lambda sources: planner.settled(planner.placed(sources), history),
    )
    with ExitStack() as claims:
        jobs = planner.placed(watch.found() if values["watch"] else watch.find())
        if journal is not None and not values["dry_run"]:
            _claim(claims, values, journal)
        history = _history(values, journal)
        jobs = planner.settled(jobs, history)
        if values["dry_run"]:
            return _say_plan(plan, jobs)
        _require_no_streams(values, jobs)
        return _run(planner, jobs, journal, history, watch if values["watch"] else None)


def _require_watchable(values: Mapping[str, Any]) -> None:
    """Raise UsageError for what does not go together with --watch."""
    if values["workers"] > 1 or values["engine"] != "local":
        raise UsageError("--watch works with one local worker; leave out --workers and --engine.")
    if {STREAM, LIST + STREAM} & {*values["inputs"], values["output"]}:
        raise UsageError(
            "--watch looks at its inputs again and again; standard input and output (-) are read once."
        )


def _require_no_streams(values: Mapping[str, Any], jobs: Sequence[Job]) -> None:
    """Raise UsageError for standard input or output where other processes do the work."""
    streams = any(job.source is None or job.output == STREAM for job in jobs)
    if streams and (values["workers"] > 1 or values["engine"] == "dask" or values["time_limit"]):
        raise UsageError(
            "Standard input and output belong to one process; leave out --workers, --engine and --time-limit."
        )


def _claim(claims: ExitStack, values: Mapping[str, Any], journal: Path) -> None:
    """Keep other runs away from the journal, and from the output folder where that has another."""
    own = {real(journal)}
    folder = output_folder(values)
    if folder is not None:
        own.add(real(folder / NAME))
    for path in sorted(own):
        claims.enter_context(Claim(path))


def _history(values: Mapping[str, Any], journal: Path | None) -> History:
    """What is known where a run is resumed; raises UsageError for a journal that cannot tell enough."""
    if journal is None or not values["resume"]:
        return History()
    history = read_history(journal)
    if history.damaged:
        first, *others = history.damaged
        more = f" (and {len(others)} more)" if others else ""
        told = f"Line {first}{more} of the journal {journal} is damaged"
        if values["in_place"]:
            raise UsageError(
                f"{told}, so it does not tell which pictures have been replaced already; "
                "look at them, and name those that are left, without --resume."
            )
        console.warn(f"{told}; outputs that nothing else tells of count as files of somebody else.")
    return history


def _run(
    planner: Planner, jobs: Sequence[Job], journal: Path | None, history: History, watch: Watch | None
) -> int:
    """Do the jobs or, with a `watch`, all that come; an interrupt is the ordinary end of the latter."""
    from vaeedit.batch.run import run_batch
    from vaeedit.batch.summary import Summary

    values, engine = planner.values, engine_of(planner.values)
    summary = Summary(Path(values["report"]) if values["report"] else None)
    if values["resume"]:
        remove_leftovers(jobs, history.processes)
    idle = watch is None and all(job.skipped for job in jobs)
    sinks: list[Sink] = [history] if watch else []  # what is made may be replaced when its picture changes
    if planner.look is None:
        sinks.append(Reporter(None if watch else len(jobs), as_json=values["as_json"]))
    else:
        sinks += planner.look.sinks(jobs)
    with ExitStack() as entered:
        for sink in (summary, *sinks):
            entered.enter_context(sink)
        try:
            run_batch(
                order_of(planner.plan, values),
                watch.jobs() if watch else jobs,
                engine,
                journal=Journal(journal, resumes=values["resume"]) if journal and not idle else None,
                history=history,
                fail_fast=values["fail_fast"],
                results_stay=watch is None,
                sinks=sinks,
                summary=summary,
            )
        except KeyboardInterrupt:
            if watch is None:
                raise
            interrupts.stop_listening()
    if watch or (len(jobs) > 1 and not values["as_json"]):
        console.note(summary.sentence(None if watch else len(jobs)))
    return console.FAILED if summary.failures else console.OK


def engine_of(values: Mapping[str, Any]) -> "Engine":
    """Who does the work; raises UsageError or MissingExtra."""
    from vaeedit.batch.engines import choose

    names = ("workers", "scheduler", "debug")
    return choose(values["engine"], limit=values["time_limit"], **{name: values[name] for name in names})


def order_of(plan: "Plan", values: Mapping[str, Any]) -> "BatchSpec":
    """What is to be done to every file."""
    from vaeedit.batch.batch_spec import BatchSpec

    return BatchSpec(
        plan,
        Settings(**{name: values[name] for name in Settings.__struct_fields__}),
        _threads(values),
        values["allow_cpu"],
        values["metadata"],
        not values["no_provenance"],
        values["damaged"],
    )


def _threads(values: Mapping[str, Any]) -> int | None:
    """Cores are shared out among the workers, so that they do not fight for them."""
    import os

    asked: int | None = values["threads"]
    workers: int = values["workers"]
    return asked if asked or workers == 1 else max(1, (os.cpu_count() or 1) // workers)


def _say_plan(plan: "Plan", jobs: Sequence[Job]) -> int:
    for number, step in enumerate(plan, 1):
        console.note(f"{number}. {step}")
    for job in jobs:
        arrow = f" -> {job.output}" if job.output else ""
        console.say(job.name + arrow + ("  (exists; left alone)" if job.skipped else ""))
    console.note(f"{sum(not job.skipped for job in jobs)} of {len(jobs)} would be done.")
    return console.OK


def _flag(*names: str, help: str) -> click.Option:
    return click.Option([*names], is_flag=True, default=False, help=help)


def _text(*names: str, metavar: str, help: str) -> click.Option:
    return click.Option([*names], metavar=metavar, help=help)


def _choice(name: str, choices: Sequence[str], default: str, help: str) -> click.Option:
    return click.Option([name], type=click.Choice(choices), default=default, show_default=True, help=help)


def _number(name: str, default: int | None, help: str) -> click.Option:
    shown = default is not None
    return click.Option(
        [name], type=click.IntRange(1), default=default, show_default=shown, metavar="N", help=help
    )
