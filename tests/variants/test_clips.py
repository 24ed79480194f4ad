"""Moving MNIST, and clips as files."""

import builtins

import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit.errors import ImageError, MissingExtra, UsageError
from vaeedit.image import Film, Frame, read_clip, write_clip
from vaeedit_variants.moving import STEP, moving, paths


def test_places_are_a_constant_step_apart_and_turn_at_the_walls():
    found = paths((50, 2), 40, torch.Generator().manual_seed(0), torch.device("cpu"))
    assert found.shape == (50, 2, 40, 2)
    assert found.min() == 0 and found.max() == 1  # noqa: PT018
    steps = found.diff(dim=2)
    inside = ((found > 0) & (found < 1)).all(-1)
    free = inside[..., 1:] & inside[..., :-1]
    assert torch.allclose(steps.norm(dim=-1)[free], torch.tensor(STEP), atol=1e-5)
    at_wall = (found[:, :, 1:-1] <= 0) | (found[:, :, 1:-1] >= 1)
    assert (steps[:, :, 1:][at_wall] * steps[:, :, :-1][at_wall] <= 0).all()


def test_clips_hold_all_images_the_brightest_shows_and_a_seed_repeats_them():
    images = torch.zeros(6, 2, 5, 5)
    images[:, 0], images[:, 1] = 0.5, 1.0
    clip = moving(images, 12, 16, torch.Generator().manual_seed(1))
    assert clip.shape == (6, 12, 1, 16, 16)
    assert ((clip == 1).sum((2, 3, 4)) == 25).all()  # nothing covers the brighter one
    assert ((clip == 0.5).sum((2, 3, 4)) <= 25).all()
    assert torch.equal(clip, moving(images, 12, 16, torch.Generator().manual_seed(1)))
    assert not torch.equal(clip, moving(images, 12, 16, torch.Generator().manual_seed(2)))
    with pytest.raises(ValueError, match="do not fit"):
        moving(images, 2, 4)


def film(count=4, side=16, channels=1):
    frames = np.zeros((count, side, side, channels), np.uint8)
    for index in range(count):
        frames[index, 4:10, index : index + 6, 0] = 255
    return Film([Frame(frame) for frame in frames], 10.0)


@pytest.mark.parametrize("name", ["clip.gif", "clip.mp4", "clip"])
def test_what_is_written_is_read(tmp_path, name):
    if name.endswith("mp4"):
        pytest.importorskip("av")
    clip = film()
    assert write_clip(clip, tmp_path / name) == []
    back = read_clip(tmp_path / name)
    assert [frame.pixels.shape for frame in back.frames] == [(16, 16, 1)] * 4
    off = [
        np.abs(a.pixels.astype(int) - b.pixels).mean() for a, b in zip(clip.frames, back.frames, strict=True)
    ]
    assert max(off) < (12 if name.endswith("mp4") else 0.1)
    assert abs(back.rate - (12 if name == "clip" else 10)) < 0.1


def test_color_stays_color(tmp_path):
    write_clip(film(channels=3), tmp_path / "clip.gif")
    assert read_clip(tmp_path / "clip.gif").frames[0].channels == 3


def test_clips_that_cannot_be_read_are_sentences(tmp_path, monkeypatch):
    (tmp_path / "a.gif").write_bytes(b"GIF89a and no more")
    with pytest.raises(ImageError, match=r"a\.gif is not a picture in a known format"):
        read_clip(tmp_path / "a.gif")
    with pytest.raises(UsageError, match="is no clip; name a GIF"):
        read_clip(tmp_path / "a.png")
    with pytest.raises(ImageError, match="cannot be read"):
        read_clip(tmp_path / "missing.gif")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no picture"):
        read_clip(tmp_path / "empty")
    for side in (8, 9):
        Image.new("L", (side, side)).save(tmp_path / "empty" / f"{side}.png")
    with pytest.raises(ImageError, match="several sizes"):
        read_clip(tmp_path / "empty")
    write_clip(film(), tmp_path / "long.gif")
    monkeypatch.setenv("VAEEDIT_MAX_FRAMES", "3")
    with pytest.raises(ImageError, match="more than 3 frames"):
        read_clip(tmp_path / "long.gif")
    with pytest.raises(UsageError, match=r"does not end in \.gif or \.mp4"):
        write_clip(film(), tmp_path / "clip.avi")


def test_a_damaged_mp4_and_a_missing_library_are_sentences(tmp_path, monkeypatch):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    real = builtins.__import__

    def without_av(name, *rest):
        if name == "av":
            raise ImportError(name)
        return real(name, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", without_av)
        with pytest.raises(MissingExtra, match=r"vaeedit\[video\]"):
            read_clip(tmp_path / "a.mp4")
    pytest.importorskip("av")
    with pytest.raises(ImageError, match="is damaged or no clip"):
        read_clip(tmp_path / "a.mp4")
