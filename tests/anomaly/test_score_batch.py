"""`vaeedit anomaly score` as a batch: the same whoever does the work, resumed after a kill, with few pictures in memory."""

import csv
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from small_model import images, small_model
from vaeedit.batch.journal import NAME
from vaeedit.cli.main import call
from vaeedit.image import Frame
from vaeedit_anomaly import score, sinks

KILLED = """
import os, signal, sys
from vaeedit.cli.main import call
from vaeedit_anomaly import sinks
taken = []

class Deadly(sinks.Verdicts):
    def take(self, record):
        super().take(record)
        taken.append(record)
        if len(taken) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

from vaeedit_anomaly import score
score.Verdicts = Deadly
sys.exit(call(sys.argv[1:]))
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """good/{000..003}.png, bad/{000, 001}.png and m.safetensors; the working folder."""
    monkeypatch.chdir(tmp_path)
    images(tmp_path / "good", 4)
    images(tmp_path / "bad", 2, first=10)
    for seed, name in ((10, "000.png"), (11, "001.png")):
        (tmp_path / "bad" / f"{seed:03}.png").rename(tmp_path / "bad" / name)
    small_model(tmp_path / "m.safetensors")
    return tmp_path


@pytest.fixture
def scored(place, capsys):
    """Scores both folders, whose files have the same names."""

    def run(*arguments, inputs=("good", "bad")):
        capsys.readouterr()
        code = call(["anomaly", "score", *inputs, "--vae", "m.safetensors", *map(str, arguments)])
        return SimpleNamespace(code=code, **capsys.readouterr()._asdict())

    return run


OUTPUTS = ("--csv", "t.csv", "--report", "r.html")


def outputs(place):
    """Rows of the table without the times, and the page."""
    rows = list(csv.DictReader((place / "t.csv").open()))
    for row in rows:
        row.pop("seconds")
    return rows, (place / "r.html").read_text()


def done(journal):
    """The inputs that were scored, as often as they were."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return sorted(line["input"] for line in lines if line.get("status") == "done")


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("way", [["--workers", "2"], ["--time-limit", "10m"], ["--engine", "dask"]], ids=str)
def test_the_table_and_the_page_are_the_same_whoever_does_the_work(place, scored, way):
    if "dask" in way:
        pytest.importorskip("distributed")
    assert scored(*OUTPUTS).code == 0
    alone = outputs(place)
    assert len(alone[0]) == 6
    assert len({row["score"] for row in alone[0]}) == 6
    assert alone[1].count("<img") == 12
    ran = scored(*OUTPUTS, "--exists", "overwrite", *way)
    assert ran.code == 0, ran.err
    assert outputs(place) == alone
    assert names(place) == sorted([*(f"good/{k:03}.png" for k in range(4)), *(f"bad/{k:03}.png" for k in range(2)),
                                   "m.safetensors", "r.html", "t.csv"])  # fmt: skip


@pytest.mark.parametrize("maps", [[], ["--map", "maps"]], ids=["no maps", "maps"])
def test_after_a_kill_only_the_rest_is_scored_and_the_outputs_hold_all(place, scored, maps):
    assert scored(*OUTPUTS).code == 0
    whole = outputs(place)
    for name in ("t.csv", "r.html"):
        (place / name).unlink()
    flags = (*OUTPUTS, *(maps or ["--journal", "j"]))
    arguments = ["anomaly", "score", "good", "bad", "--vae", "m.safetensors", *flags]
    # with maps the names of the two folders clash, so each is scored by itself
    inputs = ("good",) if maps else ("good", "bad")
    arguments = [word for word in arguments if word not in {"good", "bad"} - {*inputs}]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (place / "t.csv").exists()
    journal = place / "maps" / NAME if maps else place / "j"
    before = done(journal)
    assert len(before) >= 3
    ran = scored(*flags, "--resume", "--json", inputs=inputs)
    assert ran.code == 0, ran.err
    everything = sorted(f"{folder}/{path.name}" for folder in inputs for path in (place / folder).iterdir())
    assert done(journal) == everything  # each once
    assert sorted(json.loads(line)["file"] for line in ran.out.splitlines()) == everything
    rows, page = outputs(place)
    assert sorted(row["file"] for row in rows) == everything
    assert page.count("<img") == 2 * len(everything)
    if not maps:
        assert (rows, page) == whole
    again = scored(*flags, "--resume", "--exists", "overwrite", inputs=inputs)
    assert again.code == 0
    assert done(journal) == everything
    assert outputs(place) == (rows, page)


