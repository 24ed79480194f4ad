"""`vaeedit super-resolve` on files, as a user runs it."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_picture_becomes_larger_by_the_factor(vaeedit, photo, tmp_path, scale):
    exif = Image.Exif()
    exif[0x0110] = "A camera"
    source = photo(tmp_path / "small.jpg", size=(41, 60), exif=exif)
    ran = vaeedit("super-resolve", source, "--scale", scale, "--json")
    assert ran.code == 0, ran.err
    record = json.loads(ran.out)
    assert record["notes"]["super-resolve"]["estimated_sigma"] > 0
    with Image.open(record["output"]) as large, Image.open(source) as small:
        assert large.size == (60 * scale, 41 * scale)
        assert large.getexif()[0x0110] == "A camera"
        back = np.asarray(large.resize(small.size, Image.Resampling.BICUBIC), float)
        assert abs(back - np.asarray(small, float)).mean() < 15  # the noise is gone, the picture is there


def test_alpha_depth_and_maps_follow(vaeedit, tmp_path):
    ramp = np.linspace(0, 255, 24 * 20).reshape(24, 20).astype(np.uint8)
    Image.merge("LA", [Image.fromarray(ramp), Image.fromarray(255 - ramp)]).save(tmp_path / "in.png")
    ran = vaeedit("super-resolve", "in.png", "-o", "out.png", "--uncertainty", "map.png")
    assert ran.code == 0, ran.err
    with Image.open(tmp_path / "out.png") as out:
        assert (out.mode, out.size) == ("LA", (40, 48))
        alpha = np.asarray(out)[..., 1].astype(float)
        expected = np.asarray(Image.fromarray(255 - ramp).resize((40, 48), Image.Resampling.BICUBIC), float)
        assert abs(alpha - expected).max() <= 3
    with Image.open(tmp_path / "map.png") as uncertainty:
        assert uncertainty.size == (40, 48)


def test_the_best_quality_differs_a_little(vaeedit, photo, pixels, tmp_path):
    photo(tmp_path / "in.png", size=(30, 44))
    found = []
    for quality in ("normal", "best"):
        ran = vaeedit("super-resolve", "in.png", "--quality", quality, "-o", f"{quality}.png")
        assert ran.code == 0, ran.err
        found.append(pixels(tmp_path / f"{quality}.png"))
    assert 0 < abs(found[0] - found[1]).mean() < 3


def test_samples_become_the_same_small_picture(vaeedit, photo, pixels, psnr, tmp_path):
    photo(tmp_path / "in.png", size=(48, 48))
    small = []
    for realism in (0, 1):
        name = f"{realism}.png"
        ran = vaeedit(
            "super-resolve", "in.png", "--model", "bicubic", "--realism", realism, "-o", name, "--seed", 3
        )
        assert ran.code == 0, ran.err
        with Image.open(tmp_path / name) as large:
            small.append(np.asarray(large.resize((48, 48), Image.Resampling.BICUBIC), float))
    assert psnr(*(picture[3:-3, 3:-3] for picture in small)) > 45


def test_a_factor_that_does_not_exist_is_a_usage_error(vaeedit, photo, tmp_path):
    photo(tmp_path / "in.png")
    vaeedit("super-resolve", "in.png", "--scale", 5).assert_refused(2, "--scale", "2 or 3 or 4", "5")


def test_a_vae_for_another_operation_is_a_sentence(vaeedit, photo, tmp_path):
    photo(tmp_path / "in.png")
    vaeedit("super-resolve", "in.png", "--vae", "denoise").assert_refused(
        2, "does not support the condition scale"
    )
    vaeedit("denoise", "in.png", "--vae", "super-resolve").assert_refused(2, "needs the condition scale")
