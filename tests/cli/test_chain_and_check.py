"""`vaeedit chain` and `vaeedit pipeline`: pipelines in one line, checked by line, described to editors."""

import json

import pytest


def test_a_chain_gives_what_the_commands_one_after_the_other_give(vaeedit, photo, pixels, tmp_path):
    photo(tmp_path / "in.png", size=(40, 56))
    line = "denoise --sigma 20 --strength .5 | super-resolve --model bicubic"
    assert vaeedit("chain", line, "in.png", "-o", "chain.png").code == 0
    assert vaeedit("denoise", "in.png", "--sigma", "20", "--strength", ".5", "-o", "one.png").code == 0
    assert vaeedit("super-resolve", "one.png", "--model", "bicubic", "-o", "two.png").code == 0
    assert (pixels(tmp_path / "chain.png") == pixels(tmp_path / "two.png")).all()


def test_a_chain_with_a_fault_does_nothing(vaeedit, photo, contents, tmp_path):
    photo(tmp_path / "in.png")
    before = contents(tmp_path)
    vaeedit("chain", "denoise --strenght 1", "in.png").assert_refused(2, "did you mean 'strength'")
    vaeedit("chain", "denoise | ", "in.png").assert_refused(2, "step 2 is empty")
    assert contents(tmp_path) == before


def test_check_prints_the_plan(vaeedit, tmp_path):
    (tmp_path / "p.yaml").write_text(
        "version: 1\nsteps:\n  - denoise: {name: first, strength: 0.5, maps: [uncertainty]}\n  - super-resolve\n"
    )
    ran = vaeedit("pipeline", "check", "p.yaml")
    assert ran.code == 0, ran.err
    first, second, memory = ran.out.splitlines()
    assert first.startswith("1. first (") and "strength=0.5" in first and first.endswith("writes uncertainty")  # noqa: PT018
    assert second.startswith("2. super-resolve (scale=2")
    assert memory.startswith("Expected memory: ")


