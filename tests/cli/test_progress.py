"""On a terminal, the tiles of one large picture are counted; --quiet prints warnings and errors only."""

import errno
import os
import pty
import re
import sys
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("vaeedit")


def on_a_terminal(*words, cwd):
    """All that the command writes to a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execv(SCRIPT, ["vaeedit", *map(str, words)])
    written = b""
    try:
        while piece := os.read(terminal, 1 << 16):
            written += piece
    except OSError as error:
        if error.errno != errno.EIO:  # on Linux this says that the other end is closed
            raise
    assert os.waitpid(pid, 0)[1] == 0, written
    return written.decode()


@pytest.fixture
def picture(photo, tmp_path):
    photo(tmp_path / "a.png", (64, 80))


def test_the_tiles_of_one_picture_are_counted_on_a_terminal_only(picture, tmp_path, run_vaeedit):
    words = ["reconstruct", "a.png", "--tile", "32", "--device", "cpu"]
    text = on_a_terminal(*words, "-o", "b.png", cwd=tmp_path)
    seen = re.findall(r"tiles\D+ (\d+)/(\d+)", re.sub(r"\x1b\[[\d;]*m", "", text))
    assert seen[0] == ("0", "12"), text  # six are inspected, six are edited
    assert seen[-1] == ("11", "12")
    assert "a.png -> b.png" in text
    assert run_vaeedit(*words, "-o", "c.png", cwd=tmp_path).stderr == b""
    assert on_a_terminal(*words, "-o", "d.png", "--quiet", cwd=tmp_path) == ""


def test_quiet_prints_warnings_and_errors_only(photo, tmp_path, vaeedit):
    for name in ("a.png", "b.png"):
        photo(tmp_path / name, (32, 32))
    assert vaeedit("reconstruct", "a.png", "b.png", "-o", "out/", "-q").out == ""
    done = vaeedit("reconstruct", "a.png", "b.png", "-o", "out/", "-q", "--exists", "skip")
    assert (done.code, done.out, done.err) == (0, "", "")
    (tmp_path / "c.png").write_bytes(b"no picture")
    done = vaeedit("reconstruct", "a.png", "c.png", "-o", "more/", "-q")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: c.png")
    assert done.err.count("\n") == 1
    assert '"status":"done"' in vaeedit("reconstruct", "a.png", "-o", "e.png", "-q", "--json").out
