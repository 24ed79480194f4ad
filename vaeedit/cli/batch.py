"""The run that the flags of a command on images ask for."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaeedit.batch.clashes import real
from vaeedit.batch.history import History, read_history
from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import NAME, Journal
from vaeedit.batch.lock import Claim
from vaeedit.batch.sinks import Sink
from vaeedit.batch.sources import LIST, STREAM, Search
from vaeedit.batch.summary import Summary
from vaeedit.batch.watch import Watch
from vaeedit.cli import console, interrupts
from vaeedit.cli.plan import Planner, journal_of, output_folder
from vaeedit.cli.report import Reporter
from vaeedit.errors import UsageError
from vaeedit.limits import require_address_space
from vaeedit.settings import Settings

if TYPE_CHECKING:
    from vaeedit.batch.batch_spec import BatchSpec
    from vaeedit.cli.look import Look
    from vaeedit.pipeline.plan import Plan


def run_on_files(
    plan: "Plan",
    values: Mapping[str, Any],
    name: str,
    pictures: Mapping[str, str],
    beside: Sequence[str] = (),
    read: Iterable[tuple[str, Path]] = (),
    look: "Look | None" = None,
) -> int:
    """Run the plan on the inputs, with the flags in `values`; returns the exit code.

    `name` is part of default output names. `pictures` maps side pictures to the paths that the user typed; maps in `beside`
    are written beside each output. `read` are other files that no output may replace, with their names in messages. With
    `look`, no result is written, and its sinks take the records.
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
    search = Search(values["inputs"], values["recursive"])
    watch = Watch(
        search.sources,
        lambda sources: planner.settled(planner.placed(sources), history),
    )
    with ExitStack() as claims:
        jobs = planner.placed(watch.found() if values["watch"] else watch.find())
        if search.note and not values["quiet"]:
            console.note(search.note)
        if journal is not None and not values["dry_run"]:
            _claim(claims, values, journal)
        history = _history(values, journal)
        jobs = planner.settled(jobs, history)
        summary = Summary(Path(values["report"]) if values["report"] else None)
        if values["exists"] != "overwrite":
            summary.require_replaceable()
        if values["dry_run"]:
            return _say_plan(plan, jobs)
        _require_no_streams(values, jobs)
        return _run(planner, jobs, journal, history, summary, watch if values["watch"] else None)


def _require_watchable(values: Mapping[str, Any]) -> None:
    """Raise UsageError for flags that do not work with --watch."""
    if values["workers"] > 1 or values["engine"] != "local":
        raise UsageError("--watch works with one local worker; leave out --workers and --engine.")
    if {STREAM, LIST + STREAM} & {*values["inputs"], values["output"]}:
        raise UsageError("--watch reads its inputs again and again; leave out standard input and output (-).")
    if "{index" in (values["output"] or ""):
        raise UsageError("With --watch pictures have no number; leave {index} out of -o.")


def _require_no_streams(values: Mapping[str, Any], jobs: Sequence[Job]) -> None:
    """Raise UsageError for a picture on a terminal, and for other processes that would use standard input or output."""
    if any(job.output == STREAM for job in jobs) and sys.stdout.isatty():
        raise UsageError(
            "Standard output is a terminal, which shows no pictures; redirect it (-o - > FILE), or name a file with -o."
        )
    if _streams(jobs) and (values["workers"] > 1 or values["engine"] == "dask" or values["time_limit"]):
        raise UsageError(
            "Standard input and output belong to one process; leave out --workers, --engine and --time-limit."
        )


def _streams(jobs: Sequence[Job]) -> bool:
    """Whether a picture comes from standard input or goes to standard output."""
    return any(job.source is None or job.output == STREAM for job in jobs)


def _claim(claims: ExitStack, values: Mapping[str, Any], journal: Path) -> None:
    """Lock the journal and, if that is elsewhere, the journal's place in the output folder."""
    own = {real(journal)}
    folder = output_folder(values)
    if folder is not None:
        own.add(real(folder / NAME))
    for path in sorted(own):
        claims.enter_context(Claim(path))


def _history(values: Mapping[str, Any], journal: Path | None) -> History:
    """Read the journal with --resume; raises UsageError for a damaged one with --in-place."""
    if journal is None or not values["resume"]:
        return History()
    history = read_history(journal)
    if history.damaged:
        first, *others = history.damaged
        more = f" (and {len(others)} more)" if others else ""
        damage = f"Line {first}{more} of the journal {journal} is damaged"
        if values["in_place"]:
            raise UsageError(
                f"{damage}, so it is not known which pictures have been replaced already; "
                "find those that have not, and run on these without --resume."
            )
        console.warn(f"{damage}; outputs that only this line records are not replaced.")
    return history


def _run(
    planner: Planner,
    jobs: Sequence[Job],
    journal: Path | None,
    history: History,
    summary: Summary,
    watch: Watch | None,
) -> int:
    """Do the jobs or, with a `watch`, all jobs that arrive until an interrupt."""
    from vaeedit.batch.engines import choose
    from vaeedit.batch.run import run_batch

    values = planner.values
    names = ("workers", "scheduler", "debug")
    apart = watch is not None or (len(jobs) > 1 and not _streams(jobs))
    given = {name: values[name] for name in names}
    engine = choose(values["engine"], limit=values["time_limit"], apart=apart, **given)
    if values["resume"]:
        remove_leftovers(jobs, history.processes)
    idle = watch is None and all(job.skipped for job in jobs)
    sinks: list[Sink] = [history] if watch else []  # a result may be replaced when its picture changes
    if planner.look is None:
        sinks.append(Reporter(None if watch else len(jobs), as_json=values["as_json"]))
    else:
        sinks += planner.look.sinks(jobs)
    for sink in sinks:
        if isinstance(sink, Reporter):
            sink.quiet = values["quiet"]
    with ExitStack() as entered:
        for sink in (summary, *sinks):
            entered.enter_context(sink)
        try:
            run_batch(
                spec_of(planner.plan, values),
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
    if not values["quiet"] and (watch or (len(jobs) > 1 and not values["as_json"])):
        console.note(summary.sentence(None if watch else len(jobs)))
    return console.FAILED if summary.failures else console.OK


def spec_of(plan: "Plan", values: Mapping[str, Any]) -> "BatchSpec":
    """Return what to do with every file."""
    import os

    from vaeedit.batch.batch_spec import BatchSpec

    threads: int | None = values["threads"]
    if not threads and values["workers"] > 1:  # so that workers do not compete for the cores
        threads = max(1, (os.cpu_count() or 1) // values["workers"])
    return BatchSpec(
        plan,
        Settings(**{name: values[name] for name in Settings.__struct_fields__}),
        threads,
        values["allow_cpu"],
        values["metadata"],
        not values["no_provenance"],
        values["damaged"],
        values["encode_quality"],
    )


def _say_plan(plan: "Plan", jobs: Sequence[Job]) -> int:
    for number, step in enumerate(plan, 1):
        console.note(f"{number}. {step}")
    for job in jobs:
        arrow = f" -> {job.output}" if job.output else ""
        console.say(job.name + arrow + ("  (exists; skipped)" if job.skipped else ""))
    console.note(f"{sum(not job.skipped for job in jobs)} of {len(jobs)} would be done.")
    return console.OK
