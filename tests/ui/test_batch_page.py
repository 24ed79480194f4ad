"""Batches of the page: what they may touch, the process that does them, its journal, stopping and resuming."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from vaeedit.batch.history import read_history
from vaeedit.batch.journal import NAME, Journal, Record
from vaeedit.errors import UsageError, VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.image import Frame, read, write
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.settings import Settings
from vaeedit.ui.batch.batches import Batches
from vaeedit.ui.batch.filling import Filling
from vaeedit.ui.batch.request import Request, request_of
from vaeedit.ui.batch.running import Running
from vaeedit.ui.batch.shown import failures, progress, results, title

WAIT = 120
"""Seconds after which a process that does not end is a failure."""


def _picture(path: Path, value: int, size: tuple[int, int] = (24, 32)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(value).integers(0, 255, (*size, 3), np.uint8)
    write(Frame(pixels), path)


@pytest.fixture
def root(tmp_path):
    """A root with eight pictures in two folders, a text named .png, two pipelines, and a secret beside it."""
    top = tmp_path / "root"
    for number in range(7):
        _picture(top / "in" / f"{number}.png", number)
    _picture(top / "in" / "sub" / "{7}.png", 7)
    (top / "in" / "<b>.png").write_text("text")
    _picture(tmp_path / "secret.png", 9)
    _picture(top / "masks" / "other.png", 9)
    pipe = "version: 1\nsteps:\n- fuse: {mode: blend, with: %s}\n"
    (top / "good.yaml").write_text(pipe % "masks/other.png")
    (top / "bad.yaml").write_text(pipe % "../secret.png")
    return top


@pytest.fixture
def batches(root):
    """Batches of this root, which end with the test."""
    made = Batches(root, Settings(), registry())
    yield made
    made.close()


def _request(**given):
    return Request(**{"folder": "in", "output": "out", "pipeline": "good.yaml", **given})


def _until(running: Running, is_so) -> None:
    """Wait until something holds, reading the journal meanwhile."""
    end = time.monotonic() + WAIT
    while not is_so(running):
        running.filling.read()
        assert time.monotonic() < end, running.said
        time.sleep(0.02)
    running.filling.read()


def _ended(running: Running) -> bool:
    return not running.is_active


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_batch_with_the_pipeline_of_the_tab_edit(batches, root, tmp_path):
    before = _files(root)
    (tmp_path / "uploads").mkdir()
    _picture(tmp_path / "uploads" / "other.png", 9)
    edited = Pipeline(Step("fuse", mode="blend", **{"with": "other.png"}), folder=tmp_path / "uploads")
    wanted = _request(pipeline="", recursive=True, format="webp")
    assert batches.count(wanted, edited) == "9 of 9 pictures would be edited."
    assert _files(root) == before, "a dry run writes nothing"
    running = batches.start("page", wanted, edited)
    (tmp_path / "uploads" / "other.png").unlink()  # the page is closed
    _until(running, _ended)
    assert (running.state, running.filling.done, running.total) == ("with failures", 8, 9)
    assert "&lt;b&gt;.png is not a picture" in failures(running)
    assert "<b>.png" not in failures(running) + results(running) + progress(running)
    assert title(running) == "in to out: 9 of 9, with failures"
    command = running.request.command(root, batches.settings).replace("out/ ", "again/ ").splitlines()
    words = command[1].removeprefix("vaeedit ").split()
    assert (
        subprocess.run([sys.executable, "-m", "vaeedit", *words, "-q"], cwd=root, check=False).returncode == 1
    )
    for name in ("0.webp", "sub/{7}.webp"):
        assert (root / "out" / name).read_bytes() == (root / "again" / name).read_bytes()
    with pytest.raises(UsageError, match="exists"):
        batches.start("page", wanted, edited)


def test_stop_and_resume(batches, root):
    for number in range(100, 110):
        _picture(root / "in" / f"{number}.png", number)
    _picture(root / "in" / "zz.png", 1, size=(600, 800))  # the last one takes a while
    running = batches.start("page", _request(recursive=True), None)
    with pytest.raises(UsageError, match="This page runs a batch already"):
        batches.start("page", _request(output="other"), None)
    with pytest.raises(UsageError, match="writes to out already"):
        batches.resume("another page", "out")
    _until(running, lambda one: one.filling.process)
    later = Batches(root, Settings(), registry())  # of another server
    later.refresh()
    assert later.by_output["out"].state == "running elsewhere"
    _until(running, lambda one: one.filling.fresh > 0)
    running.stop()
    _until(running, _ended)
    assert running.state == "stopped"
    assert not read_history(root / "out" / NAME).damaged
    assert not list((root / "out").rglob("*.part"))
    done = running.filling.done
    assert 0 < done < running.total
    later.refresh()
    assert (later.by_output["out"].state, later.by_output["out"].filling.done) == ("earlier", done)
    resumed = later.resume("page", "out")
    _until(resumed, _ended)
    assert resumed.filling.done == resumed.total - 1 == 19
    assert resumed.filling.fresh == resumed.total - done, "what was done is not done again"
    later.close()


def test_the_end_of_the_server_ends_its_batches(batches, root):
    running = batches.start("page", _request(), None)
    batches.close()
    assert not running.is_active
    assert not (root / "out" / f".{NAME}.lock").exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"folder": "../root/in"}, "not a name below the root"),
        ({"folder": "/etc"}, "not a name below the root"),
        ({"folder": "link"}, "lies outside of the root"),
        ({"folder": "in/0.png"}, "no folder"),
        ({"folder": "masks"}, "lies outside of the root"),
        ({"folder": "empty"}, "no picture"),
        ({"output": "../out"}, "not a name below the root"),
        ({"output": "link/out"}, "lies outside of the root"),
        ({"output": ""}, "another folder"),
        ({"output": "in"}, "another folder"),
        ({"output": "trap"}, "lies outside of the root"),
        ({"pipeline": "../good.yaml"}, "not a name below the root"),
        ({"pipeline": "bad.yaml"}, "lies outside of the root"),
        ({"pipeline": "vae.yaml"}, "lies outside of the root"),
        ({"pipeline": "unknown.yaml"}, "no operation called 'nothing'"),
    ],
)
def test_what_leads_out_of_the_root_is_refused_and_nothing_is_written(
    batches, root, tmp_path, given, sentence
):
    (root / "link").symlink_to(tmp_path)
    (root / "masks" / "linked.png").symlink_to(tmp_path / "secret.png")
    (root / "empty").mkdir()
    (root / "trap").mkdir()
    (root / "trap" / "3.png").symlink_to(tmp_path / "new.png")
    (root / "vae.yaml").write_text("version: 1\nsteps:\n- denoise: {vae: ../mine.safetensors}\n")
    (root / "unknown.yaml").write_text("version: 1\nsteps: [nothing]\n")
    before = _files(tmp_path)
    with pytest.raises(VaeeditError, match=sentence):
        batches.start("page", _request(**given), None)
    assert _files(tmp_path) == before


def test_a_request_is_kept_and_read(root, tmp_path):
    request = _request(recursive=True, workers=2, exists="skip")
    request.keep(root)
    assert request_of(root, "out") == request
    kept = root / "out" / "vaeedit-batch" / "request.json"
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "output": "in"}))
    with pytest.raises(UsageError, match="another output folder"):
        request_of(root, "out")
    kept.write_text("{")
    with pytest.raises(UsageError, match="damaged"):
        request_of(root, "out")
    (root / "away").mkdir()
    (root / "away" / "vaeedit-batch").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="outside of the root"):
        _request(output="away").keep(root)


def test_names_are_no_flags_lists_or_templates():
    words = _request(folder="-in", output="{x}", pipeline="@p.yaml", workers=2).words(
        Settings(tile=64), resume=True
    )
    assert words[:5] == ["run", "./@p.yaml", "./-in", "-o", "./{{x}}/"]
    assert words[5:] == ["--workers", "2", "--tile", "64", "--resume"]


def test_a_journal_is_followed_line_by_line(tmp_path):
    path = tmp_path / NAME
    filling = Filling(path)
    filling.read()
    assert filling.done == 0
    with Journal(path) as journal:
        journal.append(Record(input="a", output="A", status="failed", error="no"))
        filling.read()
        assert (filling.done, list(filling.failures)) == (0, ["A"])
        journal.append(Record(input="a", output="A", status="done"))
    half = path.read_bytes().splitlines(keepends=True)[-1]
    with path.open("ab") as file:
        file.write(half[:20])
        file.flush()
        filling.read()
        assert (filling.done, filling.failures, filling.fresh, filling.damaged) == (1, {}, 2, 0)
        file.write(b"\n")
    with Journal(path):
        filling.read()
    assert (filling.done, filling.damaged) == (0, 1), "a new run begins, and the line that was cut is damaged"


def test_small_pictures_for_the_page(root):
    from vaeedit.ui.batch.thumbnail import thumbnail

    class Worker:
        """Reads pictures."""

        frame = staticmethod(read)

    assert thumbnail(Worker(), str(root / "in" / "0.png"), 16).startswith("data:image/png;base64,")
    with pytest.raises(VaeeditError):
        thumbnail(Worker(), str(root / "in" / "<b>.png"), 16)