def test_previews_that_are_gone_are_made_again(place, scored):
    assert scored(*OUTPUTS, "--journal", "j").code == 0
    whole = outputs(place)
    shutil.rmtree(place / ".r.html.previews")
    assert scored(*OUTPUTS, "--journal", "j", "--resume", "--exists", "overwrite").code == 0
    assert len(done(place / "j")) == 12
    assert outputs(place) == whole


def test_another_share_of_false_alarms_is_scored_again(place, scored):
    assert scored("--journal", "j", "--csv", "t.csv").code == 0
    ran = scored("--journal", "j", "--csv", "u.csv", "--resume", "--false-alarms", "50%")
    assert ran.code == 0
    assert len(done(place / "j")) == 12


def test_a_damaged_image_fails_alone(place, scored):
    (place / "good" / "001.png").write_bytes(b"no picture")
    for way in ([], ["--workers", "2"]):
        ran = scored(*OUTPUTS, "--exists", "overwrite", *way)
        assert ran.code == 1
        assert ran.err.count("Error: ") == 1
        assert len(ran.out.splitlines()) == 5
        rows, page = outputs(place)
        assert [bool(row["error"]) for row in rows] == [False] * 5 + [True]
        assert "001.png" in rows[-1]["file"]
        assert page.count("<img") == 10
    assert scored("--fail-fast", "--csv", "v.csv").code == 1
    assert len(list(csv.DictReader((place / "v.csv").open()))) < 6


def test_few_pictures_are_in_memory_however_many_there_are(place, scored, monkeypatch):
    images(place / "many", 40)
    alive = []

    class Counted(sinks.Page):
        def take(self, record):
            super().take(record)
            alive.append(sum(type(one) is Frame for one in gc.get_objects()))

    monkeypatch.setattr(score, "Page", Counted)
    assert scored("--report", "r.html", inputs=("many",)).code == 0
    assert len(alive) == 40
    assert max(alive) > 0
    # 40 overlays would be 40 more; what is read, scored and written at the same time are a few
    assert max(alive) <= min(alive) + 12


def test_maps_inside_the_folder_of_the_images_are_no_images(place, scored):
    flags = ("-r", "--map", "good/maps", "--report", "good/r.html", "--csv", "good/t.csv")
    assert scored(*flags, inputs=("good",)).code == 0
    first = names(place / "good")
    ran = scored(*flags, "--exists", "overwrite", "--resume", inputs=("good",))
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 4
    assert names(place / "good") == first


def test_a_run_that_is_interrupted_leaves_no_previews(place, scored, monkeypatch):
    def interrupted(self, record):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(sinks.Page, "take", interrupted)
    before = names(place)
    assert scored(*OUTPUTS).code == 130
    assert names(place) == before
    assert not (place / ".r.html.previews").exists()


def test_labels_and_lines_of_a_batch(scored):
    ran = scored("--workers", "2", "--json")
    labels = {row["file"]: row["label"] for row in map(json.loads, ran.out.splitlines())}
    assert labels == {
        **{f"good/{k:03}.png": "normal" for k in range(4)},
        **{f"bad/{k:03}.png": "abnormal" for k in range(2)},
    }
    assert scored("--false-alarms", "50%", "--fail-on-anomaly", "--workers", "2").code == 3
    ran = scored("--dry-run")
    assert ran.out.splitlines() == [*(f"good/{k:03}.png" for k in range(4)), "bad/000.png", "bad/001.png"]
    assert "6 of 6 would be done" in ran.err


def test_resuming_needs_a_journal(scored):
    ran = scored("--resume")
    assert ran.code == 2
    assert "--journal" in ran.err
    assert "--map" in ran.err


@pytest.mark.parametrize("flag", ["--csv", "--report", "--journal"])
@pytest.mark.parametrize("name", ["good/000.png", "good/../bad/001.png", "soft.png", "m.safetensors"])
def test_no_output_is_an_image_or_the_model(place, scored, flag, name):
    (place / "soft.png").symlink_to("bad/001.png")
    before = {path: (place / path).read_bytes() for path in names(place)}
    ran = scored(flag, name, "--exists", "overwrite")
    assert ran.code == 2
    assert "cannot be the" in ran.err or "is no journal" in ran.err
    assert ran.out == ""
    assert {path: (place / path).read_bytes() for path in names(place)} == before


def test_a_table_is_no_report_and_maps_do_not_clash(place, scored):
    assert "Both the table and the report would become x" in scored("--csv", "x", "--report", "./x").err
    ran = scored("--map", "maps")
    assert ran.code == 2
    assert "Both the heat picture of good/000.png and the heat picture of bad/000.png" in ran.err
    assert not (place / "maps").exists()
    (place / "r.html").write_text("somebody else's")
    assert "r.html exists already" in scored("--report", "r.html").err
    assert (place / "r.html").read_text() == "somebody else's"
