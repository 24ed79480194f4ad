"""Kills whole batches (SIGKILL to the process group) at random moments and resumes them, in each of three engines.

One trial kills a real `vaeedit` command in one process, with two workers and with Dask, five times each: one kill in five
while it starts, the others while pictures are done. It is a failure if ever an output is there whose bytes are not those of
an undisturbed run, if another file is changed, if the last `--resume` does not end well, or if it leaves anything
but the outputs and the journal. VAEEDIT_KILLS sets the kills of an engine, VAEEDIT_ENGINES the engines.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np
from harness import main
from PIL import Image

KILLS = int(os.environ.get("VAEEDIT_KILLS", "5"))
ENGINES = {
    "one process": (),
    "two workers": ("--workers", "2"),
    "dask": ("--engine", "dask", "--workers", "2"),
}
CHOSEN = os.environ.get("VAEEDIT_ENGINES", ",".join(ENGINES)).split(",")
PICTURES = 120
JOURNAL = "vaeedit-journal.jsonl"
OTHERS = {"mine.png": b"somebody else's", ".mine.part": b"keep", "notes.txt": b"notes"}
"""Other files in the output folder."""


def trial(rng: random.Random) -> str:
    for engine in CHOSEN:
        kills = 0
        while kills < KILLS:
            kills += _batch(rng, ENGINES[engine], KILLS - kills)
    return f"times {KILLS} kills of {' and of '.join(CHOSEN)}"


def _batch(rng: random.Random, flags: tuple[str, ...], kills: int) -> int:
    """Kill a batch up to so many times, then let it end; gives how often it was killed."""
    with tempfile.TemporaryDirectory() as folder:
        out, made = Path(folder, "out"), 0
        out.mkdir()
        for name, data in OTHERS.items():
            (out / name).write_bytes(data)
        while made < kills and _killed(rng, out, flags):
            made += 1
            _check(out, whole=False)
        ended = _start(out, flags)
        text = ended.communicate(timeout=600)[1].decode()
        if ended.returncode != 0:
            raise RuntimeError(f"--resume ended with {ended.returncode}: {text[-300:]}")
        _check(out, whole=True)
        return made


def _killed(rng: random.Random, out: Path, flags: tuple[str, ...]) -> bool:
    """Start the batch and kill it; False where it was faster."""
    before = _size(out)
    process = _start(out, flags)
    if rng.random() < 0.2:
        _wait(process, rng.uniform(0, 6))
    else:
        while process.poll() is None and _size(out) < before + 600:  # a record: its first picture is done
            time.sleep(0.01)
        _wait(process, rng.uniform(0, 0.5))
    early = process.poll() is not None
    if not early:
        os.killpg(process.pid, signal.SIGKILL)
    _, text = process.communicate()
    if early and process.returncode != 0:
        raise RuntimeError(f"it ended with {process.returncode}: {text.decode()[-300:]}")
    return not early


def _start(out: Path, flags: tuple[str, ...]) -> subprocess.Popen[bytes]:
    resume = ["--resume"] if (out / JOURNAL).exists() else []
    command = [
        sys.executable,
        "-m",
        "vaeedit",
        "denoise",
        str(_pictures()),
        "-o",
        str(out),
        "--compare",
        str(out / "cmp"),
    ]
    return subprocess.Popen(
        [*command, "--sigma", "9", "--threads", "1", *flags, *resume],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _size(out: Path) -> int:
    try:
        return (out / JOURNAL).stat().st_size
    except FileNotFoundError:
        return 0


def _check(out: Path, *, whole: bool) -> None:
    """Raise AssertionError for anything that should not be there, or is not as it should be."""
    expected = {**_undisturbed(), **OTHERS}
    found = {
        str(path.relative_to(out)): path for path in out.rglob("*") if path.is_file() and path.name != JOURNAL
    }
    for name, path in found.items():
        temporary = name.endswith((".part", ".lock")) and name not in OTHERS
        assert temporary or name in expected, f"{name} should not be there"
        assert temporary or path.read_bytes() == expected[name], f"the bytes of {name} are others"
        assert not (temporary and whole), f"{name} was left"
    assert not whole or len(found) == len(expected), f"{len(expected) - len(found)} files are missing"


@cache
def _home() -> Path:
    return Path(tempfile.mkdtemp(prefix="kills"))


@cache
def _pictures() -> Path:
    """The inputs, the same in every trial."""
    folder, random = _home() / "in", np.random.default_rng(0)
    folder.mkdir()
    for number in range(PICTURES):
        pixels = random.integers(0, 256, (24, 24, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@cache
def _undisturbed() -> dict[str, bytes]:
    """What a batch gives that nobody kills."""
    out = _home() / "out"
    process = _start(out, ())
    text = process.communicate()[1]
    assert process.returncode == 0, text.decode()
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.png")}


if __name__ == "__main__":
    try:
        _undisturbed()  # before the processes of the trials begin, which share it
        main("kills", trial, trials=20, hang=3000.0)
    finally:
        shutil.rmtree(_home())
