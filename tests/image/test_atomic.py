"""Temporary files: their owners, and which of them may be removed."""

import subprocess
import sys

import pytest

from vaeedit.image.atomic import parts_in, put, this_process, write_part

NAMES = ("a.png", "ü" * 120 + ".png", "caf\udce9.png", "two\nlines.png")


@pytest.fixture
def ended():
    """The mark of a process of this machine that has ended."""
    code = "from vaeedit.image.atomic import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("name", NAMES)
def test_parts_of_a_process_that_has_ended_are_found_and_those_of_a_live_one_are_not(tmp_path, ended, name):
    left, live = (write_part(tmp_path / name, b"x", owner) for owner in (ended, this_process()))
    assert parts_in(tmp_path, [name]) == [left]
    assert sorted(parts_in(tmp_path, [name], [this_process()])) == sorted([left, live])


def test_parts_of_another_place_are_found_only_where_their_process_is_named(tmp_path):
    left = write_part(tmp_path / "a.png", b"x", "00000000-1")
    assert parts_in(tmp_path, ["a.png"]) == []
    assert parts_in(tmp_path, ["a.png"], ["00000000-1"]) == [left]


def test_outputs_whose_names_begin_alike_are_told_apart(tmp_path, ended):
    names = [f"{'x' * 60}{number}.png" for number in (1, 2)]
    left = [write_part(tmp_path / name, b"x", ended) for name in names]
    assert parts_in(tmp_path, names[:1]) == left[:1]


def test_other_hidden_files_are_left_alone(tmp_path, ended):
    for name in (
        ".mine.part",
        ".a.png.part",
        write_part(tmp_path / "b.png", b"x", ended).name,
        f".a.png.{ended}.part",
    ):
        (tmp_path / name).write_bytes(b"x")
    assert parts_in(tmp_path, ["a.png"]) == []
    assert parts_in(tmp_path / "none", ["a.png"]) == []


def test_a_part_that_is_put_in_place_is_gone_from_its_old_name(tmp_path):
    part = write_part(tmp_path / "a.png", b"x")
    assert [path.name for path in tmp_path.iterdir()] == [part.name]
    put(part, tmp_path / "a.png")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.png": b"x"}
