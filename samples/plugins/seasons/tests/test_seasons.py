import numpy as np

import seasons
import vaeedit
from vaeedit.testing import parametrize_with_checks


@parametrize_with_checks(seasons)
def test_contract(check):
    check()


def test_green_turns_and_gray_stays():
    colors = np.array([[0.25, 0.45, 0.1], [0.6, 0.6, 0.6]], np.float32)
    picture = np.repeat(np.repeat(colors[None], 32, 0), 32, 1)
    change = np.asarray(vaeedit.edit(picture, "seasons")) - picture
    green, gray = change[:, :24].mean((0, 1)), change[:, 40:].mean((0, 1))
    assert green[0] - green[1] > 0.15
    assert np.ptp(gray) < np.ptp(green) / 3
