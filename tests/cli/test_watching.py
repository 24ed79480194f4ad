"""`--watch` by the real command line: pictures are done as they come, and none twice."""

import json
import signal
import time

import pytest

from vaeedit.batch.lines import digest


@pytest.fixture
def watching(start_vaeedit, tmp_path):
    """Start it; gives functions that wait until the journal tells of a picture, that end it, and that await its end."""
    (tmp_path / "in").mkdir()
    started = []

    def start(journal, *flags, command=("denoise", "in", "--sigma", "9")):
        process = start_vaeedit(*command, "--watch", *flags, cwd=tmp_path)
        started.append(process)

        def until_done(name):
            for _ in range(6000):
                assert process.poll() is None, process.stderr.read()
                found = records(tmp_path / journal)
                if any(record["output"].endswith(name) and stands(tmp_path, record) for record in found):
                    return [record["output"] for record in found]
                time.sleep(0.02)
            raise AssertionError(f"{name} is not done")

        def end():
            process.send_signal(signal.SIGINT)
            return ended()

        def ended():
            return process.communicate(timeout=900), process.returncode

        return until_done, end, ended

    yield start
    for process in started:
        process.kill()
        process.communicate()


def records(journal, status="done"):
    if not journal.exists():
        return []
    lines = [line for line in journal.read_text().splitlines() if line.endswith("}")]
    return [record for record in map(json.loads, lines) if record.get("status") == status]


def stands(folder, record):
    """Whether the output is there: the journal tells of it a moment before."""
    path = folder / record["output"]
    return path.exists() and digest(path.read_bytes()) == record["written"]


def test_in_place_every_picture_is_edited_once(watching, photo, tmp_path):
    until_done, end, _ = watching("j", "--in-place", "--journal", "j")
    for name in ("a.png", "b.png", "c.png", "d.png"):  # each is taken up two looks after the one before
        photo(tmp_path / "in" / name, size=(16, 16))
        names = until_done(name)
    assert names == ["in/a.png", "in/b.png", "in/c.png", "in/d.png"]
    (_, err), code = end()
    assert (code, b"4 done" in err) == (0, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "j"]


def test_a_result_is_replaced_when_its_picture_changes_and_kept_where_it_was_retouched(
    watching, photo, tmp_path
):
    until_done, end, _ = watching("out/vaeedit-journal.jsonl", "-o", "out/")
    for name in ("a.png", "b.png"):
        photo(tmp_path / "in" / name, size=(16, 16))
        until_done(name)
    first = (tmp_path / "out" / "a.png").read_bytes()
    (tmp_path / "out" / "b.png").write_bytes(b"retouched")
    for name in ("b.png", "a.png"):
        photo(tmp_path / "in" / name, size=(16, 16), seed=1)
    photo(tmp_path / "in" / "c.png", size=(16, 16))
    names = until_done("c.png")
    end()
    assert sorted(names) == ["out/a.png", "out/a.png", "out/b.png", "out/c.png"]
    assert (tmp_path / "out" / "a.png").read_bytes() != first
    assert (tmp_path / "out" / "b.png").read_bytes() == b"retouched"


def test_a_dry_run_says_what_is_there_and_writes_nothing(run_vaeedit, photo, contents, tmp_path):
    (tmp_path / "in").mkdir()
    command = (
        "denoise",
        "in",
        "--watch",
        "--dry-run",
        "-o",
        "new/out",
        "--compare",
        "cmp",
        "--report",
        "r.json",
    )
    for done in (b"0 of 0", b"1 of 1"):
        before = contents(tmp_path)
        ran = run_vaeedit(*command, cwd=tmp_path)
        assert (ran.returncode, done in ran.stderr) == (0, True), ran.stderr
        assert contents(tmp_path) == before
        photo(tmp_path / "in" / "a.png", size=(16, 16))
    assert b"in/a.png -> new/out/a.png" in ran.stdout


