"""`vaeedit compare`: figures as the libraries give them, a picture and a page of the difference, safe for any name."""

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from vaeedit.evaluation import difference as module
from vaeedit.evaluation.difference import difference, difference_picture
from vaeedit.image import Frame, Metadata, working, write

sys.path.insert(0, str(Path(__file__).parents[1] / "image"))
import profiles

RANDOM = np.random.default_rng(0)
A = RANDOM.integers(0, 256, (40, 30, 3)).astype(np.uint8)
B = np.clip(A + RANDOM.integers(-20, 21, A.shape), 0, 255).astype(np.uint8)
NAME = "<b>&\"'.png"


@pytest.fixture
def pair(tmp_path):
    Image.fromarray(A).save(tmp_path / "a.png")
    Image.fromarray(B).save(tmp_path / NAME)
    return "a.png", NAME


@pytest.mark.parametrize("rows", [7, 16, 512])
def test_figures_are_those_of_the_libraries_in_strips_of_any_height(rows, monkeypatch):
    monkeypatch.setattr(module, "ROWS", rows)
    found = difference(Frame(A), Frame(B))
    one, two = A.astype(float), B.astype(float)
    how = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": 2}
    assert found.psnr == pytest.approx(peak_signal_noise_ratio(one, two, data_range=255))
    assert found.ssim == pytest.approx(structural_similarity(one, two, data_range=255, **how))
    apart = np.abs(one - two).max(axis=2)
    column, row = found.place
    assert found.largest == apart.max() == apart[row, column]
    assert found.changed == (apart > 0).mean()


def test_depth_gray_and_alpha():
    assert difference(Frame(A), Frame(A.astype(np.uint16) * 257)).largest < 1e-9
    assert difference(Frame(A[..., :1]), Frame(np.repeat(A[..., :1], 3, axis=2))).psnr == np.inf
    assert difference(Frame(A), Frame(A, np.full((40, 30), 55, np.uint8))).alpha == 200
    assert np.isnan(difference(Frame(A[:5]), Frame(B[:5])).ssim)
    picture, times = difference_picture(Frame(A), Frame(B))
    assert times == 255 // 20
    assert (picture.pixels == np.abs(A.astype(int) - B) * times).all()
    assert difference_picture(Frame(A), Frame(A))[1] == 1


def test_what_reading_changes_is_said(pair, vaeedit, tmp_path):
    Image.fromarray(A).convert("P").save(tmp_path / "palette.png")
    assert (
        "palette.png: Its palette is given up for any color."
        in vaeedit("compare", "a.png", "palette.png").err
    )


def test_the_command(pair, vaeedit, tmp_path):
    done = vaeedit("compare", *pair, "-o", "d.png", "--html", "d.html")
    assert done.code == 0, done.err
    assert f"PSNR: {peak_signal_noise_ratio(A, B, data_range=255):.2f} dB" in done.out
    assert "d.png: the difference, times 12" in done.out
    record = json.loads(vaeedit("compare", *pair, "--json").out)
    assert (record["second"], record["largest"], record["alpha"]) == (NAME, 20, 0)
    assert "PSNR: equal" in vaeedit("compare", "a.png", "a.png").out
    vaeedit("compare", *pair, "-o", "d.png").assert_refused(2, "d.png exists already")
    vaeedit("compare", *pair, "-o", "a.png", "--exists", "overwrite").assert_refused(2, "a.png is a picture")
    vaeedit("compare", *pair, "-o", "d.txt").assert_refused(2, "does not end in a picture format")
    vaeedit("compare", "a.png", "gone.png").assert_refused(1, "gone.png")


def test_colors_are_compared_as_they_are_seen(vaeedit, tmp_path):
    flat = np.full((16, 16, 3), (200, 120, 60), np.uint8)
    wide = profiles.rgb(profiles.P3, *profiles.SRGB_CURVE)
    own = working(Frame(flat, metadata=Metadata(icc=wide)))
    Image.fromarray(flat).save(tmp_path / "p3.png", icc_profile=wide)
    write(own, tmp_path / "srgb.png")
    assert "PSNR: equal" in vaeedit("compare", "p3.png", "srgb.png").out


def test_sizes_that_differ_are_shown_but_not_measured(pair, vaeedit, tmp_path):
    Image.fromarray(A).resize((60, 80)).save(tmp_path / "large.png")
    vaeedit("compare", "a.png", "large.png").assert_refused(2, "30x40", "60x80", "--html")
    done = vaeedit("compare", "a.png", "large.png", "--html", "d.html")
    assert (done.code, done.out.splitlines()[-1]) == (0, "The sizes differ.")
    assert "aspect-ratio: 60 / 80" in (tmp_path / "d.html").read_text()


def test_the_page_is_whole_offline_and_escapes_names(pair, vaeedit, tmp_path):
    vaeedit("compare", *pair, "--html", "d.html")
    text = (tmp_path / "d.html").read_text()
    tags = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attributes):
            tags.append((tag, dict(attributes)))

    Parser().feed(text)
    images = [attributes for tag, attributes in tags if tag == "img"]
    assert [image["alt"] for image in images] == ["a.png", NAME]
    assert all(image["src"].startswith("data:image/png;base64,") for image in images)
    assert "b" not in {tag for tag, _ in tags}
    assert not re.search(r"(src|href)=\"(?!data:)|https?:|@import|url\(", text)
    (divider,) = [found for tag, found in tags if tag == "input" and found["type"] == "range"]
    assert divider["aria-label"] == f"Divider: a.png is left of it, {NAME} is right of it"


def test_what_browsers_do_not_show_is_stored_as_png(vaeedit, tmp_path):
    Image.fromarray(A).save(tmp_path / "a.tif")
    assert vaeedit("compare", "a.tif", "a.tif", "--html", "d.html").code == 0
    assert (tmp_path / "d.html").read_text().count("data:image/png;base64,") == 2
