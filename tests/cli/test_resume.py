"""`--resume`, journals and locks by the real command line: no picture lost, none edited twice, nobody's file replaced."""

import json
import os
import shutil
from pathlib import Path

import pytest

from vaeedit.batch.journal import NAME, Journal
from vaeedit.batch.lock import Claim
from vaeedit.extension.registry import registry
from vaeedit.vae.files import find_vae

LATIN = os.fsdecode(b"caf\xe9.png")
FAST = ("--strength", "0.3", "--sigma", "9")


@pytest.fixture
def tree(photo, tmp_path):
    """in/{a.png, b.jpg}."""
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.jpg"):
        photo(tmp_path / "in" / name, size=(16, 24))
    return tmp_path


def pictures(contents, tree, folder="in"):
    return {name: data for name, data in contents(tree / folder).items() if name != NAME}


def test_in_place_nothing_is_edited_twice(vaeedit, tree, contents, photo):
    flags = ("denoise", "in", "--in-place", "--journal", "j", *FAST)
    before = pictures(contents, tree)
    assert vaeedit(*flags).code == 0
    once = pictures(contents, tree)
    assert all(once[name] != before[name] for name in before)
    photo(tree / "in" / "c.png", size=(16, 24))
    for inputs in ("in", "in/../in", tree / "in"):  # however the folder is called
        ran = vaeedit("denoise", inputs, *flags[2:], "--resume")
        assert ran.code == 0
        after = pictures(contents, tree)
        assert {name: after[name] for name in once} == once
    assert len(after) == 3


def test_in_place_a_new_run_edits_again_and_a_damaged_journal_is_refused(vaeedit, tree, contents):
    flags = ("denoise", "in", "--in-place", "--journal", "j", *FAST)
    assert vaeedit(*flags).code == vaeedit(*flags).code == 0
    twice = pictures(contents, tree)
    lines = (tree / "j").read_bytes().splitlines(keepends=True)
    assert len(lines) == 6
    lines[-2] = lines[-2].replace(b"done", b"d\xffne")
    (tree / "j").write_bytes(b"".join(lines))
    vaeedit(*flags, "--resume").assert_refused(2, "Line 5 of the journal j", "without --resume")
    assert pictures(contents, tree) == twice


@pytest.mark.parametrize("journal", ["as it was", "empty", "headless", "garbled"])
def test_files_of_others_are_never_replaced(vaeedit, tree, journal):
    flags = ("denoise", "in", "-o", "out", *FAST)
    assert vaeedit("denoise", "in/a.png", "-o", "out/", *FAST).code == 0
    (tree / "out" / "b.jpg").write_bytes(b"somebody else's")
    path = tree / "out" / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    content = {
        "as it was": lines,
        "empty": [],
        "headless": lines[1:],
        "garbled": [lines[0], b"\xff\xfe" + lines[1]],
    }[journal]
    path.write_bytes(b"".join(content))
    known = journal in ("as it was", "headless")
    first = "out/b.jpg" if known else "out/a.png"
    vaeedit(*flags, "--resume").assert_refused(2, f"{first} exists")
    ran = vaeedit(*flags, "--resume", "--exists", "skip")
    assert ran.code == 0
    assert (tree / "out" / "b.jpg").read_bytes() == b"somebody else's"
    assert ("is damaged" in ran.err) is (journal in ("headless", "garbled"))
    assert vaeedit(*flags, "--resume", "--exists", "overwrite").code == 0
    assert (tree / "out" / "b.jpg").read_bytes() != b"somebody else's"


def test_a_result_that_was_retouched_is_kept(vaeedit, tree):
    flags = ("denoise", "in", "-o", "out", *FAST)
    assert vaeedit(*flags).code == 0
    (tree / "out" / "a.png").write_bytes(b"retouched")
    vaeedit(*flags, "--resume").assert_refused(2, "out/a.png exists")
    vaeedit("denoise", "in", "-o", "out", "--strength", "1", "--resume", "--exists", "skip")
    assert (tree / "out" / "a.png").read_bytes() == b"retouched"


def test_other_options_replace_what_this_run_wrote(vaeedit, tree, contents):
    flags = ("denoise", "in", "-o", "out", "--compare", "cmp")
    assert vaeedit(*flags, *FAST).code == 0
    first = pictures(contents, tree, "out") | pictures(contents, tree, "cmp")
    assert vaeedit(*flags, "--strength", "0.9", "--sigma", "9", "--resume").code == 0
    second = pictures(contents, tree, "out") | pictures(contents, tree, "cmp")
    assert first.keys() == second.keys()
    assert all(first[name] != second[name] for name in first)


def test_side_pictures_are_made_again_and_those_of_others_kept(vaeedit, tree):
    flags = ("denoise", "in", "-o", "out", "--compare", "cmp", *FAST)
    assert vaeedit(*flags).code == 0
    whole = (tree / "cmp" / "a.compare.png").read_bytes()
    (tree / "cmp" / "a.compare.png").unlink()
    assert vaeedit(*flags, "--resume").code == 0
    assert (tree / "cmp" / "a.compare.png").read_bytes() == whole
    (tree / "cmp" / "a.compare.png").write_bytes(b"mine")
    vaeedit(*flags, "--resume").assert_refused(2, "a.compare.png exists")
    assert (tree / "cmp" / "a.compare.png").read_bytes() == b"mine"


