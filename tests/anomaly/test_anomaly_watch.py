"""`vaeedit anomaly watch`: pictures are scored once, as they come; the table stays whole, and no alarm is lost."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from small_model import image, images, small_model
from vaeedit.cli.main import call
from vaeedit.image import write
from vaeedit.vae.files import read_info, update_info
from vaeedit_anomaly import watch as watching
from vaeedit_anomaly.calibration import Calibration, Tail
from vaeedit_anomaly.drift import WINDOW
from vaeedit_anomaly.log import COLUMNS


@pytest.fixture
def place(tmp_path, monkeypatch):
    """in/ with {000..003}.png, and m.safetensors; the working folder."""
    monkeypatch.chdir(tmp_path)
    images(tmp_path / "in", 4)
    small_model(tmp_path / "m.safetensors")
    return tmp_path


@pytest.fixture
def watched(place, capsys):
    """Runs it in this process, with --once unless that is False."""

    def run(*arguments, once=True):
        capsys.readouterr()
        flags = ["--every", "0.01s", *(["--once"] if once else []), *map(str, arguments)]
        code = call(["anomaly", "watch", "in", "--vae", "m.safetensors", *flags])
        return SimpleNamespace(code=code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def started(place):
    """Starts it as a process; `until(n)` waits for n rows of t.csv, `end(signal)` ends it."""
    running = []

    def start(*flags):
        command = [sys.executable, "-m", "vaeedit", "anomaly", "watch", "in", "--vae", "m.safetensors"]
        process = subprocess.Popen(
            [*command, "--csv", "t.csv", "--every", "0.05s", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        running.append(process)

        def until(count):
            for _ in range(6000):
                assert process.poll() is None, process.stderr.read()
                if (place / "t.csv").exists() and len(rows(place)) >= count:
                    return
                time.sleep(0.02)
            raise AssertionError(f"there are no {count} rows")

        def end(number):
            process.send_signal(number)
            out, err = process.communicate(timeout=900)
            return SimpleNamespace(code=process.returncode, out=out, err=err)

        return until, end

    yield start
    for process in running:
        process.kill()
        process.communicate()


def rows(place):
    with (place / "t.csv").open() as file:
        return list(csv.DictReader(file))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def put(path, seed):
    """A picture that appears at once, as a camera's software writes it."""
    write(image(seed), path.with_name(f".{path.name}.png"))
    path.with_name(f".{path.name}.png").rename(path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=str)
def test_pictures_are_scored_as_they_come_until_a_signal(place, started, number):
    until, end = started("--false-alarms", "1%")
    until(4)
    put(place / "in" / "new.png", 50)
    until(5)
    (place / "in" / "bad.png").write_bytes(b"no picture")
    until(6)
    put(place / "in" / "last.png", 51)
    until(7)
    put(place / "in" / "000.png", 52)  # another picture under a name that was there
    until(8)
    ended = end(number)
    assert ended.code == 1  # as a batch with a picture that failed
    assert "7 scored, 0 abnormal, 1 failed." in ended.err
    assert "Traceback" not in ended.err
    assert "bad.png is not a picture" in ended.err
    assert len(ended.out.splitlines()) == 7
    found = rows(place)
    assert [row["file"] for row in found] == [
        *(f"in/00{k}.png" for k in range(4)), "in/new.png", "in/bad.png", "in/last.png", "in/000.png"
    ]  # fmt: skip
    assert [bool(row["error"]) for row in found] == [False] * 5 + [True, False, False]


def test_ctrl_c_without_failures_is_success_and_a_restart_scores_only_what_is_new(place, started):
    until, end = started()
    until(4)
    assert end(signal.SIGINT).code == 0
    before = (place / "t.csv").read_text()
    put(place / "in" / "new.png", 50)
    until, end = started()
    until(5)
    ended = end(signal.SIGINT)
    assert "1 scored" in ended.err
    after = (place / "t.csv").read_text()
    assert after.startswith(before)
    assert after.splitlines()[-1].startswith("in/new.png,")


