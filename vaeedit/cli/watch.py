"""`--watch`: pictures are done as they arrive, until Ctrl-C."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaeedit.batch.history import History
from vaeedit.batch.jobs import Job, plan, refuse_clashes
from vaeedit.batch.journal import Journal, Record
from vaeedit.batch.sources import Source, find_sources
from vaeedit.batch.watch import arrivals
from vaeedit.cli import console, interrupts
from vaeedit.cli.files import files_written
from vaeedit.cli.report import Reporter
from vaeedit.errors import UsageError

if TYPE_CHECKING:
    from vaeedit.batch.order import Order
    from vaeedit.batch.run import Engine


def watch(
    order: "Order", engine: "Engine", values: Mapping[str, Any], name: str, journal: Path, history: History
) -> int:
    """Do what arrives; outputs that were there before are left alone unless --exists says otherwise."""
    from vaeedit.batch.run import run_batch
    from vaeedit.batch.summary import Summary

    if values["workers"] > 1 or values["engine"] != "local":
        raise UsageError("--watch works with one local worker.")
    exists = "skip" if values["exists"] == "error" else values["exists"]
    own = list(files_written(values, journal))

    def planned(sources: Sequence[Source]) -> list[Job]:
        in_place: bool = values["in_place"]
        jobs = plan(sources, values["output"], name, exists=exists, in_place=in_place, made=history.wrote)
        refuse_clashes(jobs, written=own)
        return jobs

    def find() -> list[Source]:
        return find_sources(values["inputs"], recursive=values["recursive"])

    summary = Summary()
    with Reporter(None, as_json=values["as_json"]) as reporter:

        def tell(record: Record) -> None:
            history.add(record)
            summary.add(record)
            reporter.tell(record)

        try:
            run_batch(
                order,
                arrivals(find, planned),
                engine,
                journal=Journal(journal, resumes=values["resume"]),
                history=history,
                results_stay=False,
                tell=tell,
            )
        except KeyboardInterrupt:
            interrupts.stop_listening()
            console.note(f"{summary.done} done, {len(summary.failures)} failed.")
    return console.FAILED if summary.failures else console.OK
