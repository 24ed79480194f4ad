"""`direct`: named directions, components and examples do what they say, both ways."""

import numpy as np
import pytest
from skimage import data

from vaeedit.api import Frame, luma
from vaeedit.cli.main import call
from vaeedit.errors import OptionError, PipelineError, UsageError, VaeeditError
from vaeedit.image import write
from vaeedit_photo.named import edited

NAMED = ("brightness", "contrast", "warmth", "saturation", "sharpness")


def measured(x):
    """What each named direction is about, of an image in floats."""
    chroma = x - luma(x)[..., None]
    rows = np.diff(luma(x), axis=0)
    return {
        "brightness": x.mean(),
        "contrast": x.std(),
        "warmth": (x[..., 0] - x[..., 2]).mean(),
        "saturation": np.square(chroma).mean(),
        "sharpness": np.square(rows).mean(),
    }


@pytest.fixture(scope="module")
def soft():
    """A photograph in float32 without clipped values, so that there is room on both sides."""
    return Frame((0.25 + 0.5 * data.coffee()[100:212, 200:344] / 255).astype(np.float32))


@pytest.mark.parametrize("name", NAMED)
def test_more_and_less(run, soft, name):
    values = [
        measured(run("direct", soft, along=name, amount=amount).frame.floats())[name]
        for amount in (-1, -0.5, 0, 0.5, 1)
    ]
    assert values == sorted(values)
    assert len(set(values)) == 5
    wanted = measured(edited(soft, name).floats())[name]
    assert (values[4] - values[2]) == pytest.approx(wanted - values[2], rel=0.5)


@pytest.mark.parametrize("name", NAMED)
def test_the_direction_is_that_of_the_edit(run, soft, name):
    result = run("direct", soft, along=name, amount=0.5)
    moved = result.frame.floats() - soft.floats()
    wanted = 0.5 * (edited(soft, name).floats() - soft.floats())
    assert np.square(moved - wanted).mean() < 0.5 * np.square(wanted).mean()
    assert 0.5 < result.notes["direct"]["explained"] <= 1


def test_on_a_linear_vae_regression_finds_the_edit_itself(run, soft, toys):
    for name in ("brightness", "contrast", "warmth"):  # those that treat every channel for itself
        result = run("direct", soft, along=name, vae=toys["gaussian"])
        assert np.abs(result.frame.floats() - edited(soft, name).floats()).max() < 0.01
        assert result.notes["direct"]["explained"] > 0.99


def test_amount_0_is_the_picture_itself(run, cat):
    assert run("direct", cat, amount=0).frame is cat


def test_components_are_ordered_and_go_both_ways(run, cat):
    found = [run("direct", cat, along=number) for number in (1, 2, 3)]
    shares = [each.notes["direct"]["variance_share"] for each in found]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1
    there = found[0].frame.floats() - cat.floats()
    back = run("direct", cat, along=1, amount=-1).frame.floats() - cat.floats()
    assert np.abs(there).mean() > 0.02
    assert np.corrcoef(there.ravel(), back.ravel())[0, 1] < -0.5


@pytest.fixture(scope="module")
def coffee():
    """A crop of a photograph that is large enough to tell squares from content."""
    return Frame(np.ascontiguousarray(data.coffee()[100:268, 200:400]))


@pytest.mark.parametrize(
    ("along", "amount", "warns"),
    [
        ("sharpness", -2, True),
        ("sharpness", -0.5, False),
        ("sharpness", 2, False),
        ("contrast", -1, False),
        (3, 2, True),
        (1, 0.5, False),
    ],
)
def test_squares_of_the_latents_are_warned_of(run, coffee, along, amount, warns):
    assert (
        any("squares" in text for text in run("direct", coffee, along=along, amount=amount).warnings) == warns
    )


@pytest.fixture
def folders(tmp_path, monkeypatch, cat):
    """Dark pictures in dark/, bright ones in bright/, none in empty/; in.png is the cat."""
    monkeypatch.chdir(tmp_path)
    write(cat, "in.png")
    for name, low, high in (("dark", 0, 90), ("bright", 120, 255)):
        (tmp_path / name).mkdir()
        for index, picture in enumerate((data.coffee(), data.astronaut())):
            part = picture[100:164, 200:296].astype(np.float32) / 255
            write(Frame((low + (high - low) * part).astype(np.uint8)), tmp_path / name / f"{index}.png")
    (tmp_path / "dark/notes.txt").write_text("no picture")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_toward_examples_and_back(run, cat, folders):
    to_dark = run("direct", cat, toward="dark", away="bright")
    assert to_dark.notes["direct"] | {"seconds": 0} == {
        "direction": "examples",
        "toward": 2,
        "away": 2,
        "seconds": 0,
    }
    to_bright = run("direct", cat, toward="dark", away="bright", amount=-1)
    means = [frame.floats().mean() for frame in (to_dark.frame, cat, to_bright.frame)]
    assert means[0] + 0.1 < means[1] < means[2] - 0.1


def test_without_away_it_goes_to_the_examples_themselves(run, cat, folders):
    found = run("direct", cat, toward=["dark/0.png"]).frame
    wanted = data.coffee()[100:164, 200:296].mean() / 255 * 90 / 255
    assert abs(found.floats().mean() - wanted) < 0.3 * abs(cat.floats().mean() - wanted)


def test_a_pale_example_makes_pale(run, cat, folders):
    x = cat.floats()
    pale = x.mean((0, 1)) + 0.5 * (x - x.mean((0, 1)))
    write(cat.with_floats(pale), "pale.png")
    found = run("direct", cat, toward="pale.png").frame.floats()
    assert np.abs(found - pale).mean() < 0.25 * np.abs(x - pale).mean()


def test_its_own_statistics_leave_a_picture_alone(run, cat, folders):
    assert np.abs(run("direct", cat, toward="in.png").frame.pixels.astype(int) - cat.pixels).max() <= 1


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"toward": "dark", "along": "warmth"}, OptionError, "leave one of them out"),
        ({"toward": "dark", "along": "brightness"}, OptionError, "leave one of them out"),
        ({"away": "dark"}, OptionError, "--away needs --toward"),
        ({"toward": "empty"}, UsageError, "no picture in the folder empty"),
        ({"toward": "none"}, VaeeditError, "none cannot be read"),
        ({"along": 9}, OptionError, "at most 8"),
        ({"along": "redness"}, PipelineError, "along must be brightness"),
        ({"amount": 11}, PipelineError, "amount must be a number from -10 to 10"),
    ],
)
def test_what_cannot_be_is_refused(run, cat, folders, options, error, sentence):
    with pytest.raises(error, match=sentence):
        run("direct", cat, **options)


def test_a_gray_picture_has_no_color(run, cat):
    gray = Frame(cat.pixels[..., :1])
    for name in ("warmth", "saturation"):
        with pytest.raises(VaeeditError, match=f"no {name} to change"):
            run("direct", gray, along=name)
    assert run("direct", gray, along="contrast").frame.channels == 1


def test_from_the_command_line(folders, capsys):
    assert call(["direct", "in.png", "--toward", "dark", "--away", "bright", "--amount", ".5"]) == 0
    assert "direction examples, toward 2, away 2" in capsys.readouterr().out
    assert call(["direct", "in.png", "--along", "2", "--amount", "-1", "-o", "out.png"]) == 0
    assert "direction component 2, variance share " in capsys.readouterr().out