def test_it_writes_all_that_a_batch_writes(watching, run_vaeedit, photo, contents, tmp_path):
    flags = ("--compare", "cmp", "--uncertainty", "doubt", "--report", "r.json", "--json")
    until_done, end, _ = watching("out/vaeedit-journal.jsonl", "-o", "out", *flags)
    for name in ("a.png", "b.png"):
        photo(tmp_path / "in" / name, size=(16, 16))
        until_done(name)
    (out, err), code = end()
    assert (code, b"2 done" in err) == (0, True), err
    watched = {folder: contents(tmp_path / folder) for folder in ("cmp", "doubt")}
    assert [sorted(found) for found in watched.values()] == [
        ["a.compare.png", "b.compare.png"],
        ["a.uncertainty.png", "b.uncertainty.png"],
    ]
    assert [json.loads(line)["sides"]["compare"] for line in out.splitlines()] == [
        "cmp/a.compare.png",
        "cmp/b.compare.png",
    ]
    assert json.loads((tmp_path / "r.json").read_text())["done"] == 2
    command = ("denoise", "in", "--sigma", "9", "-o", "out", "--exists", "overwrite", *flags)
    assert run_vaeedit(*command, cwd=tmp_path).returncode == 0
    assert {folder: contents(tmp_path / folder) for folder in ("cmp", "doubt")} == watched


def test_no_result_is_taken_for_a_new_picture(watching, photo, tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\nsteps:\n  - denoise: {sigma: 9, maps: [uncertainty]}\n")
    flags = ("--in-place", "--journal", "j", "--compare", "in")
    until_done, end, _ = watching("j", *flags, command=("run", "p.yaml", "in"))
    for name in ("a.png", "b.png", "c.png", "d.png"):
        photo(tmp_path / "in" / name, size=(16, 16))
        names = until_done(name)
    assert names == ["in/a.png", "in/b.png", "in/c.png", "in/d.png"]
    end()
    sides = {f"{name}.{side}.png" for name in "abcd" for side in ("compare", "uncertainty")}
    assert {path.name for path in (tmp_path / "in").iterdir()} == {*sides, "a.png", "b.png", "c.png", "d.png"}


def test_the_first_failure_ends_it_where_that_is_asked_for(watching, photo, tmp_path):
    (tmp_path / "in" / "a.png").write_bytes(b"no picture")
    flags = ("-o", "out/", "--fail-fast", "--report", "r.json")
    ended = watching("out/vaeedit-journal.jsonl", *flags)[2]
    (_, err), code = ended()
    assert (code, b"0 done, 1 failed. Stopped at the first failure." in err) == (1, True), err
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["failed"], report["stopped_early"]) == (1, True)


def test_a_picture_that_cannot_be_planned_fails_alone(watching, photo, tmp_path):
    for folder in ("in", "two"):
        (tmp_path / folder).mkdir(exist_ok=True)
    until_done, end, _ = watching(
        "out/vaeedit-journal.jsonl", "-o", "out", command=("denoise", "in", "two", "--sigma", "9")
    )
    photo(tmp_path / "in" / "a.png", size=(16, 16))
    until_done("a.png")
    made = (tmp_path / "out" / "a.png").read_bytes()
    for name in ("two/a.png", "two/b.png"):
        photo(tmp_path / name, size=(16, 16), seed=1)
    until_done("b.png")
    (_, err), code = end()
    assert code == 1
    assert b"Error: two/a.png cannot be done: its result out/a.png belongs to in/a.png." in err
    assert b"2 done, 1 failed" in err
    assert (tmp_path / "out" / "a.png").read_bytes() == made


@pytest.mark.parametrize(
    ("flags", "fragment"),
    [
        (["in", "-o", "out", "--workers", "2"], "one local worker"),
        (["in", "-o", "out", "--engine", "dask"], "one local worker"),
        (["in", "-o", "-", "--journal", "j"], "standard input and output"),
        (["@-", "-o", "out"], "standard input and output"),
        (["in", "-o", "out", "--report", "in/a.png"], "in/a.png is an input and cannot be the report"),
        (["in", "-o", "in"], "use --in-place"),
        (["in"], "--watch need an output folder"),
    ],
)
def test_what_cannot_be_watched_is_refused_before_any_work(
    vaeedit, photo, contents, tmp_path, flags, fragment
):
    (tmp_path / "in").mkdir()
    photo(tmp_path / "in" / "a.png", size=(16, 16))
    before = contents(tmp_path)
    vaeedit("denoise", *flags, "--watch").assert_refused(2, fragment)
    assert contents(tmp_path) == before
