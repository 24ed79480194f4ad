"""`--mask`: only the white part of a picture is edited, by a template, in chains of latents, and at another size."""

import json

import numpy as np
import pytest

from vaeedit.image import Frame, read, write


@pytest.fixture
def album(tmp_path, photo):
    """in.png (48x64), a mask of its left half, and one of another shape."""
    photo(tmp_path / "in.png", size=(48, 64))
    mask = np.zeros((48, 64, 1), np.uint8)
    mask[:, :32] = 255
    (tmp_path / "masks").mkdir()
    write(Frame(mask), tmp_path / "masks/in.png")
    write(Frame(mask[:, :40]), tmp_path / "narrow.png")
    write(Frame(0 * mask), tmp_path / "black.png")
    return tmp_path


def pixels(path):
    return read(path).pixels.astype(int)


@pytest.mark.parametrize(
    "operation",
    [
        ["denoise", "--sigma", "30"],
        ["denoise", "--sigma", "30", "--quality", "best"],
        ["vary", "--amount", "3"],
        ["direct", "--along", "warmth"],
        ["reconstruct"],
    ],
)
def test_what_is_black_is_kept_to_the_last_bit(vaeedit, album, operation):
    for mask, name in (("masks/{stem}.png", "left"), ("black.png", "none")):
        assert vaeedit(*operation, "in.png", "--mask", mask, "-o", f"{name}.png").code == 0
    change = np.abs(pixels("left.png") - pixels("in.png")).max(2)
    assert change[:, 32:].max() == 0
    assert change[:, :31].mean() > 0.05
    assert np.array_equal(pixels("none.png"), pixels("in.png"))


@pytest.mark.parametrize("masks", [("masks/in.png", "masks/in.png"), ("masks/in.png", "black.png")])
def test_chained_steps_keep_it_too(vaeedit, album, masks):
    steps = " | ".join(f"{name} --mask {mask}" for name, mask in zip(("vary", "direct"), masks, strict=True))
    assert vaeedit("chain", steps, "in.png", "-o", "out.png").code == 0
    change = np.abs(pixels("out.png") - pixels("in.png")).max(2)
    assert change[:, 32:].max() == 0
    assert change[:, :31].mean() > 0.05


def test_a_larger_result_is_a_plain_enlargement_where_the_mask_is_black(vaeedit, album):
    assert vaeedit("super-resolve", "in.png", "--mask", "black.png", "-o", "plain.png").code == 0
    assert vaeedit("super-resolve", "in.png", "--mask", "masks/in.png", "-o", "left.png").code == 0
    assert vaeedit("super-resolve", "in.png", "-o", "all.png").code == 0
    plain, left, whole = map(pixels, ("plain.png", "left.png", "all.png"))
    assert np.array_equal(left[:, 66:], plain[:, 66:])
    assert np.array_equal(left[:, :60], whole[:, :60])
    assert np.abs(plain[::2, ::2] - pixels("in.png")).mean() < 10


def test_a_mask_that_does_not_fit_fails_its_picture_with_a_sentence(vaeedit, album):
    ran = vaeedit("denoise", "in.png", "--mask", "narrow.png", "-o", "out.png")
    ran.assert_refused(1, "narrow.png", "40x48", "64x48")
    vaeedit("denoise", "in.png", "--mask", "none.png", "-o", "out.png").assert_refused(1, "none.png")
    assert vaeedit("denoise", "in.png", "--feather", "3", "-o", "out.png").code == 2
    assert vaeedit("denoise", "in.png", "--mask", "a.png", "--mask", "b.png", "-o", "out.png").code == 2


def test_operations_on_several_pictures_take_none(vaeedit, album):
    assert "--feather" not in vaeedit("fuse", "--help").out
    assert "--mask" not in vaeedit("interpolate", "--help").out


def test_the_journal_records_it_and_resuming_respects_it(vaeedit, album):
    flags = ["denoise", "in.png", "--mask", "masks/{stem}.png", "--feather", "2", "-o", "made/", "--json"]
    (record,) = map(json.loads, vaeedit(*flags).out.splitlines())
    given = record["steps"][0]["options"]
    assert (given["mask"], given["feather"], given["invert_mask"]) == (["masks/{stem}.png"], 2, False)
    assert record["notes"]["denoise"]["edited"] == 0.5
    write(Frame(np.full((48, 64, 1), 255, np.uint8)), album / "masks/in.png")
    (record,) = map(json.loads, vaeedit(*flags, "--resume").out.splitlines())
    assert (record["status"], record["notes"]["denoise"]["edited"]) == ("done", 1)
