"""`reconstruct`: its figures against ones worked out by hand, and rates of the shipped VAE."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_vaes import DEVIATION, LOG_SCALE

from vaeedit.api import Frame, Gaussian, Latents
from vaeedit.cli.main import call
from vaeedit.image import write
from vaeedit.vae.noise import gaussian_field
from vaeedit_photo import nested
from vaeedit_photo.code_length import code_length, laplace_bits

STEP = 1 / 255


def bits(value, mean, deviation, step=STEP):
    return float(laplace_bits(np.array(value), np.array(mean), np.array(deviation), step))


def test_bits_by_hand():
    scale = 0.01  # of the Laplace distribution; its deviation is sqrt(2) times as large
    deviation, middle = scale * math.sqrt(2), 100 / 255
    assert bits(middle, middle, deviation) == pytest.approx(-math.log2(1 - math.exp(-STEP / 2 / scale)))
    beside = 0.5 * (math.exp(-0.5 * STEP / scale) - math.exp(-1.5 * STEP / scale))
    assert bits(101 / 255, middle, deviation) == pytest.approx(-math.log2(beside))
    assert bits(0.0, middle, deviation) == pytest.approx(1 - math.log2(math.exp(-99.5 * STEP / scale)))
    assert bits(1.0, 1.0, deviation) == pytest.approx(-math.log2(1 - 0.5 * math.exp(-STEP / 2 / scale)))


@settings(max_examples=60, derandomize=True)
@given(mean=st.floats(0, 1), deviation=st.floats(1e-3, 10), depth=st.sampled_from([8, 16]))
def test_probabilities_of_all_values_sum_to_one(mean, deviation, depth):
    values = np.linspace(0, 1, 2**depth)
    found = laplace_bits(values, np.full_like(values, mean), np.full_like(values, deviation), values[1])
    assert np.exp2(-found).sum() == pytest.approx(1, abs=1e-6)
    assert (found >= 0).all()


@settings(max_examples=60, derandomize=True)
@given(value=st.integers(0, 255), mean=st.floats(0, 1), deviation=st.floats(0, 1e3))
def test_bits_are_finite_and_not_negative(value, mean, deviation):
    found = bits(value / 255, mean, deviation)
    assert math.isfinite(found)
    assert found >= 0


def test_an_image_is_counted_in_parts(cat):
    tall = np.repeat(cat.pixels, 3, axis=0)
    decoded = Frame(np.full(tall.shape, 0.4, np.float32), std=np.full(tall.shape, 0.1, np.float32))
    whole = laplace_bits(tall / 255, decoded.pixels, decoded.std, STEP).sum()
    assert code_length(Frame(tall), decoded) == pytest.approx(whole)


def test_the_report_by_hand(run, cat, toys):
    notes = run("reconstruct", cat, seed=3, vae=toys["gaussian"]).notes["reconstruct"]
    assert (notes["psnr"], notes["ssim"], notes["values_kept"]) == (100.0, 1.0, 1.0)
    x = cat.pixels / 255
    nats = 0.5 * (math.exp(2 * LOG_SCALE) + x**2 - 1) - LOG_SCALE  # KL(N(x, s^2) || N(0, 1))
    levels = [nats[..., :1].sum(), nats[..., 1:].sum()]
    assert notes["kl_bits_by_level"] == pytest.approx(
        [level / math.log(2) / x.size for level in levels], abs=1e-4
    )
    noise = [
        gaussian_field(3, stream, (1 + stream, *x.shape[:2])).permute(1, 2, 0).numpy() for stream in (0, 1)
    ]
    drawn = np.clip(x + math.exp(LOG_SCALE) * np.concatenate(noise, 2), 0, 1)
    rest = laplace_bits(x, drawn, np.full(x.shape, DEVIATION), STEP).mean()
    assert notes["bits_per_value"] == pytest.approx(sum(levels) / math.log(2) / x.size + rest, abs=1e-3)


def test_points_have_no_bits(run, cat, toys):
    notes = run("reconstruct", cat, vae=toys["points"]).notes["reconstruct"]
    assert set(notes) == {"psnr", "ssim", "values_kept", "seconds"}


def latents(*channels):
    return Latents(
        tuple(Gaussian(torch.ones(1, count, 2, 3), torch.zeros(1, count, 2, 3)) for count in channels)
    )


@settings(max_examples=50, derandomize=True)
@given(levels=st.lists(st.integers(1, 9), min_size=1, max_size=4), channels=st.integers(0, 50))
def test_channels_are_counted_from_the_coarsest_level(levels, channels):
    made = latents(*levels)
    counts = nested.counts(made, channels)
    assert sum(counts) == min(channels or sum(levels), sum(levels))
    for level, count, after in zip(levels, counts, counts[1:], strict=False):
        assert after == 0 or count == level
    drawn = nested.first(made, channels).sample(1)
    for level, count in zip(drawn.levels, counts, strict=True):
        assert level.mean[:, :count].ne(0).all()
        assert not level.mean[:, count:].any()
    assert nested.kl(made, channels) == pytest.approx([0.5 * count * 6 for count in counts])


def test_more_channels_keep_more(run, cat):
    found = [run("reconstruct", cat, channels=count).notes["reconstruct"] for count in (1, 10, 14, 0)]
    assert [each["values_kept"] for each in found] == [round(1 / 192, 4), 0.0833, 0.1667, 0.4167]
    for name in ("psnr", "ssim"):
        values = [each[name] for each in found]
        assert values == sorted(values), name
    assert found[-1]["psnr"] > 35
    assert [level > 0 for level in found[2]["kl_bits_by_level"]] == [True, True, False]
    assert all(0 < each["bits_per_value"] < 9 for each in found[1:])


def test_more_channels_than_there_are_keep_all(run, cat):
    assert run("reconstruct", cat, channels=1000).notes["reconstruct"]["values_kept"] == 0.4167


def test_the_report_is_printed(tmp_path, monkeypatch, capsys, cat):
    monkeypatch.chdir(tmp_path)
    write(cat, "in.png")
    assert call(["reconstruct", "in.png", "--channels", "10"]) == 0
    line = capsys.readouterr().out
    for part in ("in.png -> in.reconstruct.png", "psnr ", "ssim ", "values kept 0.0833", "bits per value "):
        assert part in line
    assert call(["reconstruct", "in.png", "--json", "-o", "out.png"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]["reconstruct"]
    assert len(notes["kl_bits_by_level"]) == 3
