"""Reading within limits: only regular files, only as large as stated."""

import io
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from vaeedit.errors import ImageError, UsageError
from vaeedit.limits import PICTURE, PIXELS, TEXT, Limit, read_regular, read_stream, require_regular

SMALL = Limit("VAEEDIT_TEST_LIMIT", 10, "bytes in tests")


def test_a_regular_file_is_read(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    assert read_regular(path, SMALL) == b"0123456789"
    require_regular(path, SMALL)


def test_a_larger_file_is_refused_with_the_way_to_change_the_limit(tmp_path: Path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"0123456789x")
    with pytest.raises(ImageError, match=r"11 bytes, over the limit of 10; VAEEDIT_TEST_LIMIT"):
        read_regular(path, SMALL)
    monkeypatch.setenv("VAEEDIT_TEST_LIMIT", "11")
    assert len(read_regular(path, SMALL)) == 11


def test_a_pipe_without_a_writer_is_refused_at_once(tmp_path: Path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    for call in (read_regular, require_regular):
        with pytest.raises(ImageError, match="not a regular file"):
            call(path, TEXT)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(name: str):
    with pytest.raises(ImageError, match="not a regular file"):
        read_regular(name, TEXT)


def test_a_sparse_giant_is_refused_before_it_is_read(tmp_path: Path):
    path = tmp_path / "giant"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UsageError, match="over the limit"):
        read_regular(path, TEXT, UsageError)


@pytest.mark.parametrize("name", ["missing", ".", "nul\0byte", "x" * 5000])
def test_what_cannot_be_opened_is_a_sentence(tmp_path: Path, name: str):
    with pytest.raises(ImageError, match="cannot be read"):
        read_regular(f"{tmp_path}/{name}", TEXT)


@pytest.mark.parametrize("text", ["", "-1", "1e9", "many", "9" * 30])
def test_a_limit_that_is_no_number_is_a_sentence(text: str, monkeypatch):
    monkeypatch.setenv(PIXELS.variable, text)
    with pytest.raises(UsageError, match="must be a whole number"):
        _ = PIXELS.value


def test_a_stream_without_end_is_read_up_to_the_limit():
    with (
        open("/dev/zero", "rb") as endless,
        pytest.raises(ImageError, match="limit of 10; VAEEDIT_TEST_LIMIT"),
    ):
        read_stream(endless, "standard input", SMALL)
    assert read_stream(io.BytesIO(b"0123456789"), "standard input", SMALL) == b"0123456789"


def test_reading_a_small_file_sets_little_memory_aside(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(bytes(1000))
    tracemalloc.start()
    read_regular(path, PICTURE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_too_little_address_space_is_refused_before_any_library_is_loaded(tmp_path: Path):
    resource = pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-m", "vaeedit", "denoise", "in.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20)),
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The limit on address space (ulimit -v) is 900 MB")
