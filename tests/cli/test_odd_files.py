"""The core of benchmarks/features/odd_files.py: of more than 50 odd files none is lost, and nothing changes silently."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "features"))

import odd_files
import odd_pictures

BROKEN = {
    *("bad-checksum.png", "dangling-link.jpg", "empty.jpg", "layers.psd", "no extension", "text.jpg"),
    *("truncated.jpg", "truncated.png"),
}


@pytest.fixture(scope="module")
def fates(tmp_path_factory):
    home = tmp_path_factory.mktemp("odd")
    odd_pictures.odd_pictures(home / "in")
    records = odd_files.run(home / "in", home / "out")
    return {fate.name: fate for fate in odd_files.fates(home / "in", home / "out", records)}


def test_no_file_is_lost_and_nothing_changes_without_a_word(fates):
    assert len(fates) >= 50
    assert [name for name, fate in fates.items() if fate.is_silent] == []
    assert {name for name, fate in fates.items() if fate.outcome == "failed"} >= BROKEN
    assert all(fates[name].said for name in BROKEN)


@pytest.mark.parametrize(
    "name", ["everything.jpg", "texts.png", "16-bit.tif", "lossless.webp", "orientation-6.jpg"]
)
def test_all_that_the_format_holds_is_kept(fates, name):
    fate = fates[name]
    assert (fate.outcome, fate.said) == ("done", [])
    assert set(fate.marks.values()) <= {"=", "~", "."}
    assert [*fate.marks.values()].count("=") >= 3


def test_the_check_itself_sees_what_is_lost():
    before = dict.fromkeys(odd_files.KINDS, "x")
    assert set(odd_files.marks_of(before, {**before, "thumbnail": "old", "icc": None}).items()) >= {
        ("thumbnail", "!"),
        ("icc", "!"),
        ("iptc", "="),
    }
    assert odd_files.Fate("x", {"icc": "!"}, [], "done").is_silent
    assert odd_files.Fate("x").is_silent
    assert not odd_files.Fate("x", {"icc": "!"}, ["said"], "done").is_silent
