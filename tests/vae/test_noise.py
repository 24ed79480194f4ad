import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeedit.vae import noise
from vaeedit.vae.noise import gaussian_field

WORD = 2**64
ANY_SEED = st.one_of(st.integers(-(2**70), 2**70), st.integers(0, 100))


def _mix(value: int) -> int:
    value = (value + 0x9E3779B97F4A7C15) % WORD
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % WORD
    return value ^ (value >> 31)


def _one(seed: int, stream: int, channel: int, row: int, column: int) -> float:
    """The definition, in whole numbers of any size: no tensor, no sign, no overflow."""
    key = _mix((_mix(seed % WORD) + 2 * stream + 1) % WORD)
    key = _mix((key + channel) % WORD)
    for position in (row, column):
        key = _mix(key ^ (position * 0x9E3779B97F4A7C15 % WORD))
    radius = math.sqrt(-2 * math.log(((key >> 32) + 0.5) / 2**32))
    return radius * math.cos(2 * math.pi * (key & 0xFFFFFFFF) / 2**32)


def _correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    return abs(float(np.corrcoef(a.flatten().numpy(), b.flatten().numpy())[0, 1]))


@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_moments_are_those_of_a_standard_normal(seed):
    values = gaussian_field(seed, 0, (4, 256, 256)).double().flatten()
    count = len(values)  # bounds are 5 standard errors
    assert abs(values.mean()) < 5 / math.sqrt(count)
    assert abs(values.std() - 1) < 5 / math.sqrt(2 * count)
    assert abs((values**3).mean()) < 5 * math.sqrt(15 / count)
    assert abs((values**4).mean() - 3) < 5 * math.sqrt(96 / count)


def test_the_distribution_is_normal_all_along():
    values = gaussian_field(7, 3, (1, 512, 512)).double().flatten().sort().values
    expected = torch.special.ndtr(values)
    steps = torch.arange(1, len(values) + 1) / len(values)
    assert (expected - steps).abs().max() < 1.95 / math.sqrt(len(values))  # Kolmogorov-Smirnov, p = 0.001


@pytest.mark.parametrize(
    "shift", [(0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0), (0, 0, 2), (0, 8, 0), (1, 1, 1)]
)
def test_neighbors_and_channels_are_not_correlated(shift):
    field = gaussian_field(5, 0, (3, 256, 256))
    channel, row, column = shift
    moved = field[channel:, row:, column:]
    still = field[: 3 - channel, : 256 - row, : 256 - column]
    assert _correlation(moved, still) < 5 / math.sqrt(moved.numel())
    assert _correlation(moved**2, still**2) < 5 / math.sqrt(moved.numel())


@pytest.mark.parametrize("other", [(0, 1), (1, 0), (-1, 0), (2, 0), (0, 2), (1, 1), (2**32, 0), (0, 1000)])
def test_streams_and_seeds_are_not_correlated(other):
    shape = (1, 256, 256)
    first, second = gaussian_field(0, 0, shape), gaussian_field(*other, shape)
    assert _correlation(first, second) < 5 / 256
    assert _correlation(first, second.transpose(1, 2)) < 5 / 256


def test_rows_and_columns_are_not_interchangeable():
    field = gaussian_field(3, 0, (1, 256, 256))
    assert _correlation(field, field.transpose(1, 2)) < 0.03  # the diagonal alone gives 1/256


@given(
    seed=ANY_SEED,
    stream=st.integers(0, 50),
    origin=st.tuples(st.integers(0, 40), st.integers(0, 40)),
    size=st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(1, 20)),
)
def test_any_window_is_a_crop_of_a_larger_field(seed, stream, origin, size):
    whole = gaussian_field(seed, stream, (4, 60, 60))
    window = gaussian_field(seed, stream, size, origin)
    (row, column), (channels, height, width) = origin, size
    torch.testing.assert_close(
        window, whole[:channels, row : row + height, column : column + width], rtol=0, atol=1e-6
    )


@given(ANY_SEED, st.integers(0, 9), st.integers(0, 9), st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=200)
def test_every_element_follows_the_definition(seed, stream, channel, row, column):
    found = gaussian_field(seed, stream, (channel + 1, 1, 1), (row, column))[channel, 0, 0]
    assert float(found) == pytest.approx(_one(seed, stream, channel, row, column), rel=1e-6, abs=1e-6)


def test_golden_values_stay():
    """A session repeated with the same seed must give the same picture, in this version and the next."""
    field = gaussian_field(42, 1, (2, 2, 2), (10, 20))
    expected = [-2.1547854, 0.238027, -0.1572463, -0.5432892, -0.9183353, -0.3819715, -0.9008081, -0.437268]
    torch.testing.assert_close(field.flatten(), torch.tensor(expected), rtol=0, atol=1e-6)


def test_the_same_call_gives_the_same_field():
    assert torch.equal(gaussian_field(9, 2, (3, 20, 30), (4, 5)), gaussian_field(9, 2, (3, 20, 30), (4, 5)))


@pytest.mark.parametrize("seed", [-1, -(2**63), 2**63, 2**64 - 1, 2**100])
def test_negative_and_large_seeds_are_fine(seed):
    field = gaussian_field(seed, 0, (1, 64, 64))
    assert torch.isfinite(field).all()
    assert 0.9 < field.std() < 1.1


def test_the_hash_zero_gives_a_finite_value(monkeypatch):
    """One position in 2**32 has it; its logarithm would be minus infinity."""
    monkeypatch.setattr(noise, "_mix", torch.zeros_like)
    assert gaussian_field(0, 0, (1, 1, 1)).item() == pytest.approx(math.sqrt(66 * math.log(2)))


def test_the_field_is_float32_of_the_shape_asked_for():
    field = gaussian_field(0, 0, (3, 5, 7), device=torch.device("cpu"))
    assert field.dtype == torch.float32
    assert field.shape == (3, 5, 7)