def test_scores_are_those_of_the_command_score(place, watched, capsys):
    ran = watched("--json", "--csv", "t.csv")
    assert ran.code == 0
    call(["anomaly", "score", "in", "--vae", "m.safetensors", "--json"])
    whole = {row["file"]: row["score"] for row in map(json.loads, capsys.readouterr().out.splitlines())}
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert {line["file"]: line["score"] for line in lines} == whole
    assert {row["file"]: float(row["score"]) for row in rows(place)} == whole
    assert tuple(rows(place)[0]) == COLUMNS
    assert set(lines[0]) <= set(COLUMNS)
    assert lines[0]["bytes"] == (place / "in" / "000.png").stat().st_size


def test_a_restart_scores_what_has_changed_and_no_damaged_picture_again(place, watched):
    (place / "in" / "bad.png").write_bytes(b"no picture")
    assert watched("--csv", "t.csv").code == 1
    again = watched("--csv", "t.csv")
    assert (again.code, again.out) == (0, "")
    put(place / "in" / "001.png", 77)
    again = watched("--csv", "t.csv")
    assert again.out.startswith("in/001.png  ")
    assert len(rows(place)) == 6


def test_new_only_passes_over_what_is_there(place, watched, monkeypatch):
    def ended(self, seconds):
        if self.naps == 0:
            put(place / "in" / "new.png", 50)
        self.naps += 1
        self.wanted = self.naps == 4

    monkeypatch.setattr(watching.Ending, "sleep", ended)
    monkeypatch.setattr(watching.Ending, "naps", 0, raising=False)
    ran = watched("--new-only", once=False)
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == ["in/new.png"]


@pytest.mark.parametrize("way", ["--move-alarms", "--copy-alarms"])
def test_alarms_are_put_apart_and_replace_nothing(place, watched, way):
    (place / "alarms").mkdir()
    (place / "alarms" / "001.png").write_bytes(b"of yesterday")
    before = {path.name: path.read_bytes() for path in (place / "in").iterdir()}
    (place / "in" / "link.png").symlink_to("../outside.png")
    write(image(9), place / "outside.png")
    ran = watched("--false-alarms", "50%", "--csv", "t.csv", way, "alarms", "--fail-on-anomaly")
    abnormal = [row for row in rows(place) if row["anomalous"] == "True"]
    assert len(abnormal) == 5, "the small model calls all of these abnormal"
    assert ran.code == 3
    assert {row["file"]: row["alarm"] for row in abnormal} == {
        "in/000.png": "alarms/000.png",
        "in/001.png": "alarms/001-2.png",
        "in/002.png": "alarms/002.png",
        "in/003.png": "alarms/003.png",
        "in/link.png": "alarms/link.png",
    }
    assert (place / "alarms" / "001.png").read_bytes() == b"of yesterday"
    assert names(place / "alarms") == ["000.png", "001-2.png", "001.png", "002.png", "003.png", "link.png"]
    assert (place / "alarms" / "001-2.png").read_bytes() == before["001.png"]
    assert (place / "alarms" / "link.png").read_bytes() == (place / "outside.png").read_bytes()
    assert not (place / "alarms" / "link.png").is_symlink()
    left = {path.name: path.read_bytes() for path in (place / "in").iterdir() if not path.is_symlink()}
    assert left == ({} if way == "--move-alarms" else before)
    assert (place / "in" / "link.png").is_symlink() == (way == "--copy-alarms")
    assert "in/001.png  ABNORMAL" in ran.out
    assert "-> alarms/001-2.png" in ran.out


def test_alarms_move_to_another_file_system(watched, small_disk):
    disk = small_disk(100)
    ran = watched("--false-alarms", "50%", "--move-alarms", disk)
    assert ran.code == 0
    assert names(disk) == ["000.png", "001.png", "002.png", "003.png"]
    assert os.listdir("in") == []


