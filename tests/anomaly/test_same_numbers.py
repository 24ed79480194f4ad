"""What is computed in a faster way equals the plain way."""

import cv2
import numpy as np
import pytest
import torch
from normals import part

from vaeedit.api import gaussian_blur
from vaeedit_anomaly.calibration import Tail, Usual, fused, mean_neg_log_p, plane
from vaeedit_anomaly.heads import MergedHead
from vaeedit_anomaly.jets import COLOR_SCALES, DARK, GRID, SCALES, channels_of, jets
from vaeedit_anomaly.places import Places, cells
from vaeedit_anomaly.soft import soft
from vaeedit_ladder.api import Head


def plain_light(light):
    """Descriptions of the log of light at full resolution, one after another."""
    found = [cv2.GaussianBlur(light, (0, 0), 4.0)]
    for scale in SCALES:
        blurred = cv2.GaussianBlur(light, (0, 0), scale)
        orders = ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1))
        x, y, xx, yy, xy = (cv2.Sobel(blurred, -1, *order) * scale ** sum(order) / 4 for order in orders)
        energies = (x, y, xy, xx - yy, np.maximum(xx + yy, 0), np.maximum(-xx - yy, 0))
        found += [plain_log(np.abs(energy), scale) for energy in energies]
        found += [x, y, xx + yy]
    return found


def plain_log(energy, scale):
    return np.log(cv2.GaussianBlur(energy, (0, 0), max(scale, 2.0)) + 1e-3)


def plain_color(ratio):
    found = []
    for scale in COLOR_SCALES:
        blurred = cv2.GaussianBlur(ratio, (0, 0), scale)
        slopes = (cv2.Sobel(blurred, -1, *order) * scale / 4 for order in ((1, 0), (0, 1)))
        found += [blurred, plain_log(np.hypot(*slopes), scale)]
    return found


def plain_jets(picture):
    """The same of a picture (H, W, C)."""
    found = plain_light(np.log(picture.mean(2) + DARK))
    if picture.shape[2] == 3:
        red, green, blue = np.log(picture + DARK).transpose(2, 0, 1)
        found += plain_color(red - green) + plain_color(blue - (red + green) / 2)
    return np.stack([cv2.resize(one, (GRID, GRID), interpolation=cv2.INTER_AREA) for one in found], -1)


@pytest.fixture(params=[1, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("size", [(200, 200), (129, 90), (40, 30)])
@pytest.mark.parametrize("color", [False, True])
def test_descriptions_are_the_plain_ones(size, color, threads):
    picture = np.asarray(part(3, spot=True, size=size, color=color), np.float32) / 255
    picture = picture.reshape(*size, -1)
    picture = picture * np.linspace(1, 0.7, 3, dtype=np.float32) if color else picture
    found = jets(torch.from_numpy(picture).movedim(-1, 0)[None])
    assert found.shape == (GRID, GRID, channels_of(picture.shape[2]))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, plain_jets(picture), rtol=0, atol=1e-3)


@pytest.mark.parametrize("size", [(64, 48), (9, 9), (1, 5)])
@pytest.mark.parametrize("width", [1.0, 1.5, 4.0])
def test_a_blur_is_that_of_the_core(size, width):
    x = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    x = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(soft(x, width), gaussian_blur(x, width).contiguous(), rtol=0, atol=1e-6)


def test_a_head_at_half_of_the_resolution_is_a_head():
    merged = MergedHead(5, 2, inner=7, bias=[0.5, -3.0]).eval()
    for parameter in merged.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(0))
    plain = Head(5, 2, inner=7)
    plain.load_state_dict(merged.state_dict())
    h = torch.randn(2, 5, 9, 12, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(merged(h), plain(h), rtol=1e-5, atol=1e-4)


def test_maps_are_fused_the_same_way_by_any_number_of_threads(threads):
    generator = torch.Generator().manual_seed(0)
    maps = {name: torch.rand(1, 1, 60, 50, generator=generator) for name in ("structure", "texture", "judge")}
    usual = {
        name: Usual(
            Places.of([cells(plane(grid)), cells(plane(grid.flip(2)))]), Tail.of(grid.double().numpy() - 0.5)
        )
        for name, grid in maps.items()
    }
    one_by_one = {name: usual[name].neg_log_p(plane(maps[name])) for name in maps}
    np.testing.assert_array_equal(fused(maps, usual), mean_neg_log_p(one_by_one))
