"""Layouts: pictures of parts are aligned, crops of a material are a texture, and different parts anywhere are free."""

import cv2
import numpy as np
import torch

from vaeedit_anomaly.layouts import LAYOUTS
from vaeedit_anomaly.learning import found_layout
from vaeedit_anomaly.places import CELLS, Places

SIDE = 224


def tensors(arrays):
    return [torch.from_numpy(one.clip(0, 1).astype(np.float32))[None, None] for one in arrays]


def noise(random, width):
    soft = cv2.GaussianBlur(random.normal(0, 1, (SIDE, SIDE)), (0, 0), width)
    return soft / soft.std()


def material(seed):
    """Grain of one sort, everywhere."""
    random = np.random.default_rng(seed)
    return 0.5 + 0.08 * noise(random, 1.5)


def fixed_part(seed):
    """A ring and a bar, always at the same place, with a little grain."""
    random = np.random.default_rng(seed)
    picture = np.full((SIDE, SIDE), 0.4)
    cv2.circle(picture, (90, 110), 60, 0.8, 9)
    cv2.rectangle(picture, (160, 20), (190, 200), 0.2, -1)
    return cv2.GaussianBlur(picture, (0, 0), 1) + 0.02 * noise(random, 1)


def parts_anywhere(seed):
    """Disks and smooth and rough areas, at other places in each picture."""
    random = np.random.default_rng(seed)
    rough = noise(random, 30) > 0
    picture = 0.5 + np.where(rough, 0.15, 0.01) * noise(random, 1)
    for _ in range(6):
        center = tuple(int(x) for x in random.integers(8, SIDE - 8, 2))
        cv2.circle(picture, center, int(random.integers(10, 30)), float(random.uniform(0.1, 0.9)), -1)
    return picture


def layout_of(make):
    found = found_layout(
        tensors(make(seed) for seed in range(30)), tensors(make(seed) for seed in range(100, 112))
    )
    assert found.layout in found.sentence()
    return found


def test_the_three_layouts_are_told_apart():
    found = {
        name: layout_of(make)
        for name, make in zip(LAYOUTS, (fixed_part, material, parts_anywhere), strict=True)
    }
    assert {name: one.layout for name, one in found.items()} == {name: name for name in LAYOUTS}
    assert found["aligned"].by_place > 0.5 > 0.1 > found["texture"].by_place
    assert found["free"].by_part > found["texture"].by_part


def test_unless_pictures_are_aligned_all_places_are_the_same():
    random = np.random.default_rng(0)
    grids = [random.normal(3, 2, (CELLS, CELLS)).astype(np.float32) for _ in range(10)]
    places = Places.of(grids, "free")
    found = places.standardized(np.full((30, 40), 5, np.float32))
    np.testing.assert_allclose(found, (5 - np.mean(grids)) / np.std(grids), rtol=1e-4)
