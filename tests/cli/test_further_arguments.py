"""Commands whose further arguments are extra inputs: `vaeedit style PICTURE STYLE...`."""

import json

import numpy as np
import pytest


@pytest.fixture
def pictures(photo, tmp_path):
    """Two of them, of different sizes."""
    return photo(tmp_path / "a.png", size=(40, 56)), photo(tmp_path / "b.png", size=(48, 48))


@pytest.mark.parametrize(("command", "flag"), [("style", "--style"), ("fuse", "--with")])
def test_arguments_and_the_flag_say_the_same(vaeedit, pictures, pixels, tmp_path, command, flag):
    a, b = pictures
    for output, told in (("one.png", [a, b]), ("two.png", [a, flag, b])):
        ran = vaeedit(command, *told, "-o", output)
        assert ran.code == 0, ran.err
    np.testing.assert_array_equal(pixels(tmp_path / "one.png"), pixels(tmp_path / "two.png"))
    assert pixels(tmp_path / "one.png").shape == (40, 56, 3)


def test_with_the_flag_all_arguments_are_inputs(vaeedit, pictures, tmp_path):
    a, b = pictures
    ran = vaeedit("style", a, b, "--style", b, "-o", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    assert [json.loads(line)["input"] for line in ran.out.splitlines()] == [str(a), str(b)]


@pytest.mark.parametrize("command", ["style", "fuse", "interpolate"])
def test_one_picture_is_too_few(vaeedit, pictures, command):
    vaeedit(command, pictures[0]).assert_refused(2, f"{command} needs a second picture")


def test_a_style_that_is_not_there_is_named(vaeedit, pictures, tmp_path):
    ran = vaeedit("style", pictures[0], tmp_path / "nothing.jpg")
    ran.assert_refused(1, "nothing.jpg")
    assert not list(tmp_path.glob("*.style.*"))


def test_a_strength_of_nothing_is_the_very_same_file(vaeedit, pictures, tmp_path):
    ran = vaeedit("style", *pictures, "--strength", 0, "-o", "same.png")
    assert ran.code == 0, ran.err
    assert (tmp_path / "same.png").read_bytes() == pictures[0].read_bytes()
