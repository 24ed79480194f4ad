"""What every mode keeps: identity, sizes, depths, metadata, tiles."""

import cv2
import numpy as np
import pytest
from scenes import BLUR, DARK, HALF, SCENE, infrared_of
from skimage import data

from vaeedit import Frame, VaeeditWarning, write
from vaeedit.cli.main import call
from vaeedit.errors import OptionError
from vaeedit.image.frame import Metadata

MODES = ("focus", "exposure", "infrared", "blend")


@pytest.mark.parametrize("mode", [*MODES, "auto"])
def test_a_picture_fused_with_itself_is_the_picture(fuse, mode):
    fused = fuse(SCENE, SCENE, mode=mode).frame.pixels
    assert np.abs(fused.astype(int) - SCENE).max() <= 1


@pytest.mark.parametrize("mode", ["focus", "exposure"])
def test_three_times_the_same_is_the_same(fuse, mode):
    assert np.abs(fuse(SCENE, SCENE, SCENE, mode=mode).frame.pixels.astype(int) - SCENE).max() <= 1


@pytest.mark.parametrize("mode", MODES)
def test_depth_alpha_gray_and_metadata_are_the_first_pictures(fuse, mode):
    alpha = np.linspace(0, 65535, SCENE[..., 0].size).reshape(SCENE.shape[:2]).astype(np.uint16)
    first = Frame(SCENE.astype(np.uint16) * 257, alpha, Metadata(dpi=(300.0, 300.0)))
    other = cv2.cvtColor(DARK, cv2.COLOR_RGB2GRAY)[:120, :190]
    before = first.pixels.copy()
    frame = fuse(first, other, mode=mode).frame
    assert (frame.pixels.dtype, frame.pixels.shape) == (np.uint16, SCENE.shape)
    assert np.array_equal(frame.alpha, alpha)
    assert frame.metadata.dpi == (300.0, 300.0)
    assert np.array_equal(first.pixels, before)
    assert fuse(other, first, mode=mode).frame.pixels.shape == (120, 190, 1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(1, 1, 3), (13, 37, 3), (3, 64, 1)])
def test_small_and_odd_pictures(fuse, mode, shape):
    random = np.random.default_rng(0)
    first, other = random.integers(0, 256, (2, *shape)).astype(np.uint8)
    assert _distance(fuse(first, first, mode=mode), first) == 0
    if mode == "blend":
        halfway = (first.astype(float) + other) / 2
        assert _distance(fuse(first, other, mode=mode), halfway) < np.abs(first - halfway).mean() / 2
    elif mode == "exposure":
        black = np.zeros_like(first)
        fused = fuse(first, black, mode=mode)
        assert _distance(fused, first) < _distance(fused, black) / 2
    else:
        even = np.full_like(first, 128)
        fused = fuse(first, even, mode=mode)
        assert fused.frame.pixels.shape == shape
        if min(shape[:2]) > 1:  # one pixel alone has no detail
            assert _distance(fused, first) < 0.5, "nothing is seen in the other picture"


def _distance(result, pixels):
    """Mean absolute difference, in steps of 8 bits."""
    return np.abs(result.frame.pixels.astype(float) - pixels).mean()


@pytest.mark.parametrize("mode", [*MODES, "mask"])
def test_tiles_agree_with_the_whole(fuse, mode):
    random = np.random.default_rng(0)
    long = cv2.resize(SCENE, (640, 24)).astype(np.float32) / 255
    first = (long + random.normal(0, 0.02, long.shape)).clip(0, 1).astype(np.float32)
    other = np.rint(cv2.GaussianBlur(long, (0, 0), 2) * 200).astype(np.uint8)
    options = {"mode": mode} if mode in MODES else {"mask": np.arange(640) // 90 % 2 * np.ones((24, 1)) > 0}
    whole, tiled = (fuse(first, other, tile=tile, **options).frame.pixels for tile in (1024, 96))
    assert np.abs(whole - tiled).max() <= 1e-4


def test_auto_chooses_by_the_pictures(fuse):
    assert fuse(SCENE, BLUR).notes["fuse"]["mode"] == "focus"
    assert fuse(SCENE, DARK).notes["fuse"]["mode"] == "exposure"
    assert fuse(SCENE, infrared_of(SCENE)).notes["fuse"]["mode"] == "infrared"
    assert fuse(SCENE, BLUR, mask=HALF).notes["fuse"]["mode"] == "blend"
    assert fuse(SCENE, BLUR, alpha=0.3).notes["fuse"]["mode"] == "blend"
    gray = cv2.cvtColor(SCENE, cv2.COLOR_RGB2GRAY)
    assert fuse(gray, cv2.GaussianBlur(gray, (0, 0), 3)).notes["fuse"]["mode"] == "focus"
    assert "mode" not in fuse(SCENE, BLUR, mode="focus").notes["fuse"]  # nothing was decided


def test_a_mask_is_for_two_pictures_and_for_blend(fuse):
    with pytest.raises(OptionError, match="two pictures"):
        fuse(SCENE, BLUR, DARK, mask=HALF)
    with pytest.raises(OptionError, match="for the mode blend"):
        fuse(SCENE, BLUR, mask=HALF, mode="focus")


def test_pictures_that_do_not_belong_together_are_told(fuse, tmp_path, monkeypatch, capsys):
    other = cv2.resize(data.coffee(), SCENE.shape[1::-1], interpolation=cv2.INTER_AREA)
    with pytest.warns(VaeeditWarning, match="picture 3 does not seem to show the same scene as the first"):
        (said,) = fuse(SCENE, DARK, other, mode="exposure").warnings
    assert "use --align" in said
    monkeypatch.chdir(tmp_path)
    write(Frame(SCENE), "a.png")
    write(Frame(other), "b.png")
    assert call(["fuse", "a.png", "b.png", "--mode", "focus"]) == 0
    assert "Warning: a.png: picture 2 does not seem to show" in capsys.readouterr().err


@pytest.mark.parametrize("other", [BLUR, DARK, 255 - SCENE, infrared_of(SCENE, 0), np.zeros_like(SCENE)])
def test_pictures_of_one_scene_are_not(fuse, other):
    assert fuse(SCENE, other, mode="focus").warnings == ()
    assert fuse(SCENE, data.coffee()[:160, :208], alpha=0.5).warnings == ()  # a blend may mix what it likes