@pytest.mark.parametrize("flag", ["--report", "--journal"])
@pytest.mark.parametrize(
    "name", ["in/a.png", "hard.png", "soft.png", "out/a.png", "p.yaml", "mine.safetensors", "l.txt"]
)
def test_a_report_or_journal_is_no_input_and_no_output(vaeedit, tree, contents, flag, name):
    os.link(tree / "in" / "a.png", tree / "hard.png")
    (tree / "soft.png").symlink_to(tree / "in" / "a.png")
    (tree / "p.yaml").write_text("version: 1\nsteps:\n  - denoise: {strength: 0.3, vae: mine.safetensors}\n")
    (tree / "l.txt").write_text("in/a.png\n")
    shutil.copy(find_vae("denoise", registry()), tree / "mine.safetensors")
    before = contents(tree)
    ran = vaeedit("run", "p.yaml", "@l.txt", "-o", "out/", flag, name)
    ran.assert_refused(2, flag.strip("-"))
    assert contents(tree) == before


def test_no_side_picture_is_a_further_picture(vaeedit, tree, contents):
    before = contents(tree)
    for flags in (
        ["-o", "in/b.jpg"],
        ["-o", "x.png", "--compare", "in/b.jpg"],
        ["-o", "x.png", "--report", "in/b.jpg"],
    ):
        ran = vaeedit("style", "in/a.png", "--style", "in/b.jpg", *flags, "--exists", "overwrite")
        ran.assert_refused(2, "in/b.jpg is the style of style")
    assert contents(tree) == before


def test_what_is_no_journal_is_left_as_it_is(vaeedit, tree):
    (tree / "notes.txt").write_text("mine\n")
    for flags in ([], ["--resume"]):
        vaeedit("denoise", "in", "-o", "out", "--journal", "notes.txt", *flags).assert_refused(
            2, "is no journal"
        )
    assert (tree / "notes.txt").read_text() == "mine\n"


def test_a_folder_belongs_to_one_run(vaeedit, tree, contents):
    with Claim(tree / "out" / NAME):
        before = contents(tree)
        for flags in ([], ["--journal", "other"], ["--exists", "overwrite"]):
            vaeedit("denoise", "in", "-o", "out", *flags).assert_refused(2, f"process {os.getpid()}")
        assert contents(tree) == before
    assert vaeedit("denoise", "in", "-o", "out", *FAST).code == 0
    assert sorted(path.name for path in (tree / "out").iterdir()) == ["a.png", "b.jpg", NAME]


@pytest.mark.parametrize(
    "flags", [["--strength", "5"], ["--vae", "no.safetensors"], ["--report", "in/a.png"]]
)
def test_a_wrong_request_leaves_no_folder(vaeedit, tree, contents, flags):
    before = contents(tree)
    assert vaeedit("denoise", "in", "-o", "new/out", *flags).code == 2
    assert contents(tree) == before


def test_an_output_folder_that_disappears_is_noticed(vaeedit, tree):
    """It is removed when the first picture stands there, and made again as a worker does that writes the next."""
    append, told = Journal.append, []

    def spy(journal, record):
        told.append(record)
        if len(told) == 2:
            shutil.rmtree(tree / "out")
            (tree / "out").mkdir()
        append(journal, record)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "append", spy)
        ran = vaeedit("denoise", "in", "-o", "out", *FAST, "--report", "r.json")
    assert ran.code == 1
    assert "0 of 2 done, 2 failed" in ran.err
    assert "out/a.png was written and is gone" in ran.err
    assert json.loads((tree / "r.json").read_text())["failed"] == 2
    states = {line["output"]: line["status"] for line in records(tree)}
    assert states == {"out/a.png": "failed", "out/b.jpg": "failed"}
    assert vaeedit("denoise", "in", "-o", "out", *FAST, "--resume").code == 0


def records(tree):
    lines = map(json.loads, (tree / "out" / NAME).read_text().splitlines())
    return [line for line in lines if "output" in line]


def test_fail_fast_leaves_no_output_that_is_not_told(vaeedit, tree):
    (tree / "in" / "0.png").write_bytes(b"")
    ran = vaeedit("denoise", "in", "-o", "out", *FAST, "--fail-fast")
    assert ran.code == 1
    assert "0 of 3 done, 1 failed" in ran.err
    assert [record["status"] for record in records(tree)] == ["failed"]
    assert [path.name for path in (tree / "out").iterdir()] == [NAME]


