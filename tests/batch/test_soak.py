"""Whole batches by the real command: nothing lost, whatever is in the folder and whoever is killed.

VAEEDIT_SOAK=2000 makes it that many pictures; fewer by default.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from album import make_album
from PIL import Image

from vaeedit.batch.journal import NAME

SCRIPT = Path(sys.executable).with_name("vaeedit")
COUNT = int(os.environ.get("VAEEDIT_SOAK", "60"))
KILLS = 10 if COUNT > 500 else 3


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    return make_album(tmp_path_factory.mktemp("album") / "in", COUNT)


def start(album, out, *flags):
    command = [SCRIPT, "denoise", "-r", album.folder, "-o", out, "--sigma", "10", "--threads", "1", *flags]
    return subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process, seconds=3600):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def wait_for(process, out, count, ready=lambda: True):
    """Until so many outputs are there, and what else is asked for; the process must still be running then."""
    while process.poll() is None and not (standing(out) >= count and ready()):
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()


def standing(out):
    """How many outputs are there."""
    return sum(path.name != NAME for path in out.rglob("[!.]*.*"))


@pytest.fixture(scope="module")
def undisturbed(album, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    return out, *finish(start(album, out))


def outputs(folder):
    """Every file of an output folder but the journal, by name."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != NAME)
    return {path.relative_to(folder): path.read_bytes() for path in files}


def records(out):
    lines = [json.loads(line) for line in (out / NAME).read_text().splitlines() if '"status"' in line]
    return [line for line in lines if line["status"] == "done"], [
        line for line in lines if line["status"] == "failed"
    ]


def test_every_good_picture_is_done_and_every_bad_one_named(album, undisturbed):
    out, code, _, err = undisturbed
    assert code == 1
    assert "Traceback" not in err
    assert set(outputs(out)) == set(album.good)
    for path in album.good:
        assert Image.open(out / path).size == Image.open(album.folder / path).size
    errors = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == len(album.bad)
    for path, kind in album.bad.items():
        assert any(str(album.folder / path) in line for line in errors), (path, kind)
    assert f"{len(album.good)} of {len(album.good) + len(album.bad)} done, {len(album.bad)} failed." in err
    done, failed = records(out)
    assert len({record["output"] for record in done}) == len(done) == len(album.good)
    assert len(failed) == len(album.bad)
    assert all(record["error"] for record in failed)


def test_killed_again_and_again_and_resumed_it_gives_the_same_bytes(album, undisturbed, tmp_path):
    out, chance = tmp_path / "out", random.Random(1)
    for _ in range(KILLS):
        process = start(album, out, *(["--resume"] if (out / NAME).exists() else []))
        wait_for(process, out, standing(out) + chance.randint(1, len(album.good) // (KILLS + 1)))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    code, _, _ = finish(start(album, out, "--resume"))
    assert code == 1
    assert outputs(out) == outputs(undisturbed[0])
    done, _ = records(out)
    assert len({record["output"] for record in done}) == len(done) == len(album.good), "no file is done twice"


def test_a_second_run_computes_nothing(album, undisturbed, tmp_path):
    out = undisturbed[0]
    before = (out / NAME).read_text()
    code, text, _ = finish(start(album, out, "--resume", "--json"))
    assert code == 1  # the bad ones are tried again
    states = [json.loads(line)["status"] for line in text.splitlines()]
    assert states.count("finished") == len(album.good)
    assert states.count("failed") == len(album.bad)
    assert (out / NAME).read_text().startswith(before)


def workers_of(pid):
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    found = [int(number) for text in texts for number in text.split()]
    return [child for child in found if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_two_workers_give_the_same_bytes_as_one(album, undisturbed, tmp_path, engine):
    if engine == "dask":
        pytest.importorskip("cryptography")
    out = tmp_path / "out"
    code, _, err = finish(start(album, out, "--workers", "2", "--engine", engine))
    assert code == 1, err
    assert outputs(out) == outputs(undisturbed[0])

    def gist(folder):
        def plain(record):
            wanted = ("input", "status", "steps", "fingerprint", "written", "error", "seed", "precision")
            return {name: record[name] for name in wanted}

        return {record["input"]: plain(record) for part in records(folder) for record in part}

    assert gist(out) == gist(undisturbed[0])


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to find the workers")
@pytest.mark.parametrize("engine", ["local", "dask"])
def test_a_worker_that_is_killed_takes_no_file_along(album, undisturbed, tmp_path, engine):
    if engine == "dask":
        pytest.importorskip("cryptography")
    out = tmp_path / "out"
    process = start(album, out, "--workers", "2", "--engine", engine)
    wait_for(process, out, 1, lambda: len(workers_of(process.pid)) == 2)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    code, _, err = finish(process)
    assert code == 1, err
    assert outputs(out) == outputs(undisturbed[0])
    done, failed = records(out)
    assert (len(done), len(failed)) == (len(album.good), len(album.bad))


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_a_disk_that_fills_loses_nothing(album, undisturbed, small_disk, engine):
    if engine == "dask":
        pytest.importorskip("cryptography")
    whole = outputs(undisturbed[0])
    room = sum(map(len, whole.values())) // 1000
    out = small_disk(room // 2) / "out"
    code, _, err = finish(start(album, out, "--engine", engine))
    assert code == 1
    assert "Traceback" not in err
    assert "no space left on device" in err.lower()
    kept = outputs(out)
    assert 0 < len(kept) < len(whole)
    assert all(whole[name] == data for name, data in kept.items()), "an output is whole or not there"
    small_disk(room * 20 + 20_000)
    code, _, err = finish(start(album, out, "--resume", "--engine", engine))
    assert code == 1, err
    assert outputs(out) == whole
