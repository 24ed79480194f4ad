"""Synthetic noise has the statistics that its map promises."""

import pytest
import torch

from vaeedit.resampling import bicubic_down
from vaeedit.training.augment import to_gray
from vaeedit_restore.degradations import blurred, camera, degrade, gaussian, observe
from vaeedit_restore.options import Noise
from vaeedit_restore.sensor import sensor_noise


def images(count=4, size=128):
    torch.manual_seed(0)
    return torch.rand(count, 3, 1, 1).expand(-1, -1, size, size).contiguous()


def test_gaussian_noise_has_the_level_it_is_told():
    x = images()
    sigma = torch.tensor([0.02, 0.05, 0.1, 0.2]).view(-1, 1, 1, 1)
    y, level = gaussian(x, sigma)
    assert torch.allclose((y - x).std((1, 2, 3)), sigma.flatten(), rtol=0.03)
    assert torch.equal(level, sigma.expand_as(level))


def test_gray_images_get_gray_noise():
    x = to_gray(images(), share=1.0)
    y, _ = gaussian(x, torch.full((4, 1, 1, 1), 0.1))
    assert torch.equal(y[:, 0], y[:, 1])
    assert torch.equal(y[:, 0], y[:, 2])


def test_camera_noise_has_the_level_of_its_map_and_correlated_neighbors():
    x = images(16)
    y, level = camera(x, torch.full((16, 1, 1, 1), 0.1))
    ratio = (y - x).std((1, 2, 3)) / level.mean((1, 2, 3))
    assert ratio.mean().item() == pytest.approx(1, abs=0.1)
    noise = y - x
    correlation = (noise[..., 1:] * noise[..., :-1]).mean() / noise.square().mean()
    assert correlation > 0.2


def test_shot_noise_grows_with_the_signal():
    dark, bright = torch.full((64, 3, 32, 32), 0.1), torch.full((64, 3, 32, 32), 0.9)
    torch.manual_seed(0)
    _, level_dark = camera(dark, torch.full((64, 1, 1, 1), 0.1))
    torch.manual_seed(0)
    _, level_bright = camera(bright, torch.full((64, 1, 1, 1), 0.1))
    assert (level_bright >= level_dark).all()
    assert level_bright.mean() > 1.2 * level_dark.mean()


