"""The judge: it finds synthetic defects in pictures that it has not learned from, better than the distance does."""

import numpy as np
import pytest
import torch
from normals import part

from vaeedit_anomaly.defects import Spoiled
from vaeedit_anomaly.judge import DILATIONS, Judge
from vaeedit_anomaly.judging import FOLDS, Copies, cross_fitted, damaged
from vaeedit_anomaly.learning import descriptions_of, learned_texture, until
from vaeedit_anomaly.marks import marks
from vaeedit_anomaly.metrics import counted
from vaeedit_anomaly.texture import JUDGE, TEXTURE, Texture


def pictures(first, count, **how):
    values = [np.asarray(part(seed, **how), np.float32) / 255 for seed in range(first, first + count)]
    return [torch.from_numpy(np.atleast_3d(one)).movedim(-1, 0)[None] for one in values]


@pytest.fixture(scope="module")
def texture():
    return learned_texture(pictures(0, 24), "aligned", steps=60)


def found(texture, name):
    """AUROC of the places of spots in new pictures."""
    clean, spoiled = pictures(100, 8), pictures(100, 8, spot=True)
    with torch.inference_mode():
        maps = [texture(one)[name][0, 0].numpy() for one in spoiled]
    truths = [((a - b).abs() > 0.15)[0, 0].numpy() for a, b in zip(clean, spoiled, strict=True)]
    return counted(np.stack(maps), np.stack(truths)).figures()["ap"]


def test_it_finds_defects_that_it_has_not_seen_better_than_the_distance(texture):
    assert found(texture, JUDGE) > found(texture, TEXTURE) > 0.1


def test_a_normal_picture_has_hardly_any_defect(texture):
    with torch.inference_mode():
        odds = torch.cat([texture(one)[JUDGE].flatten() for one in pictures(200, 6)])
    assert (odds.sigmoid() > 0.5).float().mean() < 0.02


def test_it_is_the_same_after_16_bits(texture):
    again = Texture(1, len(texture.basis), "aligned", texture.judge.enter.out_channels)
    again.load_state_dict({name: value.half().float() for name, value in texture.state_dict().items()})
    picture = pictures(9, 1)[0]
    for name, grid in texture(picture).items():
        torch.testing.assert_close(again(picture)[name], grid, rtol=0, atol=0)


def test_pictures_in_color_are_judged_by_their_colors():
    texture = learned_texture(pictures(0, 12, color=True), "aligned", steps=2)
    normal = pictures(50, 1, color=True)[0]
    tinted = normal.clone()
    tinted[:, 0, 20:40, 20:40], tinted[:, 1, 20:40, 20:40] = (
        normal[:, 1, 20:40, 20:40],
        normal[:, 0, 20:40, 20:40],
    )
    distances = [texture(one)[TEXTURE] for one in (normal, tinted)]
    assert distances[1][..., 20:40, 20:40].mean() > 1.5 * distances[0][..., 20:40, 20:40].mean()


def test_its_receptive_field_is_what_its_dilations_say():
    judge = Judge(3, 8)
    reach = sum(DILATIONS)
    x = torch.zeros(1, 3, 64, 64)
    gradient = torch.autograd.functional.jacobian(
        lambda x: judge.leave(_around(judge, x))[0, 0, 32, 32], judge.enter(_twice(x))
    )
    rows = torch.nonzero(gradient[0].abs().sum((0, 2)))
    assert rows.min() == 32 - reach
    assert rows.max() == 32 + reach


def _twice(x):
    return torch.cat([x, x], 1)


def _around(judge, hidden):
    for convolution in judge.around:
        hidden = hidden + torch.tanh(convolution(hidden))
    return hidden


def test_copies_are_made_in_rounds_and_stop_in_time():
    normals = pictures(0, 5)
    assert damaged(normals, 3, 0, lambda number: 0.0).sources.tolist() == [0, 1, 2, 3, 4] * 3
    stopped = damaged(normals, 3, 0, lambda number: float(number >= 7))
    assert stopped.sources.tolist() == [0, 1, 2, 3, 4, 0, 1]
    assert stopped.labels.min() >= 0
    assert stopped.labels.max() <= 1


def test_no_picture_is_whitened_by_a_texture_that_has_learned_from_it():
    filled = []

    class Seen(Texture):
        def fill(self, descriptions):
            filled.append({float(one[0, 0, 0]) for one in descriptions})
            self.known = filled[-1]
            super().fill(descriptions)

        def deviations(self, descriptions):
            assert not {float(one[0, 0, 0]) for one in descriptions} & self.known
            return super().deviations(descriptions)

    normals = descriptions_of(pictures(0, 10))
    copies = Copies(normals.copy(), np.zeros(normals.shape[:3], np.float16), np.arange(10))
    clean, spoiled = cross_fitted(normals, copies, lambda: Seen(1))
    assert len(filled) == FOLDS
    torch.testing.assert_close(clean, spoiled)


def test_the_work_ends_by_number_or_by_time():
    times = iter([0.0, 3.0, 9.0, 12.0])
    done = until(100, 10.0, clock=lambda: next(times))
    assert [done(50), done(50), done(50)] == [0.5, 0.9, 1.2]
    assert until(100)(100) == 1
    assert until(100, 0.0)(0) == 1


@pytest.mark.parametrize("channels", [1, 3])
def test_marks_change_what_they_label_and_nothing_else(channels):
    x = torch.full((6, channels, 80, 90), 0.5)
    generator = torch.Generator().manual_seed(3)
    spoiled: Spoiled = marks(x, x, generator)
    changed, label = (spoiled[0] - x).abs().amax(1, keepdim=True), spoiled[1]
    assert (label[changed > 0.1] > 0.2).all()
    assert (changed[label == 0] < 0.05).all()
    assert 0.0005 < (label > 0.2).float().mean() < 0.3
    assert all((one > 0.2).any() for one in label)
