"""`vaeedit run`: a pipeline from a YAML file over images."""

import json
from types import SimpleNamespace

import pytest

from vaeedit.cli import run

PIPELINE = """
version: 1
seed: 5
steps:
  - denoise: {sigma: 20, strength: 1, realism: 1}
"""


@pytest.fixture
def ready(tmp_path, photo):
    """A folder with in.png and p.yaml."""
    photo(tmp_path / "in.png", size=(40, 56))
    (tmp_path / "p.yaml").write_text(PIPELINE)
    return tmp_path


def test_it_gives_what_the_command_with_the_same_options_gives(vaeedit, ready):
    ran = vaeedit("run", "p.yaml", "in.png")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("in.png -> in.edited.png")
    options = ["--sigma", "20", "--realism", "1", "--seed", "5"]
    assert vaeedit("denoise", "in.png", *options).code == 0
    assert (ready / "in.edited.png").read_bytes() == (ready / "in.denoise.png").read_bytes()


def test_the_seed_of_the_command_is_added_to_the_pipelines(vaeedit, ready):
    assert vaeedit("run", "p.yaml", "in.png", "-o", "a.png", "--seed", "2").code == 0
    (ready / "p.yaml").write_text(PIPELINE.replace("seed: 5", "seed: 7"))
    assert vaeedit("run", "p.yaml", "in.png", "-o", "b.png").code == 0
    assert vaeedit("run", "p.yaml", "in.png", "-o", "c.png", "--seed", "1").code == 0
    assert (ready / "a.png").read_bytes() == (ready / "b.png").read_bytes()
    assert (ready / "a.png").read_bytes() != (ready / "c.png").read_bytes()


def test_set_replaces_an_option(run_vaeedit, vaeedit, ready):
    done = run_vaeedit("run", "p.yaml", "in.png", "-o", "set.png", "--set", "denoise.strength=0.4", cwd=ready)
    assert (done.returncode, done.stderr) == (0, b"")
    (ready / "p.yaml").write_text(PIPELINE.replace("strength: 1", "strength: 0.4"))
    assert vaeedit("run", "p.yaml", "in.png", "-o", "written.png").code == 0
    assert vaeedit("run", "p.yaml", "in.png", "-o", "full.png", "--set", "denoise.strength=1").code == 0
    assert (ready / "set.png").read_bytes() == (ready / "written.png").read_bytes()
    assert (ready / "set.png").read_bytes() != (ready / "full.png").read_bytes()


def test_set_adds_an_option_and_the_last_one_counts(vaeedit, ready):
    (ready / "p.yaml").write_text("version: 1\nsteps: [denoise]")
    flags = ["--set", "denoise.strength=1", "--set", "denoise.strength=0"]
    assert vaeedit("run", "p.yaml", "in.png", "-o", "out.png", *flags).code == 0
    assert (ready / "out.png").read_bytes() == (ready / "in.png").read_bytes()


def test_set_can_choose_the_vae(vaeedit, ready):
    ran = vaeedit("run", "p.yaml", "in.png", "--set", "denoise.vae=denose")
    ran.assert_refused(2, "denose", "did you mean 'denoise'")


def test_steps_follow_each_other_and_json_and_compare_work(vaeedit, ready, pixels):
    steps = "version: 1\nsteps:\n  - denoise: {strength: 0.5}\n  - denoise: {strength: 0.4}\n"
    (ready / "p.yaml").write_text(steps)
    ran = vaeedit("run", "p.yaml", "in.png", "-o", "two.png", "--json", "--compare", "c.png")
    assert ran.code == 0
    assert json.loads(ran.out)["sides"] == {"compare": "c.png"}
    (ready / "p.yaml").write_text("version: 1\nsteps:\n  - denoise: {strength: 0.5}\n")
    assert vaeedit("run", "p.yaml", "in.png", "-o", "one.png").code == 0
    (ready / "p.yaml").write_text("version: 1\nsteps:\n  - denoise: {strength: 0.4}\n")
    assert vaeedit("run", "p.yaml", "one.png", "-o", "two-by-hand.png").code == 0
    assert (pixels(ready / "two.png") == pixels(ready / "two-by-hand.png")).all()


@pytest.mark.parametrize(
    ("document", "fragments"),
    [
        ("version: 1\nsteps: [densoise]", ["step 1 (densoise)", "did you mean 'denoise'"]),
        ("version: 1\nsteps: [{denoise: {stength: 1}}]", ["'stength'", "did you mean 'strength'"]),
        (
            "version: 1\nsteps: [{denoise: {strength: 3, sigma: x, vae: denose}}, {nope: {}}]",
            ["strength must be", "sigma must be", "denose", "step 2 (nope)"],
        ),
        ("version: 1\nsteps: []", ["no steps"]),
        ("version: 2\nstepz: []", ["version must be 1", "'stepz'; did you mean 'steps'"]),
        ("just text", ["mapping"]),
        ("{", ["not valid YAML"]),
        ("", ["mapping"]),
    ],
)
def test_a_faulty_pipeline_is_refused_with_every_fault(vaeedit, ready, contents, document, fragments):
    (ready / "p.yaml").write_text(document)
    before = contents(ready)
    vaeedit("run", "p.yaml", "in.png", "-o", "new/").assert_refused(2, *fragments)
    assert contents(ready) == before


@pytest.mark.parametrize(
    ("assignment", "fragments"),
    [
        ("denoise.stength=0.4", ["'stength'", "did you mean 'strength'"]),
        ("denoise.strength=much", ["strength must be a number from 0 to 2", "much"]),
        ("densoise.strength=0.4", ["no step 'densoise'", "did you mean 'denoise'"]),
        ("strength=0.4", ["must look like STEP.OPTION=VALUE"]),
        ("denoise.strength", ["must look like STEP.OPTION=VALUE"]),
        ("denoise.maps=uncertainty", ["maps"]),
    ],
)
def test_a_faulty_set_is_refused(vaeedit, ready, contents, assignment, fragments):
    before = contents(ready)
    vaeedit("run", "p.yaml", "in.png", "--set", assignment).assert_refused(2, *fragments)
    assert contents(ready) == before


def test_a_pipeline_that_is_missing_or_no_text_is_refused(vaeedit, ready):
    vaeedit("run", "no.yaml", "in.png").assert_refused(2, "no.yaml cannot be read", "no such file")
    vaeedit("run", ".", "in.png").assert_refused(2, "cannot be read")
    (ready / "p.yaml").write_bytes(b"\xff\xfe\x00\x80")
    vaeedit("run", "p.yaml", "in.png").assert_refused(2, "p.yaml is not a text file")


def test_a_bad_file_among_good_ones_is_named(vaeedit, ready):
    (ready / "bad.png").write_bytes(b"")
    ran = vaeedit("run", "p.yaml", "bad.png", "in.png")
    assert ran.code == 1
    assert "Error: bad.png is empty" in ran.err
    assert (ready / "in.edited.png").exists()


def test_maps_come_in_the_same_order_in_every_run(monkeypatch):
    """The maps of a step are a set, whose order changes between processes."""
    orders = []
    monkeypatch.setattr(
        run, "run_on_files", lambda plan, values, name, pictures, maps, read: orders.append(maps)
    )
    for names in (("b", "a"), ("a", "b")):
        plan = [SimpleNamespace(map_names={name: name for name in names})]
        run._execute(SimpleNamespace(check=lambda registry, vae, plan=plan: plan), {"vae": None})
    assert orders == [["a", "b"]] * 2