@pytest.mark.parametrize("sensor", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_batch_is_degraded_whole(share, sensor):
    x = images(8, 32)
    y, level = degrade(x, Noise(camera=share, sensor=sensor, jpeg=0.5))
    assert y.shape == x.shape
    assert level.shape == (8, 1, 32, 32)
    assert (y != x).any()
    assert level.min() >= 0
    assert level.max() <= 75 / 255 * 1.0001


def test_clean_images_are_only_rounded_and_come_last():
    x = images(4, 32)
    y, level = degrade(x, Noise(clean=0.5, camera=0))
    assert torch.allclose(y[2:], x[2:], atol=0.5 / 255 + 1e-6)
    assert torch.equal(y[2:], (y[2:] * 255).round() / 255)
    assert (level[2:] == 0).all()
    assert (level[:2] > 0).all()


def test_compressed_images_come_between_noisy_and_rounded_ones_and_quality_bounds_their_damage():
    torch.manual_seed(0)
    x = torch.rand(8, 1, 8, 8).repeat_interleave(4, 2).repeat_interleave(4, 3).expand(-1, 3, -1, -1)
    damages = []
    for quality in (95, 10):
        y, level = degrade(x, Noise(clean=0.25, compressed=0.5, camera=0, quality=quality))
        damages.append((y - x)[2:6].square().mean((1, 2, 3)).sqrt())
        assert torch.allclose(level[2:6].square().mean((1, 2, 3)).sqrt(), damages[-1], rtol=0.3)
        assert (level[6:] == 0).all()
        assert (y[6:] - x[6:]).abs().max() <= 0.51 / 255
    assert damages[0].max() < damages[1].mean()  # gray, so that no color is lost at 4:2:0


def test_a_batch_may_be_compressed_whole():
    y, level = degrade(images(4, 32), Noise(compressed=1.0))
    assert y.shape == (4, 3, 32, 32)
    assert level.shape == (4, 1, 32, 32)


def test_blur_keeps_the_mean_and_spares_the_clean_share():
    x = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    soft = blurred(x, largest=2.0, share=0.5)
    assert torch.equal(soft[2:], x[2:])
    assert (soft[:2].std() < x[:2].std()).all()
    assert torch.allclose(soft[:2].mean((2, 3)), x[:2].mean((2, 3)), atol=0.02)


@pytest.mark.parametrize("seed", range(6))
def test_an_observed_image_is_the_clean_one_made_smaller(seed):
    torch.manual_seed(seed)
    x = torch.rand(4, 3, 96, 96)
    seen = observe(x, Noise(scales=(2, 3, 4), clean=1.0))
    scale = int(seen.conditions["scale"][0, 0, 0, 0])
    assert seen.image.shape == (4, 3, 24, 24)
    assert seen.clean.shape == (4, 3, 24 * scale, 24 * scale)
    assert torch.allclose(seen.image, bicubic_down(seen.clean, scale).clamp(0, 1), atol=0.51 / 255)


def test_pairs_stay_together_when_shuffled():
    torch.manual_seed(0)
    x = images(8, 32)
    seen = observe(x, Noise(sigma=10, camera=0))
    residual = (seen.image - seen.clean).std((1, 2, 3))
    assert torch.allclose(residual, seen.conditions["sigma"].mean((1, 2, 3)), rtol=0.1)
    assert not torch.equal(seen.clean, x)


def test_sensor_noise_has_its_level_and_is_colored_and_correlated():
    torch.manual_seed(0)
    x = torch.rand(16, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    sigma = torch.linspace(0.01, 0.1, 16).view(-1, 1, 1, 1)
    noise = sensor_noise(x, sigma)
    assert torch.allclose(noise.square().mean((1, 2, 3)).sqrt(), sigma.flatten(), rtol=1e-3)
    neighbors = (noise[..., 1:] * noise[..., :-1]).mean() / noise.square().mean()
    assert 0.2 < neighbors < 0.95
    assert torch.isfinite(noise).all()


def test_gray_stays_gray_on_average_under_sensor_noise():
    torch.manual_seed(0)
    noise = sensor_noise(torch.full((64, 3, 64, 64), 0.5), torch.full((64, 1, 1, 1), 0.05))
    assert noise.mean((0, 2, 3)).abs().max() < 0.01


def test_a_camera_keeps_more_noise_at_edges():
    torch.manual_seed(0)
    x = torch.full((64, 3, 32, 64), 0.4)
    x[..., 32:] = 0.6
    power = sensor_noise(x, torch.full((64, 1, 1, 1), 0.03)).mean(1).square().mean((0, 1))
    assert power[31:33].mean() > 1.2 * power[8:24].mean()
    assert power[31:33].mean() > 1.2 * power[40:56].mean()


def test_some_steps_compress_with_blocks_that_do_not_start_at_the_corner():
    ramp = torch.linspace(0.2, 0.8, 64).expand(4, 3, 64, 64)
    steps = set()
    for seed in range(24):
        torch.manual_seed(seed)
        y, _ = degrade(ramp, Noise(compressed=1.0, quality=1))
        jumps = y.diff(dim=3).abs().mean((0, 1, 2))
        steps.add(int(torch.stack([jumps[offset::8].mean() for offset in range(8)]).argmax()))
    assert 7 in steps  # between the columns 7 and 8
    assert len(steps) > 2


def test_without_downscaling_only_images_with_camera_noise_are_blurred():
    torch.manual_seed(0)
    x = torch.rand(40, 3, 16, 16)
    settings = Noise(camera=0.5, clean=0.2, compressed=0.3, blur=2.0)
    clean = observe(x, settings).clean
    unchanged = sum(any(torch.equal(one, other) for other in x) for one in clean)
    assert unchanged == pytest.approx(40 * (1 - 0.5 * 0.5), abs=2)
    assert clean.std() < x.std()


def test_jpeg_qualities_are_high_more_often_than_low():
    torch.manual_seed(0)
    smooth = torch.nn.functional.interpolate(torch.rand(200, 3, 4, 4), scale_factor=4.0, mode="bilinear")
    _, level = degrade(smooth, Noise(compressed=1.0, quality=1))
    level = level.mean((1, 2, 3))
    assert level.median() < (level.min() + level.max()) / 2
