"""Texture: places of a picture compared with those of normal ones."""

import numpy as np
import torch
from normals import part

from vaeedit_anomaly.jets import GRID, channels_of, jets
from vaeedit_anomaly.texture import BLOCK, TEXTURE, Texture


def gray(seed, **how):
    return np.asarray(part(seed, **how), np.float32) / 255


def tensor(picture):
    return torch.from_numpy(picture)[None, None]


def learned(count):
    texture = Texture(1)
    texture.fill(np.stack([jets(tensor(gray(seed))) for seed in range(count)]))
    return texture


def test_a_spot_is_far_from_normal_where_it_is():
    texture = learned(40)
    clean, spoiled = gray(200), gray(200, spot=True)
    normal, seen = (texture(tensor(one))[TEXTURE][0, 0].numpy() for one in (clean, spoiled))
    changed = np.abs(clean - spoiled) > 0.15
    assert seen.shape == clean.shape
    assert seen.max() > 1.5 * normal.max()
    assert seen[changed].mean() > 2 * seen[~changed].mean()


def test_a_picture_with_another_light_is_less_unusual_than_one_with_a_spot():
    texture = learned(40)
    brighter, spoiled = (
        texture(tensor(one))[TEXTURE].max() for one in (gray(200) * 1.03, gray(200, spot=True))
    )
    assert brighter < spoiled


def test_few_pictures_keep_few_variations_and_stay_finite():
    texture = learned(4)
    assert texture.basis.shape == (1, (GRID // BLOCK) ** 2 * channels_of(1))
    assert torch.isfinite(texture(tensor(gray(9)))[TEXTURE]).all()


def test_it_travels_through_16_bits():
    texture = learned(6)
    again = Texture(1, len(texture.basis))
    again.load_state_dict({name: value.half().float() for name, value in texture.state_dict().items()})
    torch.testing.assert_close(again(tensor(gray(9))), texture(tensor(gray(9))), rtol=0, atol=0)


def test_an_empty_one_says_so():
    assert not Texture(1).filled
    assert learned(3).filled
