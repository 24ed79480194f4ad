"""The evaluation follows its protocol, and the shipped model keeps its promises on a few pictures."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from vaeedit.cli.main import call
from vaeedit.errors import UsageError
from vaeedit.evaluation.measure import evaluate
from vaeedit.evaluation.metrics import psnr
from vaeedit.evaluation.task import pictures
from vaeedit.image import Frame, write
from vaeedit.run.session import Session
from vaeedit.vae.files import read_info, update_info
from vaeedit_restore.tasks import Denoising

CBSD68 = Path(__file__).parents[3] / "shared" / "data" / "test" / "cbsd68"
needs_cbsd68 = pytest.mark.skipif(not CBSD68.is_dir(), reason=f"the test images are not there: {CBSD68}")


@pytest.fixture
def three_pictures(tmp_path):
    for path in sorted(CBSD68.glob("*.png"))[::25]:
        shutil.copy(path, tmp_path)
    return tmp_path


def test_the_noise_is_that_of_the_protocol():
    clean = np.full((4, 5, 3), 0.9, np.float32)
    noisy = Denoising(25).observed(Frame(clean)).pixels
    np.random.seed(0)
    expected = clean + np.random.normal(0, 25 / 255, clean.shape)
    assert np.allclose(noisy, expected, atol=1e-7)
    assert noisy.max() > 1  # not clipped


@needs_cbsd68
def test_the_mean_beats_samples_and_the_latents_carry_information(three_pictures):
    with Session(device="cpu", precision="float32") as session:
        row = evaluate(session, three_pictures, Denoising(25), vae="denoise", samples=2)
    assert row["images"] == 3
    assert "unclipped" in row["protocol"]
    assert row["samples_better_than_mean"] == 0
    assert row["sample_psnr"] < row["psnr"] - 0.3
    assert len(row["kl_nats_per_pixel"]) == 3
    assert sum(row["kl_nats_per_pixel"]) > 0.05


@needs_cbsd68
def test_estimating_the_noise_costs_little(three_pictures):
    with Session(device="cpu", precision="float32") as session:
        known, blind = (
            evaluate(session, three_pictures, Denoising(25, b), vae="denoise")["psnr"] for b in (False, True)
        )
    assert blind > known - 0.15


@needs_cbsd68
def test_figures_are_printed_and_recorded_in_header_and_card(three_pictures, tmp_path, capsys):
    weights = tmp_path / "copy.safetensors"
    shutil.copy(
        Path(__file__).parents[2] / "plugins/vaeedit_restore/weights" / "denoise.safetensors", weights
    )
    arguments = ["evaluate", "denoise", str(three_pictures), "--sigma", "25", "--vae", str(weights)]
    assert call([*arguments, "--json", "--record"]) == 0
    row = json.loads(capsys.readouterr().out)
    recorded = read_info(weights).figures[f"{three_pictures.name}, sigma 25.0 blind False quality normal"]
    assert recorded["psnr"] == row["psnr"]
    assert str(row["psnr"]) in weights.with_suffix(".md").read_text()


@needs_cbsd68
def test_jpeg_is_compared_with_the_compressed_picture_and_gets_better(three_pictures, capsys):
    assert call(["evaluate", "denoise", str(three_pictures), "--jpeg", "20", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    luma = [np.asarray(Image.open(path).convert("YCbCr"))[..., 0] for path in pictures(three_pictures)]
    stored = [
        np.asarray(Image.open(_jpeg(path, 20)).convert("YCbCr"))[..., 0] for path in pictures(three_pictures)
    ]
    expected = np.mean([psnr(*(y * (219 / 255) for y in pair)) for pair in zip(luma, stored, strict=True)])
    assert row["baseline_psnr"] == pytest.approx(expected, abs=0.05)  # Pillow rounds luma
    assert row["psnr"] > row["baseline_psnr"] + 0.3


@needs_cbsd68
def test_jpeg_is_measured_by_the_vae_for_photographs_unless_another_is_named(three_pictures, capsys):
    rows = []
    for named in ([], ["--vae", "denoise-photo"], ["--vae", "denoise"]):
        assert call(["evaluate", "denoise", str(three_pictures), "--jpeg", "40", "--json", *named]) == 0
        rows.append(json.loads(capsys.readouterr().out)["psnr"])
    assert rows[0] == rows[1] != rows[2]


def _jpeg(path: Path, quality: int) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.open(path).convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer


def test_real_photographs_are_not_compressed(tmp_path, capsys):
    assert call(["evaluate", "denoise", str(tmp_path), "--real", "--jpeg", "20"]) == 2
    assert "--real and --jpeg exclude each other" in capsys.readouterr().err


def test_an_empty_folder_is_a_sentence(tmp_path):
    with Session(device="cpu") as session, pytest.raises(UsageError, match="no picture"):
        evaluate(session, tmp_path, Denoising(25), vae="denoise")


@needs_cbsd68
def test_calibration_makes_the_interval_cover_what_it_says(three_pictures, tmp_path, capsys):
    weights = tmp_path / "copy.safetensors"
    shutil.copy(
        Path(__file__).parents[2] / "plugins/vaeedit_restore/weights" / "denoise.safetensors", weights
    )
    update_info(weights, replace(read_info(weights), temperature=2.0))
    arguments = ["evaluate", "denoise", str(three_pictures), "--sigma", "25", "--vae", str(weights)]
    assert call([*arguments, "--calibrate"]) == 0
    found = read_info(weights).temperature
    assert 0.6 < found < 1.4
    assert f"temperature {found}" in capsys.readouterr().out
    with Session(device="cpu", precision="float32") as session:
        row = evaluate(session, three_pictures, Denoising(25), vae=str(weights), samples=1)
    assert row["coverage_90"] == pytest.approx(0.9, abs=0.005)


def test_real_noise_is_measured_on_pairs(tmp_path, capsys):
    ramp = np.broadcast_to(np.linspace(60, 190, 48)[:, None, None], (48, 40, 3))
    noisy = ramp + np.random.default_rng(0).normal(0, 12, ramp.shape)
    for kind, pixels in (("mean", ramp), ("real", noisy)):
        write(Frame(np.rint(pixels).clip(0, 255).astype(np.uint8)), tmp_path / f"shot_{kind}.png")
    assert call(["evaluate", "denoise", str(tmp_path), "--real", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["images"], row["noise"]) == (1, "real")
    assert row["psnr"] > 20 * np.log10(255 / 12) + 6  # 6 dB above the noisy picture

    (tmp_path / "shot_real.png").unlink()
    assert call(["evaluate", "denoise", str(tmp_path), "--real"]) == 2
    assert "no picture called NAME_real" in capsys.readouterr().err