def test_an_alarm_that_cannot_be_put_apart_is_an_error_and_stays(place, watched, small_disk):
    disk = small_disk(4)
    (disk / "full").write_bytes(b"x" * 4096)
    ran = watched("--false-alarms", "50%", "--move-alarms", disk, "--csv", "t.csv")
    assert ran.code == 1
    assert "in/000.png cannot be put into" in ran.err
    assert "4 scored, 4 abnormal, 4 failed" in ran.err
    assert names(place / "in") == ["000.png", "001.png", "002.png", "003.png"]
    assert names(disk) == ["full"]
    assert all(row["error"] and row["anomalous"] == "True" for row in rows(place))


def test_a_table_on_a_full_disk_keeps_whole_lines(place, watched, small_disk):
    disk = small_disk(4)
    table = disk / "t.csv"
    table.write_text(",".join(COLUMNS) + "\n" + "x" * (4096 - 250) + "\n")
    before = table.read_text()
    ran = watched("--csv", table)
    assert ran.code == 1
    assert "t.csv cannot be written" in ran.err
    assert table.read_text().startswith(before)
    assert table.read_text().endswith("\n")
    assert all(line.count(",") == len(COLUMNS) - 1 for line in table.read_text()[len(before) :].splitlines())


def test_a_line_that_was_cut_is_passed_over_and_kept(place, watched):
    assert watched("--csv", "t.csv").code == 0
    whole = (place / "t.csv").read_text()
    cut = whole[: whole.rindex("in/003.png") + 20]
    (place / "t.csv").write_text(cut)
    ran = watched("--csv", "t.csv")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["in/003.png"]
    assert (place / "t.csv").read_text().startswith(cut + "\nin/003.png,")


def test_odd_names_are_one_line_each(place, watched):
    for name in ("=1+1.png", "two\nlines.png", 'quote".png', "comma,.png"):
        put(place / "in" / name, 60)
    os.rename(place / "in" / "000.png", os.fsencode(place / "in") + b"/caf\xe9.png")
    assert watched("--csv", "t.csv").code == 0
    assert len((place / "t.csv").read_text().splitlines()) == 9
    assert all(not row["file"].startswith("=") for row in rows(place))
    assert watched("--csv", "t.csv").out == ""


def test_what_no_library_can_bear_fails_alone(place, watched, monkeypatch):
    from vaeedit_anomaly import scoring

    score = scoring.Scorer.__call__

    def strange(self, path):
        if path.name == "001.png":
            raise RuntimeError("out of everything")
        return score(self, path)

    monkeypatch.setattr(scoring.Scorer, "__call__", strange)
    ran = watched()
    assert ran.code == 1
    assert "in/001.png cannot be scored (RuntimeError: out of everything)" in ran.err
    assert len(ran.out.splitlines()) == 3


def test_a_picture_that_changes_while_it_is_scored_is_not_recorded(place, watched, monkeypatch):
    from vaeedit_anomaly import scoring

    score = scoring.Scorer.__call__

    def slow(self, path):
        found = score(self, path)
        if path.name == "001.png":
            put(path, 70)
        if path.name == "002.png":
            path.unlink()
        return found

    monkeypatch.setattr(scoring.Scorer, "__call__", slow)
    ran = watched("--csv", "t.csv")
    assert [row["file"] for row in rows(place)] == ["in/000.png", "in/003.png"]
    assert (ran.code, "2 scored" in ran.err) == (0, True)


def test_a_file_of_several_pictures_is_an_error(place, watched):
    from PIL import Image

    pages = [Image.fromarray(image(k).pixels[..., 0]) for k in range(2)]
    pages[0].save(place / "in" / "two.tif", save_all=True, append_images=pages[1:])
    ran = watched()
    assert ran.code == 1
    assert "in/two.tif holds 2 pictures; split it first" in ran.err


def with_held_out(model, scores):
    """Give a model the scores of its calibration."""
    info = read_info(model)
    made = replace(
        msgspec.convert(info.calibration, Calibration),
        held_out=len(scores),
        held_out_scores=tuple(scores),
        scores=Tail.of(np.array(scores)),
    )
    update_info(model, replace(info, calibration=msgspec.to_builtins(made)))


