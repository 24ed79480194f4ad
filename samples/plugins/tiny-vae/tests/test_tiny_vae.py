from importlib.resources import files
from pathlib import Path

import numpy as np

import tiny_vae
import vaeedit
from vaeedit.testing import parametrize_with_checks


@parametrize_with_checks(tiny_vae, recorded=Path(__file__).with_name("outputs.json"))
def test_contract(check):
    check()


def test_the_weights_are_small():
    assert len(files("tiny_vae").joinpath("tiny.safetensors").read_bytes()) < 200_000


def test_fine_detail_goes_and_may_grow():
    rows, columns = np.mgrid[:64, :64].astype(np.float32)
    fine = 0.1 * np.sign(np.sin(2 * rows) * np.sin(3 * columns))
    picture = np.repeat((0.5 + fine)[..., None], 3, 2)
    deviations = [np.asarray(vaeedit.edit(picture, "simplify", amount=a)).std() for a in (1, 0, -1)]
    assert deviations[0] < 0.9 * deviations[1]
    assert deviations[2] > 1.1 * deviations[1]
