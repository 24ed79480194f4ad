"""Every map is low where nothing differs, high where something does, and of the image's size."""

import pytest
import torch
from skimage.metrics import structural_similarity

from vaeedit_anomaly.maps import color_difference, gradient_dissimilarity, pixel_maps, structure_dissimilarity

IMAGE = torch.nn.functional.interpolate(
    torch.rand(1, 3, 6, 7, generator=torch.Generator().manual_seed(0)), size=(53, 61), mode="bicubic"
).clamp(0, 1)


def changed(height=8):
    """The image with a light box."""
    found = IMAGE.clone()
    found[..., 20 : 20 + height, 30 : 30 + height] = (
        found[..., 20 : 20 + height, 30 : 30 + height] + 0.4
    ).clamp(0, 1)
    return found


MAPS = {
    "gradient": gradient_dissimilarity,
    "structure": structure_dissimilarity,
    "color": color_difference,
}


@pytest.mark.parametrize("compare", MAPS.values(), ids=MAPS)
def test_maps_show_the_change_and_nothing_else(compare):
    nothing, something = compare(IMAGE, IMAGE), compare(changed(), IMAGE)
    assert something.shape == (1, 1, 53, 61)
    assert nothing.abs().max() < 1e-4
    inside = something[..., 18:30, 28:40]
    assert inside.max() == something.max() > 0.05
    assert something[..., :3, :3].max() < 0.1 * inside.max()


def test_structure_is_that_of_scikit_image():
    x, y = IMAGE[0, :1], changed()[0, :1]
    _, expected = structural_similarity(
        x[0].double().numpy(), y[0].double().numpy(), data_range=1.0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    found = 1 - structure_dissimilarity(x[None], y[None])[0, 0]
    assert torch.allclose(found[8:-8, 8:-8].double(), torch.from_numpy(expected)[8:-8, 8:-8], atol=5e-3)


def test_coarse_grids_are_enlarged_to_the_image_and_lie_where_they_belong():
    distance = torch.zeros(1, 1, 14, 16)  # stride 4 of 53 x 61, rounded up
    distance[..., 5, 8] = 1
    seen = {
        "observed": IMAGE,
        "mean": IMAGE,
        "log_odds": IMAGE[:, :1],
        "distance": distance,
    }
    found = pixel_maps(seen)
    assert {grid.shape for grid in found.values()} == {(1, 1, 53, 61)}
    rows, columns = torch.nonzero(found["distance"][0, 0] == found["distance"].max(), as_tuple=True)
    assert rows.float().mean() == pytest.approx(21.5, abs=1)
    assert columns.float().mean() == pytest.approx(33.5, abs=1)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 4), (8, 8)])
def test_tiny_images_have_maps_too(size):
    x = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    for compare in MAPS.values():
        assert torch.isfinite(compare(x, x * 0.5)).all()