@pytest.mark.parametrize("flags", [[], ["--workers", "2"], ["--engine", "dask", "--workers", "1"]])
def test_names_that_are_not_utf8_pass_through_a_batch(run_vaeedit, tree, photo, flags):
    if "dask" in flags:
        pytest.importorskip("cryptography")
    (tree / "in" / "b.jpg").unlink()
    (tree / "in" / LATIN).write_bytes((tree / "in" / "a.png").read_bytes())
    (tree / "in" / f"0{LATIN}").write_bytes(b"damaged")
    command = ("denoise", "in", "-o", "out", *FAST, "--report", "r.json", "--json", *flags)
    ran = run_vaeedit(*command, cwd=tree)
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr
    assert {line["output"] for line in map(json.loads, ran.stdout.splitlines())} >= {
        f"out/{LATIN}",
        "out/a.png",
    }
    assert json.loads((tree / "r.json").read_bytes())["failures"][0]["input"] == f"in/0{LATIN}"
    ran = run_vaeedit(*command, "--resume", cwd=tree)
    states = {line["output"]: line["status"] for line in map(json.loads, ran.stdout.splitlines())}
    assert states == {f"out/{LATIN}": "finished", "out/a.png": "finished", f"out/0{LATIN}": "failed"}
    ran = run_vaeedit(*[part for part in command if part != "--json"], "--resume", cwd=tree)
    assert rb"0caf\xe9.png" in ran.stderr


def test_a_list_loses_only_the_lines_that_can_be_no_names(run_vaeedit, tree):
    lines = [b"\xef\xbb\xbfin/a.png", b"x" * 5000, b"in/\x00.png", b"a/" * 2500, b"in/b.jpg"]
    (tree / "l.txt").write_bytes(b"\n".join(lines))
    ran = run_vaeedit("denoise", "@l.txt", "-o", "out", *FAST, cwd=tree)
    assert ran.returncode == 1
    assert b"2 of 5 done, 3 failed" in ran.stderr
    assert ran.stderr.count(b"Error: ") == 3
    assert all(b"line %d of l.txt" % number in ran.stderr for number in (2, 3, 4))


def test_a_dangling_link_in_the_output_folder_counts_as_a_file_and_is_not_followed(vaeedit, tree):
    (tree / "out").mkdir()
    (tree / "out" / "a.png").symlink_to(tree / "elsewhere.png")
    vaeedit("denoise", "in", "-o", "out", *FAST).assert_refused(2, "out/a.png exists")
    assert vaeedit("denoise", "in", "-o", "out", *FAST, "--exists", "overwrite").code == 0
    assert not (tree / "elsewhere.png").exists()
    assert not (tree / "out" / "a.png").is_symlink()


def test_a_map_that_others_wrote_stays_when_its_step_is_skipped(run_vaeedit, tree):
    own = tree / "out" / "a.uncertainty.png"
    for limit, flags in ((0, []), (200, ["--resume"])):
        (tree / "p.yaml").write_text(CONDITION % limit)
        run_vaeedit("run", "p.yaml", "in", "-o", "out", *flags, cwd=tree)
        if limit == 0:
            own.write_bytes(b"retouched")
            (tree / "out" / "a.png").unlink()
    ran = run_vaeedit("run", "p.yaml", "in", "-o", "out", "--resume", "--exists", "overwrite", cwd=tree)
    assert ran.returncode == 0, ran.stderr
    assert own.read_bytes() == b"retouched"
    assert not (tree / "out" / "b.uncertainty.png").exists()


CONDITION = """version: 1
steps:
  - restore:denoise: {sigma: auto}
  - denoise: {strength: 0.3, sigma: 9, maps: [uncertainty], when: "denoise.estimated_sigma > %s"}
"""


def test_conditions_are_resumed(run_vaeedit, tree, contents):
    """What a condition leaves out is not missing, and another condition makes other outputs."""

    def run(limit, *flags):
        (tree / "p.yaml").write_text(CONDITION % limit)
        ran = run_vaeedit("run", "p.yaml", "in", "-o", "out", "--json", *flags, cwd=tree)
        assert ran.returncode == 0, ran.stderr
        told = [json.loads(line) for line in ran.stdout.splitlines()]
        sides = {record["input"]: bool(record["sides"]) for record in told}
        return sides, [record["input"] for record in told if record["status"] == "done"]

    first, done = run(4)
    assert sorted(done) == ["in/a.png", "in/b.jpg"]
    sigmas = {record["input"]: record["notes"]["denoise"]["estimated_sigma"] for record in records(tree)}
    lower, higher = sorted(sigmas, key=sigmas.__getitem__)
    between = (sigmas[lower] + sigmas[higher]) / 2
    assert first == {lower: True, higher: True}
    assert run(4, "--resume") == (first, [])
    sides, done = run(between, "--resume")
    assert (sides, sorted(done)) == ({lower: False, higher: True}, sorted(sigmas))
    made = pictures(contents, tree, "out")
    assert run(between, "--resume") == (sides, [])
    maps = {name: tree / "out" / f"{Path(name).stem}.uncertainty.png" for name in (lower, higher)}
    assert {name: path.exists() for name, path in maps.items()} == sides
    for name in (lower, higher):
        (tree / "out" / Path(name).name).unlink()
        assert run(between, "--resume") == (sides, [name])
    assert pictures(contents, tree, "out") == made