def table_of(place, count, model):
    """A table of an earlier watch whose scores are those of the picture 000.png."""
    row = {**rows(place)[0], "model": model or rows(place)[0]["model"]}
    with (place / "t.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "file": f"in/earlier-{k}.png"} for k in range(count))


def test_drift_is_warned_of_once_and_across_restarts(place, watched):
    model = place / "m.safetensors"
    with_held_out(model, [0.001 * k for k in range(100)])  # below the scores of all images
    assert "Warning" not in watched("--csv", "t.csv").err
    table_of(place, WINDOW - 2, None)
    ran = watched("--csv", "t.csv", "--json")
    assert ran.err.count("Warning: The scores of the last 200 images differ") == 1
    assert "vaeedit anomaly recalibrate" in ran.err
    assert "At the end, scores differed" in ran.err
    found = [line for line in map(json.loads, ran.out.splitlines()) if "drift" in line]
    assert [(one["drift"], one["window"]) for one in found] == [(True, 1)]
    again = watched("--csv", "t.csv")
    assert "Warning" not in again.err
    assert "At the end, scores differed" in again.err


def test_scores_of_another_calibration_are_not_those_of_this_one(place, watched):
    with_held_out(place / "m.safetensors", [0.001 * k for k in range(100)])
    watched("--csv", "t.csv")
    table_of(place, WINDOW - 2, "part 00000000")
    assert "differ" not in watched("--csv", "t.csv").err


def test_a_line_that_is_as_calibrated_again_says_so(capsys):
    from vaeedit_anomaly.drift import Drift
    from vaeedit_anomaly.log import Log
    from vaeedit_anomaly.scoring import Scored

    random = np.random.default_rng(0)
    station = watching.Station(
        lambda path: None, Log(None, "m"), None, Drift(random.normal(size=80).tolist())
    )
    for shift in (0, 5, 5, 0):
        for score in random.normal(size=WINDOW) + shift:
            station._count(Scored(None, "", score=float(score)), None)
    said = capsys.readouterr().err
    assert said.count("differ from those") == 1
    assert said.count("like those of the calibration again") == 1


def test_a_model_of_an_older_version_says_what_drift_needs(watched):
    ran = watched()
    assert ran.code == 0
    assert ran.err.count("Drift is not watched") == 1
    assert "vaeedit anomaly recalibrate" in ran.err


def test_wrong_use_is_a_sentence_before_any_work(place, watched):
    (place / "other.csv").write_text("file,score\n")
    for flags, words in (
        (["--csv", "other.csv"], "is no table of `vaeedit anomaly watch`"),
        (["--csv", "m.safetensors"], "is no table of `vaeedit anomaly watch`"),
        (["--csv", "in/000.png"], "is no table of `vaeedit anomaly watch`"),
        (["--csv", "in"], "is no file"),
        (["--csv", "nowhere/t.csv"], "there is no folder nowhere"),
        (["--move-alarms", "in"], "Alarms cannot be put into in, which is watched"),
        (["--move-alarms", "a", "--copy-alarms", "b"], "either moved or copied"),
        (["--new-only"], "nothing to do"),
        (["--every", "soon"], "is not a time"),
        (["--device", "nonsense"], "nonsense"),
    ):
        before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
        ran = watched(*flags)
        assert (ran.code, ran.out) == (2, ""), flags
        assert words in ran.err
        assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
    assert call(["anomaly", "watch", "nowhere", "--vae", "m.safetensors"]) == 2
    assert call(["anomaly", "watch", "in", "--vae", "denoise"]) == 2


def test_what_is_still_being_written_is_left_to_the_next_run(place, watched, monkeypatch):
    def growing(self, seconds):
        with (place / "in" / "000.png").open("ab") as file:
            file.write(b"x")

    monkeypatch.setattr(watching.Ending, "sleep", growing)
    ran = watched()
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 3
    assert "1 image is still being written, and left to the next run" in ran.err
