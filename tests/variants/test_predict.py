"""`vaeedit predict`, and VAEs of clips where images are expected, and the other way round."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit.cli.main import call
from vaeedit.image import Film, Frame, read_clip, write_clip
from vaeedit_variants.moving import moving


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clip():
    """A file of ten frames of two bars that move."""
    images = torch.zeros(1, 2, 28, 28)
    images[:, 0, 5:23, 12:16], images[:, 1, 12:16, 5:23] = 1, 1
    frames = (moving(images, 10, 64, torch.Generator().manual_seed(0))[0] * 255).byte().permute(0, 2, 3, 1)
    write_clip(Film([Frame(frame) for frame in frames.numpy()]), Path("clip.gif"))
    return "clip.gif"


def test_the_clip_goes_on(clip):
    assert call(["predict", clip, "-o", "longer.gif", "--frames", "4", "--mark"]) == 0
    given, longer = read_clip(clip).frames, read_clip("longer.gif").frames
    assert len(longer) == 14
    assert np.array_equal(longer[0].pixels, given[0].pixels)
    assert (longer[10].pixels[0] == 255).all() and (longer[9].pixels[0] < 255).any()  # noqa: PT018
    predicted = longer[10].pixels[1:-1, 1:-1].astype(float)
    assert 60 < (predicted > 128).sum() < 180  # both bars are still there
    assert call(["predict", clip, "-o", "folder", "--frames", "2", "--sample", "--seed", "1"]) == 0
    assert len(read_clip("folder").frames) == 12
    assert call(["predict", clip, "-o", "longer.gif"]) == 2  # it exists


def test_clips_are_drawn_from_nothing():
    assert call(["generate", "--vae", "moving-mnist", "-n", "4", "--frames", "3", "-o", "new.gif"]) == 0
    frames = read_clip("new.gif").frames
    assert [frame.pixels.shape for frame in frames] == [(130, 130, 1)] * 3


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["predict", "clip.gif", "-o", "a.gif", "--vae", "photo"], "is one of images, not of clips"),
        (["predict", "clip.gif", "-o", "a.png"], "does not end in .gif or .mp4"),
        (["predict", "small.gif", "-o", "a.gif"], "takes clips of 64x64 pixels in gray, and this one has 8x8 in gray"),
        (["predict", "photo.png", "-o", "a.gif"], "photo.png is no clip"),
        (["reconstruct", "photo.png", "-o", "a.png", "--vae", "moving-mnist"], "is a VAE of clips, which edits no picture"),
        (["evaluate", "vae", ".", "--vae", "moving-mnist"], "is one of clips, not of images"),
        (["generate", "--vae", "moving-mnist", "--size", "8x8", "-o", "a.gif"], "makes clips of one size"),
        (["generate", "--vae", "moving-mnist", "-n", "1", "-o", "a.png"], "does not end in .gif or .mp4"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_a_sentence(clip, tmp_path, capsys, words, text):
    write_clip(Film([Frame(np.zeros((8, 8, 1), np.uint8))] * 2), tmp_path / "small.gif")
    Image.new("L", (16, 16)).save("photo.png")
    assert call(words) in (1, 2)
    captured = capsys.readouterr()
    assert text in " ".join((captured.err + captured.out).split())
    assert not list(tmp_path.glob("a.*"))
