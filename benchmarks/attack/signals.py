"""Signals at random moments to whole commands, in each engine: SIGINT, SIGTERM, SIGHUP, five Ctrl-C, a stopped worker.

One trial starts a real batch of pictures and, at a random moment from its start-up on, sends the process or its whole
group (as a terminal does) a signal, or several Ctrl-C in a row; or it stops a worker of a run with --time-limit. It is a
failure if the exit code is not the signal's (or 0 where the run was faster), if anything looks like a traceback, if a
temporary file is left, if a line of the journal cannot be read, or if an output exists without a record in the journal;
and if a run with a stopped worker does not end with every picture done or named. Signals before the program
takes them, while Python itself starts, are not sent. VAEEDIT_ENGINES sets the engines.
"""

import os
import random
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

from vaeedit.batch.history import read_history
from vaeedit.batch.journal import NAME
from vaeedit.batch.lines import digest

ENGINES = {
    "one process": (),
    "a limit of time": ("--time-limit", "300s"),
    "two workers": ("--workers", "2"),
    "dask": ("--engine", "dask", "--workers", "2"),
}
CHOSEN = os.environ.get("VAEEDIT_ENGINES", ",".join(ENGINES)).split(",")
PICTURES = 24
LIMIT = 30
"""Seconds of a picture where a worker is stopped."""


def trial(rng: random.Random) -> str:
    engine = rng.choice(CHOSEN)
    if engine == "two workers" and rng.random() < 0.2:
        return _stopped(rng)
    kind = rng.choice(["SIGINT", "SIGTERM", "SIGHUP", "five SIGINT", "five SIGINT"])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        process = _start(out, ENGINES[engine])
        _wait_for_moment(rng, process, out)
        number = getattr(signal, kind.split()[-1])
        send = rng.choice([os.kill, os.killpg])
        for _ in range(5 if kind.startswith("five") else 1):
            if process.poll() is None:
                send(process.pid, number)
                time.sleep(rng.choice([0, 0.001, 0.05, 0.3]))
        text = process.communicate(timeout=240)[1].decode()
        _check(out, text)
        if process.returncode == 0:
            return "ended before"
        assert process.returncode == 128 + number, (engine, kind, process.returncode, text[-500:])
        assert text.count("interrupted") == 1, (engine, kind, text[-500:])
    return f"{kind} to {engine}"


def _stopped(rng: random.Random) -> str:
    """Stop a worker; it is replaced, and all is done but what it was at."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        process = _start(out, (*ENGINES["two workers"], "--time-limit", f"{LIMIT}s"))
        _wait_for_moment(rng, process, out)
        workers = _workers(process.pid)
        for pid in workers[:1]:
            os.kill(pid, signal.SIGSTOP)
        text = process.communicate(timeout=400)[1].decode()
        _check(out, text)
        done = len(list(out.glob("*.png")))
        slow = text.count(f"longer than {LIMIT} seconds")
        assert done + slow == PICTURES, (done, slow, text[-500:])
        assert slow <= 1, text[-500:]
        assert process.returncode == (1 if slow else 0), text[-500:]
    return "a stopped worker" if workers else "ended before"


def _start(out: Path, flags: tuple[str, ...]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "vaeedit", "denoise", str(_pictures()), "-o", str(out), "--sigma", "9"]
    process = subprocess.Popen(
        [*command, "--threads", "1", *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_with_defaults,
    )
    while process.poll() is None and not _takes_signals(process.pid):
        time.sleep(0.001)
    return process


def _with_defaults() -> None:
    """Background jobs of a shell ignore some."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _takes_signals(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return all(caught >> (number - 1) & 1 for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))


def _wait_for_moment(rng: random.Random, process: subprocess.Popen[bytes], out: Path) -> None:
    """Some time after the start, or soon after a few pictures are done."""
    if rng.random() < 0.4:
        time.sleep(rng.uniform(0, 4))
        return
    wanted = rng.randrange(PICTURES)
    while process.poll() is None and len(list(out.glob("*.png"))) < wanted:
        time.sleep(0.005)
    time.sleep(rng.uniform(0, 0.3))


def _workers(pid: int) -> list[int]:
    try:
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
        children = [int(number) for text in texts for number in text.split()]
        return [c for c in children if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]
    except FileNotFoundError:
        return []


def _check(out: Path, text: str) -> None:
    """Raise AssertionError for what a signal must not leave behind."""
    assert "Traceback" not in text, text[-2000:]
    assert "Exception ignored" not in text, text[-2000:]
    files = [path for path in out.rglob("*") if path.is_file()]
    assert not [path for path in files if path.name.endswith(".part")], files
    if not (out / NAME).exists():
        assert not files, files
        return
    history = read_history(out / NAME)
    assert not history.damaged, history.damaged
    for path in files:
        if path.name != NAME:
            assert history.last[str(path)].written == digest(path.read_bytes()), path


@cache
def _pictures() -> Path:
    folder = Path(tempfile.gettempdir(), f"vaeedit-signals-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    for number in range(PICTURES):
        pixels = np.random.default_rng(number).integers(0, 256, (160, 200, 3)).astype(np.uint8)
        part = folder / f".{number}.{os.getpid()}"
        Image.fromarray(pixels).save(part, "PNG")
        part.replace(folder / f"{number:02}.png")
    return folder


if __name__ == "__main__":
    main("signals", trial, trials=120, hang=500)
