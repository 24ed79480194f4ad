"""What each mode is for."""

import cv2
import numpy as np
import pytest
from scenes import BLUR, HALF, SCENE, infrared_of

from vaeedit.errors import VaeeditError
from vaeedit.image import Frame
from vaeedit_fuse.detail import below_white
from vaeedit_fuse.evaluation import gray
from vaeedit_fuse.metrics import edge_preservation, exposure_structure


def test_focus_copies_the_sharp_pixels(fuse):
    left, right = np.where(HALF[..., None], BLUR, SCENE), np.where(HALF[..., None], SCENE, BLUR)
    fused = fuse(left, right, mode="focus").frame.pixels
    sure = np.abs(np.arange(208) - 104) > 24
    assert (fused == SCENE)[:, sure].all()  # bit for bit
    error = np.abs(fused.astype(float) - SCENE).mean()
    assert error < 0.1 * np.abs(left.astype(float) - SCENE).mean()


def test_focus_over_three_pictures(fuse):
    thirds = [cv2.GaussianBlur(SCENE, (0, 0), 3) for _ in range(3)]
    for k, third in enumerate(thirds):
        third[:, 70 * k : 70 * (k + 1)] = SCENE[:, 70 * k : 70 * (k + 1)]
    fused = fuse(*thirds, mode="focus").frame.pixels
    middles = np.r_[0:50, 90:120, 160:208]
    assert (fused == SCENE)[:, middles].all(2).mean() > 0.98


def test_exposure_beats_each_picture_and_keeps_colors_apart(fuse):
    stack = [np.clip(SCENE * gain, 0, 255).astype(np.uint8) for gain in (0.25, 1.0, 4.0)]
    fused = fuse(*stack, mode="exposure").frame
    sources = [gray(Frame(x)) for x in stack]
    own = exposure_structure(sources, gray(fused))
    assert own > max(exposure_structure(sources, x) for x in sources)
    mertens = cv2.createMergeMertens().process(stack)
    theirs = exposure_structure(sources, gray(Frame(np.rint(mertens.clip(0, 1) * 255).astype(np.uint8))))
    assert own > theirs - 0.01
    assert fused.floats().std(2).mean() > 0.5 * SCENE.std(2).mean() / 255


def test_infrared_adds_what_only_it_shows_in_the_first_pictures_colors(fuse):
    warm = np.full(SCENE.shape[:2], 60, np.uint8)
    cv2.circle(warm, (40, 40), 12, 230, -1)
    visible = np.clip(SCENE // 2 + 40, 0, 255).astype(np.uint8)
    visible[10:75, 5:80] = (80, 60, 50)  # nothing to see there
    fused = fuse(visible, warm, mode="infrared").frame.pixels.astype(float)
    luma = fused @ [0.299, 0.587, 0.114]
    assert luma[35:45, 35:45].mean() > luma[15:20, 60:75].mean() + 50
    chroma = fused - luma[..., None]
    before = visible - (visible @ [0.299, 0.587, 0.114])[..., None]
    assert np.abs(chroma - before)[(fused.min(2) > 0) & (fused.max(2) < 255)].max() < 1.5  # rounding


def test_alpha_goes_from_one_picture_to_the_other(fuse):
    other = SCENE[:, ::-1].copy()
    shares = [fuse(SCENE, other, alpha=alpha).frame.pixels.astype(float) for alpha in (0.0, 0.5, 1.0)]
    assert np.abs(shares[0] - SCENE).max() <= 1
    assert np.abs(shares[2] - other).max() <= 1
    halfway = (SCENE.astype(float) + other) / 2
    assert np.abs(shares[1] - halfway).mean() < np.abs(SCENE - halfway).mean() / 2


def test_a_mask_leaves_the_rest_and_no_seam(fuse):
    other = np.clip(np.roll(SCENE, 9, 1) * 0.6, 0, 255).astype(np.uint8)
    mask = np.zeros(SCENE.shape[:2], bool)
    mask[45:115, 60:150] = True
    fused = fuse(SCENE, other, mask=mask).frame.pixels
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) > 17
    assert np.array_equal(fused[outside], SCENE[outside])
    pasted = np.where(mask[..., None], other, SCENE)
    sources = (_across(mask, SCENE) + _across(mask, other)) / 2
    assert _across(mask, pasted) > 1.5 * sources
    assert _across(mask, fused) < 1.05 * sources
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) > 17
    detail = [cv2.Laplacian(gray(Frame(x)), cv2.CV_64F)[inside] for x in (fused, other)]
    assert np.corrcoef(*detail)[0, 1] > 0.95  # the other picture's


def _across(mask, pixels):
    """Mean step of luma over the border of a mask."""
    steps = []
    for axis in (0, 1):
        border = np.diff(mask.astype(int), axis=axis) != 0
        steps.append(np.abs(np.diff(gray(Frame(pixels)), axis=axis))[border])
    return np.concatenate(steps).mean()


@pytest.mark.parametrize("mode", ["focus", "infrared", "exposure"])
def test_align_undoes_a_movement(fuse, mode):
    turn = cv2.getRotationMatrix2D((104, 80), 0 if mode == "exposure" else 1.5, 1.0)
    turn[:, 2] += 6, -4
    moved = cv2.warpAffine(SCENE, turn, (208, 160), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    loose, aligned = (fuse(SCENE, moved, mode=mode, align=align).frame.pixels for align in (False, True))
    away = [np.abs(x.astype(float) - SCENE)[16:-16, 16:-16].mean() for x in (loose, aligned)]
    assert away[1] < 0.35 * away[0]


def test_what_cannot_be_aligned_is_a_sentence(fuse):
    noise = np.random.default_rng(0).integers(0, 256, SCENE.shape).astype(np.uint8)
    with pytest.raises(VaeeditError, match="Picture 2 could not be aligned"):
        fuse(SCENE, noise, mode="focus", align=True)


def test_infrared_from_another_sensor_keeps_the_edges_of_both(fuse):
    other = infrared_of(SCENE)
    sources = [gray(Frame(SCENE)), gray(Frame(other[..., None]))]
    fused = gray(fuse(SCENE, other).frame)
    assert edge_preservation(sources, fused) > edge_preservation(sources, sum(sources) / 2) + 0.1


def test_a_white_sky_stays_white_unless_something_warm_is_in_it(fuse):
    visible = SCENE // 3
    visible[:90] = 253
    cold = np.full(SCENE.shape[:2], 150, np.uint8)
    cold[:90] = 40
    for x in range(20, 200, 24):
        cv2.line(cold, (x, 90), (x + 8, 10), 75, 2)  # branches that only the other sensor sees
    fused = gray(fuse(visible, cold, mode="infrared").frame)
    assert fused[:70].min() > 245
    cv2.circle(cold, (104, 40), 14, 250, -1)
    cv2.circle(cold, (104, 40), 6, 90, -1)
    warm = gray(fuse(visible, cold, mode="infrared").frame)
    assert warm[20:60, 84:124].min() < fused[20:60, 84:124].min() - 30


def test_lines_on_a_light_ground_keep_their_contrast():
    light = np.full((80, 80, 1), 0.9, np.float32)
    light[40] = 1.5
    made = below_white(light)
    assert made[40].mean() - made[36].mean() > 0.5
    assert made[40].mean() > 1
    assert np.array_equal(made[:10], light[:10])
    assert np.array_equal(below_white(light.clip(0, 1)), light.clip(0, 1))