def test_check_refuses_a_vae_file_that_is_not_there(vaeedit, tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\nsteps:\n  - denoise: {vae: gone.safetensors}\n")
    vaeedit("pipeline", "check", "p.yaml").assert_refused(2, "no VAE file gone.safetensors")


def test_check_names_every_fault_and_its_line(vaeedit, tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\nsteps:\n  - denoise: {stength: 1}\n  - sharpen\n")
    vaeedit("pipeline", "check", "p.yaml").assert_refused(2, "line 3: step 1", "line 4: step 2")


def test_an_unknown_key_hides_no_other_fault(vaeedit, tmp_path):
    (tmp_path / "p.yaml").write_text(
        "version: 1\nauthor: me\nsteps:\n  - denoise: {stength: 1}\n  - [3]\n  - sharpen\nseed: -1\n"
    )
    ran = vaeedit("pipeline", "check", "p.yaml")
    ran.assert_refused(
        2, "line 2: ", "'author'", "line 4: step 1", "line 5: step 2", "line 6: step 3", "line 7: "
    )
    assert len(ran.err.splitlines()) == 5


def test_steps_of_one_operation_are_set_by_their_names(vaeedit, photo, tmp_path):
    photo(tmp_path / "in.png", size=(40, 56))
    (tmp_path / "p.yaml").write_text(
        "version: 1\nsteps:\n  - denoise: {name: a, strength: 0}\n  - denoise: {name: b, strength: 1}\n"
    )
    ran = vaeedit("run", "p.yaml", "in.png", "-o", "out.png", "--set", "b.strength=0", "--json")
    assert ran.code == 0, ran.err
    assert set(json.loads(ran.out)["notes"]) == {"a", "b"}
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "in.png").read_bytes()


def test_the_schema_is_json_and_knows_the_operations(vaeedit):
    ran = vaeedit("pipeline", "schema")
    assert ran.code == 0, ran.err
    assert "super-resolve" in json.dumps(json.loads(ran.out)["properties"]["steps"])


def test_maps_of_one_name_are_all_written(vaeedit, photo, tmp_path):
    photo(tmp_path / "in.png", size=(24, 24))
    line = "denoise --name ../a --maps uncertainty --sigma 5 | denoise --maps uncertainty --sigma 40"
    ran = vaeedit("chain", line, "in.png", "-o", "out.png")
    assert ran.code == 0, ran.err
    made = {path.name for path in tmp_path.iterdir()} - {"in.png"}
    assert made == {"out.png", "out.uncertainty.png", "out..._a.uncertainty.png"}
    first, last = ((tmp_path / name).read_bytes() for name in sorted(made - {"out.png"}))
    assert first != last


CONDITION = """version: 1
steps:
  - restore:denoise: {sigma: auto}
  - denoise: {strength: 0}
  - super-resolve: {when: "%s"}
"""


@pytest.mark.parametrize(
    ("condition", "valid"),
    [
        ("restore:denoise.estimated_sigma > 0", True),
        ("denoise.estimated_sigma > 0", True),  # the operation alone is its name, too
        ("denoise-2.unchanged", True),  # as `--json` calls the notes of the second
        ("restore:denose.estimated_sigma > 0", False),
        ("denoise-3.unchanged", False),
    ],
)
def test_a_condition_that_check_accepts_finds_its_step(vaeedit, photo, tmp_path, condition, valid):
    photo(tmp_path / "in.png", size=(40, 56))
    (tmp_path / "p.yaml").write_text(CONDITION % condition)
    checked = vaeedit("pipeline", "check", "p.yaml")
    ran = vaeedit("run", "p.yaml", "in.png", "-o", "out.png", "--json")
    if not valid:
        for refused in (checked, ran):
            refused.assert_refused(2, "line 5: step 3", "did you mean '")
        return
    assert checked.code == 0, checked.err
    assert ran.code == 0, ran.err
    assert "unchanged" in json.loads(ran.out)["notes"]["denoise-2"]
    assert "skipped" not in json.loads(ran.out)["notes"]["super-resolve"]


@pytest.mark.parametrize("flags", [(), ("--workers", "2")])
def test_a_note_that_one_picture_does_not_have_is_that_pictures_failure(run_vaeedit, photo, tmp_path, flags):
    (tmp_path / "in").mkdir()
    for name, side in (("a.png", 40), ("small.png", 8), ("z.png", 40)):
        photo(tmp_path / "in" / name, size=(side, side))
    (tmp_path / "p.yaml").write_text(
        "version: 1\nsteps:\n  - reconstruct\n  - denoise: {when: reconstruct.ssim < 2}\n"
    )
    ran = run_vaeedit("run", "p.yaml", "in", "-o", "out", *flags, cwd=tmp_path)
    assert ran.returncode == 1
    assert b"Error: in/small.png: reconstruct has no note 'ssim'" in ran.stderr
    assert b"2 of 3 done, 1 failed" in ran.stderr
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"a.png", "z.png"}


def test_a_step_without_a_vae_says_which_option_names_one(vaeedit, photo, contents, tmp_path):
    photo(tmp_path / "in.png", size=(40, 56))
    (tmp_path / "p.yaml").write_text("version: 1\nsteps: [anomaly]\n")
    before = contents(tmp_path)
    for command in (
        ["pipeline", "check", "p.yaml"],
        ["run", "p.yaml", "in.png"],
        ["run", "p.yaml", "in.png", "--dry-run"],
        ["chain", "anomaly", "in.png"],
        ["anomaly", "score", "in.png"],
        ["run", "p.yaml", "in.png", "--set", "anomaly.vae="],
        ["run", "p.yaml", "in.png", "--vae", ""],
    ):
        vaeedit(*command).assert_refused(2, "--vae")
    assert contents(tmp_path) == before
