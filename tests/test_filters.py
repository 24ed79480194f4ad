"""Filters: what is flat stays flat, what is known stays as it is, and batches are filtered one by one."""

import cv2
import pytest
import torch

from vaeedit.api import gaussian_blur, is_gray, local_mean, membrane


def images(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_a_gaussian_is_that_of_opencv():
    x = images(1, 1, 40, 50)
    expected = cv2.GaussianBlur(x[0, 0].numpy(), (15, 15), 2.0)
    assert torch.allclose(gaussian_blur(x, 2.0)[0, 0], torch.from_numpy(expected), atol=1e-6)


def test_every_image_has_a_width_of_its_own():
    x, widths = images(3, 2, 30, 30), torch.tensor([[0.0], [1.0], [2.0]])
    found = gaussian_blur(x, widths)
    assert torch.allclose(found[0], x[0], atol=1e-6)
    for index in (1, 2):
        alone = gaussian_blur(x[index : index + 1], float(widths[index]))
        assert torch.allclose(found[index], alone[0], atol=1e-3)  # its radius, of the widest, cuts off less


@pytest.mark.parametrize("size", [(20, 30), (2, 3), (1, 1)])
def test_what_is_flat_stays_flat(size):
    flat = torch.full((1, 2, *size), 0.3)
    for found in (gaussian_blur(flat, 4.0), local_mean(flat, 2)):
        assert torch.allclose(found, flat)
    assert gaussian_blur(flat[:0], 4.0).shape == (0, 2, *size)


def test_a_membrane_keeps_what_is_known_and_is_flat_within_a_flat_border():
    values = images(1, 2, 20, 28)
    known = torch.ones(1, 1, 20, 28)
    known[..., 5:12, 6:20] = 0
    filled = membrane(values * known, known)
    assert torch.equal(filled[..., :5, :], values[..., :5, :])
    assert values.min() <= filled.min() <= filled.max() <= values.max()
    flat = membrane(0.25 * known, known)
    assert torch.allclose(flat, torch.full_like(flat, 0.25), atol=1e-5)
    assert torch.equal(membrane(0 * values, 0 * known), 0 * values)


def test_a_gray_image_has_equal_channels():
    x = images(2, 1, 4, 4).repeat(1, 3, 1, 1)
    x[1, 2, 3, 3] += 0.1
    assert is_gray(x).flatten().tolist() == [True, False]
