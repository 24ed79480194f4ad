import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from vaeedit.vae.latents import Gaussian, Latents, product_of_experts
from vaeedit.vae.noise import gaussian_field

SHAPES = ((2, 3, 4, 6), (2, 5, 8, 12))
CPU = torch.device("cpu")
WEIGHTS = st.floats(0, 1, allow_subnormal=False)


def _tensor(seed: int, shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _latents(seed: int, *, origin: tuple[int, int] = (0, 0)) -> Latents:
    """Two levels of different size, and a context that every operation must hand on."""
    levels = [
        Gaussian(_tensor(seed + i, shape), 0.3 * _tensor(seed + 50 + i, shape) - 0.5, origin)
        for i, shape in enumerate(SHAPES)
    ]
    return Latents(tuple(levels), {"features": seed})


def _points(seed: int) -> Latents:
    return _latents(seed).mean()


def _means(latents: Latents) -> list[Tensor]:
    return [level.mean for level in latents.levels]


def _same(found: Latents, expected: Latents, atol: float = 1e-6) -> None:
    for a, b in zip(_means(found), _means(expected), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=atol)


def _one(mean: float, scale: float) -> Latents:
    value = torch.full((1, 1, 1, 1), mean, dtype=torch.float64)
    return Latents((Gaussian(value, torch.full_like(value, scale).log()),))


# ---- points and draws


def test_the_mean_is_a_point_on_every_level():
    latents = _latents(1, origin=(3, 4))
    mean = latents.mean()
    _same(mean, latents, atol=0)
    assert all(level.log_scale is None for level in mean.levels)
    assert all((level.std == 0).all() for level in mean.levels)
    assert [level.origin for level in mean.levels] == [(3, 4)] * 2


def test_temperature_0_gives_the_mean():
    _same(_latents(1).sample(seed=5, temperature=0), _latents(1), atol=0)


def test_a_point_has_only_one_draw():
    _same(_points(1).sample(seed=5), _points(1), atol=0)


def test_the_same_seed_gives_the_same_draw_and_another_another():
    _same(_latents(1).sample(seed=5), _latents(1).sample(seed=5), atol=0)
    for a, b in zip(_means(_latents(1).sample(5)), _means(_latents(1).sample(6)), strict=True):
        assert (a != b).all()


@given(temperature=st.floats(0, 3), seed=st.integers(-10, 10))
@settings(max_examples=30)
def test_a_draw_is_mean_plus_temperature_times_scale_times_the_noise_of_its_level(temperature, seed):
    latents = _latents(1, origin=(2, 7))
    for stream, (drawn, level) in enumerate(
        zip(latents.sample(seed, temperature).levels, latents.levels, strict=True)
    ):
        noise = gaussian_field(seed, stream, level.mean.shape[1:], (2, 7))
        torch.testing.assert_close(drawn.mean, level.mean + temperature * level.log_scale.exp() * noise)
        assert drawn.log_scale is None


def test_draws_of_a_standard_level_are_standard_normal():
    drawn = Gaussian.standard((1, 4, 128, 128), CPU).sample(seed=1, stream=0).mean
    assert drawn.shape == (1, 4, 128, 128)
    assert abs(float(drawn.mean())) < 0.02
    assert abs(float(drawn.std()) - 1) < 0.02


def test_the_context_is_handed_on_by_every_operation():
    a, b = _latents(1), _latents(2)
    results = [a.mean(), a.sample(0), a.lerp(b, 0.5), a.placed(0, 0, 16)]
    assert [found.context for found in results] == [{"features": 1}] * len(results)


# ---- between two latents


def test_a_blend_starts_at_the_first_and_ends_at_the_second():
    a, b = _latents(1), _latents(2)
    _same(a.lerp(b, 0.0), a)
    _same(a.lerp(b, 1.0), b)
    assert all(level.log_scale is None for level in a.lerp(b, 0.3).levels)


@given(WEIGHTS)
@settings(max_examples=30)
def test_lerp_lies_on_the_straight_line(weight):
    a, b = _points(1), _points(2)
    for found, x, y in zip(_means(a.lerp(b, weight)), _means(a), _means(b), strict=True):
        torch.testing.assert_close(found, (1 - weight) * x + weight * y, rtol=1e-5, atol=1e-6)


def test_latents_of_different_depth_do_not_mix():
    short = Latents(_latents(1).levels[:1])
    for join in (Latents.kl, lambda a, b: a.lerp(b, 0.5)):
        with pytest.raises(ValueError, match="zip"):
            join(_latents(1), short)


# ---- distributions


SCALARS = st.tuples(st.floats(-5, 5), st.floats(0.05, 5))


@given(SCALARS, SCALARS, WEIGHTS)
def test_a_product_of_scalar_gaussians_follows_the_closed_form(a, b, weight):
    found = _product(_one(*a), _one(*b), weight)
    precisions = (1 - weight) / a[1] ** 2, weight / b[1] ** 2
    mean = (precisions[0] * a[0] + precisions[1] * b[0]) / sum(precisions)
    assert found.mean.item() == pytest.approx(mean, rel=1e-5, abs=1e-5)
    assert found.std.item() == pytest.approx(sum(precisions) ** -0.5, rel=1e-5)


def test_a_product_is_proportional_to_the_product_of_weighted_densities():
    a, b = _one(0.5, 0.7), _one(-1, 1.5)
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    densities = [
        Normal(g.mean.squeeze(), g.std.squeeze()).log_prob(x)
        for g in (a.levels[0], b.levels[0], _product(a, b, 0.3))
    ]
    constant = 0.7 * densities[0] + 0.3 * densities[1] - densities[2]
    torch.testing.assert_close(constant, constant[:1].expand(13), rtol=0, atol=1e-5)


def test_a_product_of_points_is_their_weighted_mean():
    a, b = _one(0.5, 0.7).mean(), _one(-1, 1.5).mean()
    assert _product(a, b, 0.25).mean.item() == pytest.approx(0.125)


def _product(a: Latents, b: Latents, weight: float) -> Gaussian:
    weights = torch.tensor([1 - weight, weight], dtype=torch.float64).view(2, 1, 1, 1)
    return product_of_experts([a.levels[0], b.levels[0]], weights)


def test_a_point_has_no_divergence():
    for a, b in ((_points(1), _latents(2)), (_latents(1), _points(2))):
        with pytest.raises(ValueError, match="a point has none"):
            a.kl(b)


def test_kl_is_that_of_torch():
    a, b = _latents(1), _latents(2)
    for found, x, y in zip(a.kl(b), a.levels, b.levels, strict=True):
        expected = kl_divergence(Normal(x.mean, x.std), Normal(y.mean, y.std))
        torch.testing.assert_close(found, expected)
        assert found.shape == x.mean.shape


@given(SCALARS, SCALARS)
def test_kl_is_zero_for_the_same_and_never_negative(a, b):
    assert _one(*a).kl(_one(*a))[0].item() == 0
    assert _one(*a).kl(_one(*b))[0].item() >= -1e-12


def test_kl_to_the_standard_level_is_the_known_formula():
    (level, _) = _latents(1).levels
    standard = Gaussian.standard(tuple(level.mean.shape), CPU)
    expected = 0.5 * (level.mean**2 + level.std**2 - 1) - level.log_scale
    torch.testing.assert_close(level.kl(standard), expected)


# ---- position


@given(st.integers(0, 4), st.integers(0, 6), st.integers(-5, 5))
@settings(max_examples=30)
def test_a_placed_tile_gets_the_noise_of_its_place_in_the_whole(down, right, seed):
    """Levels of 2 and 4 rows of a tile 16 pixels high: strides of 8 and 4 pixels."""
    whole = Latents(tuple(Gaussian.standard((1, 3, 16 * k, 20 * k), CPU) for k in (1, 2)))
    tile = Latents(tuple(Gaussian.standard((1, 3, 2 * k, 3 * k), CPU) for k in (1, 2)))
    drawn = tile.placed(8 * down, 8 * right, 16).sample(seed)
    for k, found, field in zip((1, 2), _means(drawn), _means(whole.sample(seed)), strict=True):
        top, left = down * k, right * k
        torch.testing.assert_close(found, field[:, :, top : top + 2 * k, left : left + 3 * k])


def test_placing_counts_in_steps_of_each_level():
    placed = Latents(tuple(Gaussian(torch.zeros(shape)) for shape in SHAPES)).placed(32, 64, 16)
    assert [level.origin for level in placed.levels] == [(8, 16), (16, 32)]


def test_the_mean_of_the_prior_is_known_by_its_zeros():
    prior = Latents(tuple(Gaussian.standard(shape, CPU) for shape in SHAPES))
    assert prior.mean().is_prior_mean()
    assert not prior.is_prior_mean()
    assert not prior.sample(0).is_prior_mean()
    assert prior.sample(0, temperature=0).is_prior_mean()
    assert not _points(1).is_prior_mean()


def test_one_level_off_zero_is_not_the_mean_of_the_prior():
    fine = torch.zeros(SHAPES[1])
    fine[0, 0, 0, 0] = 1e-6
    assert not Latents((Gaussian(torch.zeros(SHAPES[0])), Gaussian(fine))).is_prior_mean()


def test_samples_of_each_image_by_a_seed_of_its_own():
    several = Gaussian(_tensor(0, (3, 1, 4, 4)), _tensor(1, (3, 1, 4, 4)))
    prior = Latents((Gaussian.standard((3, 2, 2, 2), CPU), several))
    drawn = prior.sample_each([5, 7, 5], 0.5)
    for index, seed in enumerate([5, 7, 5]):
        for level, other in zip(drawn.levels, prior.sample(seed, 0.5).levels, strict=True):
            torch.testing.assert_close(level.mean[index], other.mean[index])
