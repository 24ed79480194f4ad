"""A journal belongs to one run at a time, and to nobody once that has ended."""

import os
import socket
import subprocess
import sys

import pytest

from vaeedit.batch.lock import Claim
from vaeedit.errors import ImageError, UsageError

HOLD = """
import sys
from pathlib import Path
from vaeedit.batch.lock import Claim
with Claim(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the journal."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "out" / "j")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_who_holds_it_is_said(holder, tmp_path):
    with (
        pytest.raises(UsageError, match=f"process {holder.pid} on {socket.gethostname()}"),
        Claim(tmp_path / "out" / "j"),
    ):
        pass
    assert (tmp_path / "out" / ".j.lock").exists()


def test_a_process_that_is_killed_holds_nothing(holder, tmp_path):
    holder.kill()
    holder.wait()
    with Claim(tmp_path / "out" / "j"):
        assert f"process {os.getpid()}" in (tmp_path / "out" / ".j.lock").read_text()
    assert list((tmp_path / "out").iterdir()) == []


def test_afterwards_nothing_is_left(holder, tmp_path):
    holder.communicate("")
    assert list(tmp_path.iterdir()) == []
    with Claim(tmp_path / "deep" / "er" / "j"):
        (tmp_path / "deep" / "kept").touch()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["kept"]


def test_a_folder_that_was_removed_is_no_trouble(tmp_path):
    with Claim(tmp_path / "out" / "j"):
        (tmp_path / "out" / ".j.lock").unlink()
        (tmp_path / "out").rmdir()
        with Claim(tmp_path / "out" / "j"):  # somebody else's by now
            pass


def test_a_folder_that_cannot_be_made_is_an_image_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match="cannot be made"), Claim(tmp_path / "file" / "out" / "j"):
        pass
