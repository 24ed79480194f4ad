"""The journal, and what a run that is resumed leaves alone; the engine here copies bytes."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from vaeedit import __version__
from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.history import History, read_history
from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import NAME, Journal, Record
from vaeedit.batch.lines import digest
from vaeedit.batch.run import run_batch
from vaeedit.errors import PipelineError, UsageError
from vaeedit.extension.registry import registry
from vaeedit.image.atomic import this_process, write_part
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.settings import Settings


def order_of(*steps, **settings):
    return BatchSpec(Pipeline(*steps).check(registry()), Settings(**settings))


ORDER = order_of(Step("denoise", strength=0.5))


class Copying:
    """An engine that copies inputs and remembers what it did; an input that says "bad" fails."""

    def __init__(self):
        self.done = []

    def __call__(self, spec, jobs):
        for job in jobs:
            self.done.append(job.source.name)
            data = job.source.read_bytes()
            names = {"input": str(job.source), "output": str(job.target)}
            if data == b"bad":
                yield Record(**names, status="failed", error=f"{job.source} is bad.")
                continue
            job.target.parent.mkdir(exist_ok=True, parents=True)
            job.target.write_bytes(data)
            marks = {"fingerprint": spec.fingerprint(data, job), "written": digest(data)}
            yield Record(**names, status="done", **marks)


@pytest.fixture
def jobs(tmp_path):
    """Three inputs and where they go."""
    found = []
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(name.encode())
        found.append(Job(tmp_path / name, tmp_path / "out" / name))
    return found


@pytest.fixture
def batch(jobs, tmp_path):
    """Run the batch; gives the summary and the names that were worked on."""
    journal = tmp_path / "out" / NAME

    def run(*, resume=False, spec=ORDER, **settings):
        engine = Copying()
        history = read_history(journal) if resume else History()
        if resume:
            remove_leftovers(jobs, history.processes)
        kept = Journal(journal, resumes=resume)
        return run_batch(spec, jobs, engine, journal=kept, history=history, **settings), engine.done

    run.journal = journal
    return run


def lines(journal):
    return [json.loads(line) for line in journal.read_text().splitlines()]


def test_every_file_has_a_line_and_the_run_one_that_says_whose_it_is(batch, jobs):
    jobs[2].source.write_bytes(b"bad")
    summary, _ = batch()
    head, *records = lines(batch.journal)
    assert (head["journal"], head["process"], head["resumes"]) == (1, this_process(), False)
    assert [record["status"] for record in records] == ["done", "done", "failed"]
    assert (summary.done, summary.skipped) == (2, 0)
    assert summary.failures == {str(jobs[2].source): f"{jobs[2].source} is bad."}


def test_the_journal_begins_before_any_work(batch, jobs):
    class Killed(BaseException):
        pass

    seen = []

    def engine(spec, found):
        seen.extend(lines(batch.journal))
        raise Killed

    with pytest.raises(Killed):
        run_batch(ORDER, jobs, engine, journal=Journal(batch.journal))
    assert [line["process"] for line in seen] == [this_process()]
    assert not batch.journal.exists(), "a run that has ended by itself leaves no empty journal"


def test_what_is_finished_is_left_alone_and_not_written_down_again(batch):
    batch()
    before = lines(batch.journal)
    summary, worked = batch(resume=True)
    assert worked == []
    assert summary.skipped == 3
    *same, head = lines(batch.journal)
    assert same == before
    assert head["resumes"]


@pytest.mark.parametrize("harm", ["cut", "changed", "missing", "input", "failed before"])
def test_an_output_that_is_not_what_was_written_is_made_again(batch, jobs, harm):
    if harm == "failed before":
        jobs[1].source.write_bytes(b"bad")
    batch()
    {
        "cut": lambda: jobs[1].target.write_bytes(jobs[1].target.read_bytes()[:3]),
        "changed": lambda: jobs[1].target.write_bytes(b"x.png"),
        "missing": lambda: jobs[1].target.unlink(),
        "input": lambda: jobs[1].source.write_bytes(b"other"),
        "failed before": lambda: jobs[1].source.write_bytes(b"good"),
    }[harm]()
    summary, worked = batch(resume=True)
    assert worked == ["b.png"]
    assert (summary.done, summary.skipped) == (1, 2)
    assert jobs[1].target.read_bytes() == jobs[1].source.read_bytes()


def test_other_options_make_everything_again(batch):
    batch()
    for spec in (
        order_of(Step("denoise", strength=0.6)),
        BatchSpec(ORDER.plan, Settings(seed=1)),
        BatchSpec(ORDER.plan, Settings(precision="float32")),
    ):
        _, worked = batch(resume=True, spec=spec)
        assert len(worked) == 3
    for spec in (BatchSpec(ORDER.plan, Settings(precision="float32", tile=64), threads=1, cpu_allowed=True),):
        _, worked = batch(resume=True, spec=spec)
        assert worked == []  # none of these decides the output


def test_a_line_that_was_cut_short_is_passed_over(batch, jobs):
    batch()
    text = batch.journal.read_text()
    batch.journal.write_text(text[: text.rindex('"written"')])
    _, worked = batch(resume=True)
    assert worked == ["c.png"]
    assert {record["output"] for record in lines_that_parse(batch.journal)} == {
        str(job.target) for job in jobs
    }


def lines_that_parse(journal):
    for line in journal.read_text().splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if "output" in found:
            yield found


def test_parts_that_a_killed_run_left_are_removed(batch, jobs):
    batch()
    folder = jobs[0].target.parent
    side = jobs[0].target.with_name("a.heat.png")
    jobs[0] = replace(jobs[0], sides={"heat": side})
    with Journal(batch.journal):  # of this run, which counts as ended when it is resumed
        for path in (jobs[0].target, side):
            write_part(path, b"half", this_process())
    other = write_part(
        jobs[0].target, b"half", "00000000-1"
    )  # of a live run in another place, as far as is known
    batch(resume=True)
    assert sorted(path.name for path in folder.glob(".*")) == [other.name]


def test_the_first_failure_ends_a_run_that_asks_for_it(batch, jobs):
    jobs[0].source.write_bytes(b"bad")
    summary, worked = batch(fail_fast=True)
    assert worked == ["a.png"]
    assert summary.stopped
    assert "Stopped at the first failure" in summary.sentence(3)


def test_a_faulty_pipeline_is_refused_before_any_work(batch):
    with pytest.raises(PipelineError):
        batch(spec=order_of(Step("denoise", strenght=1)))
    assert not batch.journal.exists()


def test_an_order_is_the_same_wherever_it_has_traveled():
    for spec in (ORDER, order_of(*two_steps(maps=["uncertainty"]), seed=3, tile=64)):
        there = pickle.loads(pickle.dumps(spec))
        assert (there, there.made) == (spec, spec.made)


def test_there_must_be_something_to_resume(tmp_path):
    with pytest.raises(UsageError, match="no journal"):
        read_history(tmp_path / NAME)


def two_steps(when="first.sigma > 5", maps=()):
    return Step("denoise", name="first"), Step("denoise", name="second", when=when, maps=maps)


@pytest.mark.parametrize(
    "change", ["when", "maps", "name", "package", "vaeedit", "side picture", "provenance"]
)
def test_whatever_decides_an_output_makes_it_again(batch, jobs, monkeypatch, change):
    batch(spec=order_of(*two_steps()))
    _, worked = batch(resume=True, spec=order_of(*two_steps()))
    assert worked == []
    spec = order_of(*two_steps())
    match change:
        case "when":
            spec = order_of(*two_steps(when="first.sigma > 6"))
        case "maps":
            spec = order_of(*two_steps(maps=["uncertainty"]))
        case "name":
            first, second = two_steps()
            spec = order_of(first, Step("denoise", when=second.when))
        case "package":
            monkeypatch.setattr("vaeedit.extension.tables.version", lambda name: "9.9")
        case "vaeedit":
            monkeypatch.setattr("vaeedit.pipeline.recorded.__version__", "9.9")
        case "side picture":
            jobs[:] = [
                replace(job, sides={"compare": job.target.with_suffix(".compare.png")}) for job in jobs
            ]
        case "provenance":
            spec = replace(spec, provenance=False)
    _, worked = batch(resume=True, spec=spec)
    assert len(worked) == 3


def test_the_journal_names_the_package_of_every_step():
    step = ORDER.steps[0]
    assert step["package"] == step["network"] == f"vaeedit {__version__}"


def test_what_the_engine_still_holds_when_a_run_stops_never_appears(batch, jobs):
    """An engine that has written three parts when the first record comes, which is a failure."""

    def engine(spec, found):
        held = list(found)
        parts = [(str(write_part(job.target, b"x", job.run)), str(job.target)) for job in held[1:]]
        yield Record(input="a", output=str(held[0].target), status="failed", error="bad")
        yield Record(input="b", output=str(held[1].target), status="done", parts=parts[:1])

    jobs[0].target.parent.mkdir()
    summary = run_batch(ORDER, jobs, engine, journal=Journal(batch.journal), fail_fast=True)
    assert (summary.done, len(summary.failures)) == (0, 1)
    assert [path.name for path in jobs[0].target.parent.iterdir()] == [NAME]


def test_an_output_that_cannot_take_its_place_has_failed(batch, jobs):
    jobs[0].target.mkdir(parents=True)

    def engine(spec, found):
        for job in found:
            part = (str(write_part(job.target, b"x", job.run)), str(job.target))
            yield Record(input=str(job.source), output=str(job.target), status="done", parts=[part])

    summary = run_batch(ORDER, jobs, engine, journal=Journal(batch.journal))
    assert (summary.done, list(summary.failures)) == (2, [str(jobs[0].source)])
    states = {line["output"]: line["status"] for line in lines(batch.journal) if "output" in line}
    assert list(states.values()) == ["failed", "done", "done"]
    assert not list(jobs[0].target.parent.glob(".*"))


def test_the_journal_tells_of_an_output_before_it_appears(batch, jobs, monkeypatch):
    append, there = Journal.append, []

    def spy(journal, record):
        append(journal, record)
        there.append(Path(record.output).exists())

    def engine(spec, found):
        for job in found:
            part = (str(write_part(job.target, b"x", job.run)), str(job.target))
            yield Record(input=str(job.source), output=str(job.target), status="done", parts=[part])

    jobs[0].target.parent.mkdir()
    monkeypatch.setattr(Journal, "append", spy)
    run_batch(ORDER, jobs, engine, journal=Journal(batch.journal))
    assert there == [False] * 3
    assert all(job.target.exists() for job in jobs)
