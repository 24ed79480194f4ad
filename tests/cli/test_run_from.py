"""`vaeedit run --from PICTURE`: what a picture says is shown, and does no more than installed VAEs can."""

import json
import shutil

import numpy as np
import pytest

from vaeedit import __version__
from vaeedit.extension.registry import registry
from vaeedit.image import Frame, described, write
from vaeedit.vae.files import checksum, find_vae


@pytest.fixture
def says(tmp_path, photo):
    """Make from.png, which says it was made by one step; in.png, private.png and a folder private/ are there."""
    for name in ("in.png", "private.png", "private/one.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        photo(tmp_path / name, size=(24, 32))

    def make(operation="restore:denoise", vae="denoise", options=None, **members):
        step = {
            "operation": operation,
            "options": options or {},
            "vae": vae,
            "checksum": checksum(find_vae("photo" if "style" in operation else "denoise", registry())),
        }
        made = {"version": "1", "seed": 3, "precision": "auto", "steps": [{**step, **members}]}
        write(described(Frame(np.zeros((4, 4, 3), np.uint8)), made, "PNG"), tmp_path / "from.png")
        return tmp_path / "from.png"

    return make


def again(vaeedit, *flags):
    return vaeedit("run", "--from", "from.png", "in.png", "-o", "out.png", *flags)


def test_the_recipe_is_shown_before_anything_is_done(vaeedit, says):
    says(options={"sigma": 9})
    ran = again(vaeedit)
    assert ran.code == 0
    lines = ran.err.splitlines()
    assert lines[:2] == ["from.png:", "made by: vaeedit 1, seed 3"]
    assert "restore:denoise (sigma=9)" in lines[2]
    assert "VAE denoise" in lines[3]


def test_it_is_shown_on_lines_of_its_own(vaeedit, says):
    says(options={"sigma\nout.png -> hacked": "\x1b[2J"})
    ran = again(vaeedit)
    assert ran.code == 2
    assert "\x1b" not in ran.err
    assert not any(line.startswith("out.png ->") for line in ran.err.splitlines())


@pytest.mark.parametrize(
    ("members", "fragment"),
    [
        ({"vae": "hub:someone/evil"}, "the VAE 'hub:someone/evil', which is not installed"),
        ({"vae": "/etc/evil.safetensors"}, "the VAE 'evil.safetensors', which is not installed"),
        ({"vae": "private"}, "the VAE 'private', which is not installed"),
        ({"checksum": "0" * 64}, "another version of the VAE denoise"),
        ({"options": {"maps": ["uncertainty"]}}, "the map 'uncertainty'"),
        (
            {"operation": "style:style", "vae": "photo", "options": {"style": ["private.png"]}},
            "the pictures 'private.png'",
        ),
        (
            {"operation": "style:style", "vae": "photo", "options": {"style": "private"}},
            "the pictures 'private'",
        ),
        (
            {"operation": "fuse:fuse", "vae": "photo", "options": {"with": ["{folder}/private.png"]}},
            "private.png",
        ),
    ],
)
def test_what_reaches_beyond_installed_vaes_needs_trust(
    vaeedit, says, tmp_path, monkeypatch, members, fragment
):
    monkeypatch.setattr("vaeedit.vae.files.fetched", lambda *a: pytest.fail("the hub was asked"))
    says(**members)
    ran = again(vaeedit)
    ran.assert_refused(2, "from.png asks for", fragment, "--trust allows it")
    assert not (tmp_path / "out.png").exists()


def test_devices_are_not_opened(vaeedit, says):
    says("style:style", "photo", {"style": ["dir/../zero"]})
    again(vaeedit).assert_refused(2, "--trust")


@pytest.mark.parametrize("key", ["when", "name", "vae"])
def test_keys_of_steps_among_the_options_are_damage(vaeedit, says, key):
    says(options={key: "x"})
    again(vaeedit).assert_refused(2, "is damaged")


def test_with_trust_it_is_done_with_the_files_of_that_name_here(vaeedit, says, tmp_path):
    says("style:style", "photo", {"style": ["private.png"]})
    assert again(vaeedit, "--trust").code == 0
    (tmp_path / "private.png").unlink()
    (tmp_path / "out.png").unlink()
    ran = again(vaeedit, "--trust")
    ran.assert_refused(2, "'private.png', which is missing", "--set style:style.style=FILE")
    assert (
        again(vaeedit, "--set", "style:style.style=private/one.png").code == 0
    )  # what the user names is trusted


def test_a_vae_of_ones_own_is_asked_for_and_compared(vaeedit, says, tmp_path):
    says(vae="mine.safetensors")
    again(vaeedit, "--trust").assert_refused(
        2, "'mine.safetensors', which is missing", "--set restore:denoise.vae=FILE"
    )
    (tmp_path / "models").mkdir()
    shutil.copy(find_vae("denoise", registry()), tmp_path / "models" / "mine.safetensors")
    ran = again(vaeedit, "--set", "restore:denoise.vae=models/mine.safetensors")
    assert (ran.code, "another version" in ran.err) == (0, False)
    (tmp_path / "out.png").unlink()
    assert again(vaeedit, "--vae", "models/mine.safetensors").code == 0
    (tmp_path / "out.png").unlink()
    says(checksum="0" * 64)
    ran = again(vaeedit, "--trust")
    assert ran.code == 0
    assert "another version of the VAE denoise" in ran.err


def test_code_of_other_versions_is_shown_and_warned_of(vaeedit, says):
    ours = f"vaeedit {__version__}"
    says(package="acme-denoise 1.0", network=ours)
    ran = again(vaeedit)
    assert ran.code == 0
    shown, warned = ran.err.splitlines()[:5], ran.err.splitlines()[5:]
    assert "package acme-denoise 1.0" in shown[3]
    assert f"package {ours}" in shown[4]
    assert [line for line in warned if "made by" in line] == [
        f"Warning: from.png was made by {made}; the result may differ with {ours}, which is installed."
        for made in ("vaeedit 1", "acme-denoise 1.0")
    ]
    assert not [
        line
        for line in vaeedit("run", "--from", "out.png", "in.png", "-o", "2.png").err.splitlines()
        if "Warning" in line
    ]


def test_text_that_may_name_a_file_needs_trust(vaeedit, says, monkeypatch):
    """Of our options only names of classes are free text; of an option that is, only the default is taken from a picture."""
    from typing import Annotated

    from vaeedit.extension.specs import OperationSpec
    from vaeedit.options import Options, fields, option

    class Free(Options, frozen=True):
        table: Annotated[str, option("A file.")] = "none"
        tables: Annotated[list[str], option("Files.")] = []
        amount: Annotated[float, option("How much.")] = 1.0

    assert [field.name for field in fields(Free).values() if field.is_free] == ["table", "tables"]
    spec = registry().operations.find("denoise").spec
    for name, item in registry().operations.bare.items():
        free = {field.flag for field in fields(item.spec.options).values() if field.is_free}
        assert free == ({"from", "to"} if name == "relabel" else set())
    free = OperationSpec(name="free", summary="", target=spec.target, options=Free, vae="denoise")
    found = registry().operations.find("denoise")
    monkeypatch.setattr(registry().operations, "find", lambda name: type(found)(free, "free", "free"))
    says(options={"table": "/etc/passwd", "amount": 2})
    again(vaeedit).assert_refused(2, "the text 'passwd' as 'table'", "--trust")


def test_trust_is_about_a_picture(vaeedit, says, tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\nsteps: [denoise]")
    vaeedit("run", "p.yaml", "in.png", "--trust").assert_refused(2, "--trust", "--from")


def test_an_output_of_ours_is_repeated_without_trust(vaeedit, says, pixels, tmp_path):
    says()
    assert vaeedit("denoise", "in.png", "-o", "one.png", "--sigma", "12", "--samples", "2").code == 0
    assert vaeedit("run", "--from", "one.png", "in.png", "-o", "two.png").code == 0
    assert (pixels(tmp_path / "one.png") == pixels(tmp_path / "two.png")).all()
    made = [json.loads(vaeedit("info", name, "--json").out)["made"] for name in ("one.png", "two.png")]
    assert made[0] == made[1]


PIPELINE = """version: 1
seed: 4
steps:
  - restore:denoise: {sigma: auto}
  - denoise: {name: second, strength: 0.4, sigma: 9, when: "restore:denoise.estimated_sigma > %s"}
  - style: {style: texture.png, texture: 0, when: second.seconds >= 0}
"""


@pytest.mark.parametrize(("limit", "runs"), [(0, True), (1000, False)])
def test_a_pipeline_with_conditions_and_further_pictures_is_repeated(
    run_vaeedit, photo, pixels, tmp_path, limit, runs
):
    """Beside the output, as here, or in the current folder: that is where the pictures of a recipe are looked for."""
    (tmp_path / "work").mkdir()
    photo(tmp_path / "work" / "texture.png", size=(24, 32), seed=3)
    photo(tmp_path / "in.png", size=(24, 32))
    (tmp_path / "work" / "p.yaml").write_text(PIPELINE % limit)
    first = run_vaeedit("run", "work/p.yaml", "in.png", "-o", "work/one.png", "--json", cwd=tmp_path)
    again = ("run", "--trust", "--from", "work/one.png", "in.png", "--json")
    second = run_vaeedit(*again, "-o", "two.png", cwd=tmp_path)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    for notes in (json.loads(ran.stdout)["notes"] for ran in (first, second)):
        assert [("skipped" in notes[name]) for name in ("denoise", "second", "style")] == [
            False,
            not runs,
            not runs,
        ]
    assert b"name second, when denoise.estimated_sigma > " in second.stderr
    assert (pixels(tmp_path / "work" / "one.png") == pixels(tmp_path / "two.png")).all()
    (tmp_path / "work" / "texture.png").rename(tmp_path / "texture.png")
    assert run_vaeedit(*again, "-o", "three.png", cwd=tmp_path).returncode == 0
    assert (pixels(tmp_path / "three.png") == pixels(tmp_path / "two.png")).all()
    (tmp_path / "texture.png").unlink()
    lost = run_vaeedit(*again, "-o", "four.png", cwd=tmp_path)
    assert lost.returncode == 2
    assert b"'texture.png', which is missing; name it with --set style:style.style=FILE" in lost.stderr


@pytest.mark.parametrize(
    ("members", "fragment"),
    [
        ({"when": "nothing.sigma > 1"}, "no earlier step has that name"),
        ({"when": "a" * 1000}, "when must look like"),
        ({"name": "n" * 1000}, "is damaged"),
        ({"name": 3}, "does not record how it was made"),
    ],
)
def test_a_condition_or_name_that_no_step_of_ours_has_is_refused(vaeedit, says, members, fragment):
    says(**members)
    again(vaeedit).assert_refused(2, fragment)


def test_a_template_keeps_the_folder_of_the_input(vaeedit, photo, pixels, tmp_path):
    for number, folder in enumerate(("one", "two")):
        for name in (f"{folder}/a.png", f"{folder}/a-far.png"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            photo(tmp_path / name, size=(24, 32), seed=number)
    (tmp_path / "p.yaml").write_text('version: 1\nsteps: [{fuse: {with: "{folder}/{stem}-far.png"}}]\n')
    assert vaeedit("run", "p.yaml", "two/a.png", "-o", "want.png").code == 0
    assert vaeedit("run", "p.yaml", "one/a.png", "-o", "from.png").code == 0
    ran = vaeedit("run", "--from", "from.png", "--trust", "two/a.png", "-o", "out.png")
    assert ran.code == 0, ran.err
    assert (pixels(tmp_path / "out.png") == pixels(tmp_path / "want.png")).all()


@pytest.fixture
def album(tmp_path, photo):
    """Two pictures, and for each a mask of its name in masks/: the left half of one, the right half of the other."""
    (tmp_path / "masks").mkdir()
    for number, name in enumerate(("a.png", "b.png")):
        photo(tmp_path / name, size=(24, 32), seed=number)
        mask = np.zeros((24, 32, 1), np.uint8)
        mask[:, 16 * number : 16 + 16 * number] = 255
        write(Frame(mask), tmp_path / "masks" / name)
    return tmp_path


def test_a_template_keeps_a_relative_folder(vaeedit, album, pixels):
    for name in "ab":
        flags = ("--mask", "masks/{stem}.png", "--sigma", "20", "--feather", "0")
        assert vaeedit("denoise", f"{name}.png", *flags, "-o", f"{name}-done.png").code == 0
    ran = vaeedit("run", "--from", "a-done.png", "--trust", "b.png", "-o", "again.png")
    assert ran.code == 0, ran.err
    assert (pixels(album / "again.png") == pixels(album / "b-done.png")).all()


def test_an_absolute_folder_is_private_and_must_be_named(vaeedit, album, pixels):
    flags = ("--sigma", "20", "--feather", "0")
    assert (
        vaeedit("denoise", "a.png", "--mask", f"{album}/masks/{{stem}}.png", *flags, "-o", "out.png").code
        == 0
    )
    assert str(album) not in vaeedit("info", "out.png").out
    again = ("run", "--from", "out.png", "--trust", "a.png", "-o", "again.png")
    vaeedit(*again).assert_refused(2, "--set 'restore:denoise.mask=FOLDER/{stem}.png'")
    assert vaeedit(*again, "--set", "restore:denoise.mask=masks/{stem}.png").code == 0
    assert (pixels(album / "again.png") == pixels(album / "out.png")).all()


def test_a_picture_is_not_taken_for_the_mask_of_its_name(vaeedit, album, pixels):
    flags = ("--mask", "masks/a.png", "--sigma", "20", "--feather", "0")
    (album / "done").mkdir()
    assert vaeedit("denoise", "a.png", *flags, "-o", "done/a.png").code == 0
    again = ("run", "--from", "done/a.png", "--trust", "a.png", "-o", "again.png")
    vaeedit(*again).assert_refused(2, "called 'a.png'", "--set restore:denoise.mask=FILE")
    assert vaeedit(*again, "--set", "restore:denoise.mask=masks/a.png").code == 0
    assert (pixels(album / "again.png") == pixels(album / "done/a.png")).all()
