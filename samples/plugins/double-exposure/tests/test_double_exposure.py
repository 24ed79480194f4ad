import numpy as np

import double_exposure
import vaeedit
from vaeedit.testing import parametrize_with_checks


@parametrize_with_checks(double_exposure)
def test_contract(check):
    check()


def test_pictures_of_unequal_sizes():
    dark, light = np.full((40, 56, 3), 60, np.uint8), np.full((21, 90), 180, np.uint8)
    result = vaeedit.edit(dark, "double-exposure", other=light, share=0.25)
    assert np.asarray(result).shape == dark.shape
    assert abs(np.asarray(result).mean() - 150) < 12
