"""`--watch` by the real command line: pictures are done as they come, and none twice."""

import json
import signal
import time

import pytest

from vaeedit.batch.lines import digest


@pytest.fixture
def watching(start_vaeedit, tmp_path):
    """Start it; gives a function that waits until the journal tells of a picture, and one that ends it."""
    (tmp_path / "in").mkdir()
    started = []

    def start(journal, *flags):
        process = start_vaeedit("denoise", "in", "--watch", "--sigma", "9", *flags, cwd=tmp_path)
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
            return process.communicate(timeout=120), process.returncode

        return until_done, end

    yield start
    for process in started:
        process.kill()
        process.communicate()


def records(journal):
    if not journal.exists():
        return []
    lines = [line for line in journal.read_text().splitlines() if line.endswith("}")]
    return [record for record in map(json.loads, lines) if record.get("status") == "done"]


def stands(folder, record):
    """Whether the output is there: the journal tells of it a moment before."""
    path = folder / record["output"]
    return path.exists() and digest(path.read_bytes()) == record["written"]


def test_in_place_every_picture_is_edited_once(watching, photo, tmp_path):
    until_done, end = watching("j", "--in-place", "--journal", "j")
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
    until_done, end = watching("out/vaeedit-journal.jsonl", "-o", "out/")
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
