"""Measures of anomaly scores against scikit-learn on the scores themselves, torchmetrics, and values worked out by hand."""

import numpy as np
import pytest
from sklearn import metrics

from vaeedit_anomaly.metrics import Counts, aupro, counted, curve

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.random(5000) < 0.2
NORMAL = RANDOM.normal(size=5000) + 1.2 * LABELS
TIED = np.round(NORMAL)
SCORES = {
    "both signs": NORMAL,
    "ties": TIED,
    "heavy tail": np.exp(3 * NORMAL),
    "tiny": 1e-20 * np.exp(NORMAL),
}


@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)
def test_figures_are_those_of_scikit_learn(scores):
    found = counted(scores, LABELS).figures()
    assert found["auroc"] == pytest.approx(metrics.roc_auc_score(LABELS, scores), abs=2e-4)
    assert found["ap"] == pytest.approx(metrics.average_precision_score(LABELS, scores), abs=1e-3)
    precision, recall, _ = metrics.precision_recall_curve(LABELS, scores)
    best = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    assert found["f1_max"] == pytest.approx(best, abs=1e-3)


def test_figures_are_those_of_torchmetrics():
    functional = pytest.importorskip("torchmetrics.functional")
    torch = pytest.importorskip("torch")
    scores, labels = torch.tensor(TIED / 10 + 0.5, dtype=torch.float32), torch.tensor(LABELS)
    found = counted(scores.numpy(), LABELS).figures()
    expected = float(functional.auroc(scores.sigmoid(), labels, "binary"))
    assert found["auroc"] == pytest.approx(expected, abs=1e-4)


def test_a_perfect_a_blind_and_a_reversed_score():
    labels = np.array([0, 0, 0, 1])
    assert counted(np.array([1.0, 2, 3, 4]), labels).figures() == {"auroc": 1, "ap": 1, "f1_max": 1}
    blind = counted(np.zeros(4), labels).figures()
    assert blind == {"auroc": 0.5, "ap": 0.25, "f1_max": pytest.approx(0.4)}
    assert counted(-np.array([1.0, 2, 3, 4]), labels).figures()["auroc"] == 0


def test_passing_by_in_parts_is_the_same_as_at_once():
    parts = Counts()
    for start in range(0, 5000, 700):
        parts.add(NORMAL[start : start + 700], LABELS[start : start + 700])
    assert parts.figures() == counted(NORMAL, LABELS).figures()


def picture(*spots):
    """10 x 10 with boxes (row, column, height, width)."""
    mask = np.zeros((10, 10), bool)
    for row, column, height, width in spots:
        mask[row : row + height, column : column + width] = True
    return mask


def test_every_region_weighs_the_same_however_large():
    mask = picture((0, 0, 6, 6), (9, 9, 1, 1))
    large = np.where(picture((0, 0, 6, 6)), 2.0, 0.0)  # the single pixel is missed
    small = np.where(picture((9, 9, 1, 1)), 2.0, 0.0)  # 36 pixels are missed
    # half of the regions at no false alarm; then a straight line to (1, 1): at 0.3 it is 0.65
    expected = (0.5 + 0.65) / 2
    assert aupro(counted(large, mask)) == pytest.approx(expected)
    assert aupro(counted(small, mask)) == pytest.approx(expected)


def test_overlap_is_integrated_up_to_the_limit_only():
    mask = picture((0, 0, 5, 2))  # 10 of 100 pixels
    scores = np.zeros((10, 10))
    scores[:, 0] = 3.0  # half of the region, and 5 of the 90 others
    scores[:5, 1] = 1.0  # the rest of the region
    scores[:, 5:] = 2.0  # 50 others
    # (0, 0) -> (5/90, .5) -> (55/90, .5): the limit of .3 lies on the flat part
    first = 5 / 90
    assert aupro(counted(scores, mask)) == pytest.approx((first * 0.25 + (0.3 - first) * 0.5) / 0.3)
    assert aupro(counted(np.where(mask, 1.0, 0.0), mask)) == 1
    assert aupro(counted(np.where(mask, 0.0, 1.0), mask)) == 0


def test_regions_that_touch_at_a_corner_are_one():
    touching = picture((0, 0, 2, 2), (2, 2, 4, 4))
    apart = picture((0, 0, 2, 2), (3, 3, 3, 3))
    only_first = np.where(picture((0, 0, 2, 2)), 1.0, 0.0)
    shares = [aupro(counted(only_first, mask), limit=1e-9) for mask in (touching, apart)]
    assert shares == pytest.approx([4 / 20, 1 / 2])


def test_what_cannot_be_measured_is_left_out():
    assert Counts().figures() == {}
    assert counted(np.ones(4), np.zeros(4)).figures() == {}
    assert counted(np.ones(4), np.ones(4)).figures() == {}
    assert "aupro" not in counted(NORMAL, LABELS).figures()
    with pytest.raises(ValueError, match="finite"):
        counted(np.array([np.nan]), np.array([1]))
    with pytest.raises(ValueError, match="shape"):
        counted(np.ones(3), np.ones(4))


def test_the_curve_begins_and_ends_at_the_corners():
    false, true = curve(counted(NORMAL, LABELS))
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()
