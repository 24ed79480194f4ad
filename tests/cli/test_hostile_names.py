"""Names of files with line breaks, escape sequences or bytes that are not UTF-8 cannot forge what a command prints."""

import csv
import json
import os
import sys
from pathlib import Path

import pytest

from vaeedit_anomaly.report import write_report
from vaeedit_anomaly.scoring import Scored
from vaeedit_anomaly.sinks import write_table

FORGED = "a\nother.png -> other.png  (1 s)\n\x1b[2K\u202e.png"
LATIN = os.fsdecode(b"caf\xe9.png")


def test_a_name_prints_as_one_line(vaeedit, tmp_path, photo):
    photo(tmp_path / FORGED, size=(16, 16))
    ran = vaeedit("denoise", FORGED, "-o", "out.png", "--strength", "0")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        line
        for line in ran.out.splitlines()
        if line.startswith(r"a\nother.png -> other.png  (1 s)\n\x1b[2K\u202e.png -> out.png")
    ]
    assert "\x1b" not in ran.out + ran.err


def test_json_lines_name_the_very_file(vaeedit, tmp_path, photo):
    photo(tmp_path / FORGED, size=(16, 16))
    (tmp_path / LATIN).write_bytes((tmp_path / FORGED).read_bytes())
    ran = vaeedit("info", FORGED, LATIN, "--json")
    assert [json.loads(line)["file"] for line in ran.out.splitlines()] == [FORGED, LATIN]
    assert ran.out.isascii()


def test_a_report_names_the_very_file(vaeedit, tmp_path):
    (tmp_path / "in").mkdir()
    for name in (FORGED, LATIN, "日本.png"):
        (tmp_path / "in" / name).write_bytes(b"")
    assert vaeedit("denoise", "in", "-o", "out", "--report", "r.json").code == 1
    text = (tmp_path / "r.json").read_text("utf-8")
    assert {one["input"] for one in json.loads(text)["failures"]} == {
        f"in/{FORGED}",
        f"in/{LATIN}",
        "in/日本.png",
    }
    assert "日本" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("name", [FORGED, LATIN])
def test_errors_about_a_name_are_one_line(vaeedit, name):
    ran = vaeedit("info", name)
    ran.assert_refused(1, "cannot be read")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("word", ["x\nError: forged", "--x\n\x1b[2J"])
def test_what_click_says_cannot_be_forged_either(vaeedit, word):
    for arguments in ((word,), ("denoise", word), ("denoise", "--exists", word)):
        ran = vaeedit(*arguments)
        assert ran.code == 2
        assert "\nError: forged" not in ran.err
        assert "\x1b" not in ran.err


def test_an_error_of_use_still_shows_how_it_is_used(run_vaeedit, tmp_path):
    done = run_vaeedit("denoise", "--nothing-like-it", cwd=tmp_path)
    assert done.returncode == 2
    usage, hint, empty, error = done.stderr.decode().splitlines()
    assert usage.startswith("Usage: vaeedit denoise")
    assert hint == "Try 'vaeedit denoise --help' for help."
    assert empty == ""
    assert error.startswith("Error: No such option")


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system refuses such names")
def test_a_terminal_of_few_characters_gets_escapes(run_vaeedit, tmp_path, photo):
    photo(tmp_path / "日本.png", size=(16, 16))
    os.rename(tmp_path / "日本.png", tmp_path / "é.png")
    done = run_vaeedit("info", "é.png", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"file: \\xe9.png" in done.stdout


def test_a_table_holds_no_formula_and_numbers_stay(tmp_path):
    names = ["=cmd|'/c calc'!A1", "+1", "-1", "@x", "\tx", FORGED, LATIN, "a,b.png"]
    rows = [Scored(Path(name), name, score=-1.5) for name in names]
    rows.append(Scored(Path("gone.png"), "gone.png", error="=1: gone"))
    write_table(rows, tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text("utf-8")
    table = list(csv.DictReader(text.splitlines()))
    assert [row["file"] for row in table[:4]] == ["'=cmd|'/c calc'!A1", "'+1", "'-1", "'@x"]
    assert {row["score"] for row in table[:-1]} == {"-1.5"}
    assert table[-1]["error"] == "'=1: gone"
    assert len(table) == len(rows)
    assert "\x1b" not in text


def test_the_page_shows_names_and_runs_nothing(tmp_path):
    names = ["<script>alert(1)</script>.png", "x' onerror='alert(1)", FORGED, LATIN]
    found = [Scored(tmp_path / name, name, score=1.0) for name in names]
    found.append(Scored(tmp_path / "b", "b", error="<img src=x>\u202e"))
    write_report(found, tmp_path / "r.html", "<b>model</b>\n")
    page = (tmp_path / "r.html").read_text("utf-8")
    for harmful in ("<script>", "' onerror='", "<img src=x", "<b>model", "\u202e", "\x1b"):
        assert harmful not in page
    assert "caf\\xe9.png" in page


@pytest.mark.parametrize(
    "arguments",
    [
        ["denoise", "LONG"],
        ["denoise", "in.png", "--vae", "LONG"],
        ["denoise", "in.png", "--vae", "LONG.safetensors"],
        ["denoise", "in.png", "-o", "LONG.png"],
        ["denoise", "in.png", "-o", "out.png", "--compare", "LONG.png"],
        ["style", "in.png", "LONG"],
        ["info", "LONG"],
        ["run", "LONG", "in.png"],
        ["models", "info", "LONG"],
        ["anomaly", "score", "LONG", "--vae", "LONG"],
        ["evaluate", "denoise", "LONG"],
    ],
)
def test_a_name_that_is_too_long_is_a_sentence(vaeedit, tmp_path, photo, arguments):
    photo(tmp_path / "in.png", size=(16, 16))
    ran = vaeedit(*(word.replace("LONG", "n" * 300) for word in arguments))
    assert ran.code in (1, 2)
    assert ran.err.startswith("Error: ")
    assert "nnn" in ran.err
    assert "unexpected" not in ran.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "pipe.png"],
        ["run", "--from", "pipe.png", "in.png"],
        ["style", "in.png", "pipe.png"],
        ["fuse", "in.png", "pipe.png"],
        ["anomaly", "score", "in.png", "--vae", "pipe.safetensors"],
        ["info", "/dev/zero"],
        ["style", "in.png", "/dev/zero"],
    ],
)
def test_pipes_and_devices_are_not_read(run_vaeedit, tmp_path, photo, arguments):
    photo(tmp_path / "in.png", size=(16, 16))
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe.safetensors")
    done = run_vaeedit(*arguments, cwd=tmp_path)  # it would hang, or fill the memory
    assert done.returncode in (1, 2)
    assert done.stderr.startswith(b"Error: ")
    assert b"unexpected" not in done.stderr
