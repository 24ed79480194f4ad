"""The flags for many files, provenance, and the doctor, by the real command line."""

import json

import pytest

from vaeedit import __version__
from vaeedit.batch.journal import NAME
from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.pipeline import plan
from vaeedit.vae.files import find_vae


@pytest.fixture
def tree(photo, tmp_path):
    """in/{a.png, deep/a.png, deep/b.jpg}."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.png", "deep/a.png", "deep/b.jpg"):
        photo(tmp_path / "in" / name, size=(16, 24))
    return tmp_path


def test_folders_are_mirrored(vaeedit, tree):
    assert vaeedit("denoise", "-r", "in", "-o", "out").code == 0
    names = sorted(path.relative_to(tree / "out").as_posix() for path in (tree / "out").rglob("*.*g"))
    assert names == ["a.png", "deep/a.png", "deep/b.jpg"]


@pytest.mark.parametrize("command", [("denoise",), ("run", "p.yaml"), ("chain", "denoise")])
def test_the_request_is_planned_once_for_all_files(tree, monkeypatch, command):
    planned = []
    real = plan.misfits
    monkeypatch.setattr(plan, "misfits", lambda *a: planned.append(a[0]) or real(*a))
    monkeypatch.chdir(tree)
    (tree / "p.yaml").write_text("version: 1\nsteps: [denoise]\n")
    assert call([*command, "-r", "in", "-o", "out", "--device", "cpu"]) == 0
    assert planned == ["denoise-photo"]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(vaeedit, tree, contents):
    before = contents(tree)
    ran = vaeedit("denoise", "-r", "in", "-o", "out", "--dry-run")
    assert ran.code == 0
    assert "in/deep/a.png -> out/deep/a.png" in ran.out
    assert "3 of 3 would be done." in ran.err
    assert contents(tree) == before


@pytest.mark.parametrize("name", ["photo.png", "link.json", "other.json"])
def test_a_report_replaces_no_other_file(vaeedit, tree, photo, contents, name):
    photo(tree / "photo.png", size=(16, 16))
    (tree / "link.json").symlink_to("nowhere.json")
    (tree / "other.json").write_text('{"done": 1}')
    before = contents(tree)
    vaeedit("denoise", "in", "-o", "out", "--report", name).assert_refused(2, f"{name} exists", "--report")
    vaeedit("denoise", "in", "-o", "out", "--report", name, "--dry-run").assert_refused(2, f"{name} exists")
    assert contents(tree) == before
    assert vaeedit("denoise", "in", "-o", "out", "--report", name, "--exists", "overwrite").code == 0
    assert json.loads((tree / name).read_text())["done"] > 0
    assert vaeedit("denoise", "in", "-o", "out", "--report", name, "--resume").code == 0  # it is a report now


def test_a_list_and_a_report(vaeedit, tree):
    (tree / "list.txt").write_text("in/a.png\nmissing.png\n")
    ran = vaeedit("denoise", "@list.txt", "-o", "out", "--report", "made/report.json")
    assert ran.code == 1
    assert "Error: missing.png cannot be read: no such file or directory." in ran.err
    report = json.loads((tree / "made" / "report.json").read_text())
    assert (report["done"], report["failed"], report["skipped"]) == (1, 1, 0)
    assert report["failures"][0]["input"] == "missing.png"


def test_the_first_failure_may_end_a_run(vaeedit, tree):
    (tree / "in" / "0.png").write_bytes(b"")
    ran = vaeedit("denoise", "-r", "in", "-o", "out", "--fail-fast")
    assert ran.code == 1
    assert "Stopped at the first failure." in ran.err


def test_resume_makes_only_what_is_not_there(vaeedit, tree):
    flags = ("denoise", "-r", "in", "-o", "out", "--sigma", "9")
    vaeedit(*flags, "--resume").assert_refused(2, "no journal", "to resume")
    assert vaeedit(*flags).code == 0
    vaeedit(*flags).assert_refused(2, "exists")
    (tree / "out" / "deep" / "a.png").unlink()
    ran = vaeedit(*flags, "--resume", "--json")
    assert ran.code == 0
    states = {line["output"]: line["status"] for line in map(json.loads, ran.out.splitlines())}
    assert states == {
        "out/a.png": "finished",
        "out/deep/a.png": "done",
        "out/deep/b.jpg": "finished",
    }
    record = json.loads((tree / "out" / NAME).read_text().splitlines()[-1])
    assert record["output"] == "out/deep/a.png"
    assert len(record["steps"][0]["checksum"]) == 64
    assert record["steps"][0]["options"]["sigma"] == 9


def test_the_output_folder_is_no_input(vaeedit, tree):
    assert vaeedit("denoise", "-r", "in", "-o", "in/out", "--sigma", "5").code == 0
    ran = vaeedit("denoise", "-r", "in", "-o", "in/out", "--sigma", "5", "--exists", "overwrite")
    assert "3 of 3 done." in ran.err


def test_an_output_says_what_made_it_and_the_same_can_be_done_again(vaeedit, tree, pixels):
    chain = "denoise --sigma 12 | super-resolve --model bicubic --scale 3"
    assert vaeedit("chain", chain, "in/a.png", "-o", "one.png").code == 0
    told = json.loads(vaeedit("info", "one.png", "--json").out)
    assert [step["operation"] for step in told["made"]["steps"]] == [
        "restore:denoise",
        "restore:super-resolve",
    ]
    assert "restore:super-resolve (scale=3" in vaeedit("info", "one.png").out
    assert vaeedit("run", "--from", "one.png", "in/a.png", "-o", "two.png").code == 0
    assert (pixels(tree / "one.png") == pixels(tree / "two.png")).all()
    vaeedit("run", "--from", "in/a.png", "in/a.png").assert_refused(2, "does not record how it was made")


def test_an_output_of_an_output_remembers_both(vaeedit, tree):
    assert vaeedit("denoise", "in/a.png", "-o", "one.png", "--sigma", "12").code == 0
    assert vaeedit("denoise", "one.png", "-o", "two.png", "--sigma", "7").code == 0
    made = json.loads(vaeedit("info", "two.png", "--json").out)["made"]
    assert made["steps"][0]["options"]["sigma"] == 7
    assert made["before"]["steps"][0]["options"]["sigma"] == 12


def test_metadata_can_be_left_out(vaeedit, tree):
    assert vaeedit("denoise", "in/a.png", "-o", "one.png", "--metadata", "strip").code == 0
    assert json.loads(vaeedit("info", "one.png", "--json").out)["made"] is None


def test_outputs_name_files_and_not_where_they_are(vaeedit, tree, tmp_path):
    model = tmp_path / "private" / "mine.safetensors"
    model.parent.mkdir()
    model.write_bytes(find_vae("denoise", registry()).read_bytes())
    assert vaeedit("denoise", "in/a.png", "-o", "one.png", "--vae", model, "--journal", "j.jsonl").code == 0
    step = json.loads(vaeedit("info", "one.png", "--json").out)["made"]["steps"][0]
    assert (step["vae"], len(step["checksum"])) == ("mine.safetensors", 64)
    style = str(tree / "in" / "deep" / "a.png")
    assert vaeedit("style", "in/a.png", style, "in/deep/b.jpg", "-o", "two.png").code == 0
    step = json.loads(vaeedit("info", "two.png", "--json").out)["made"]["steps"][0]
    assert step["options"]["style"] == ["a.png", "b.jpg"]
    for name in ("one.png", "two.png"):
        data = (tree / name).read_bytes()
        assert str(tmp_path).encode() not in data
        assert b"private" not in data
        assert b"deep" not in data
    assert str(model) in (tree / "j.jsonl").read_text()  # what stays on this machine says it all


def test_outputs_need_not_say_what_made_them(vaeedit, tree):
    assert vaeedit("denoise", "in/a.png", "-o", "one.png", "--sigma", "12").code == 0
    flags = ["--no-provenance", "--sigma", "7"]
    assert vaeedit("denoise", "one.png", "-o", "two.png", *flags).code == 0
    assert vaeedit("denoise", "one.png", "-o", "same.png", "--strength", "0", "--no-provenance").code == 0
    assert (
        vaeedit("denoise", "in/a.png", "-o", "untouched.png", "--strength", "0", "--no-provenance").code == 0
    )
    for name in ("two.png", "same.png"):  # nor does what their input said stay in them
        assert b"vaeedit" not in (tree / name).read_bytes()
    assert (tree / "untouched.png").read_bytes() == (tree / "in/a.png").read_bytes()


def test_streams_need_one_process(vaeedit, tree):
    vaeedit("denoise", "in/a.png", "-o", "-", "--workers", "2").assert_refused(2, "one process")
    vaeedit("denoise", "in/a.png", "--scheduler", "tcp://x:1").assert_refused(2, "--engine dask")


def test_the_doctor_finds_this_machine_well(vaeedit):
    ran = vaeedit("doctor")
    assert ran.code == 0, ran.out
    assert "round trip: denoise-photo on cpu in bfloat16" in ran.out
    assert f"plugin: restore of vaeedit {__version__}: loaded" in ran.out
    assert "Everything works." in ran.err
