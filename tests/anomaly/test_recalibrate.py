"""`vaeedit anomaly recalibrate`: the same network, and false alarms as stated where the normal images have changed."""

import json

import msgspec
import numpy as np
import pytest
import torch
from msgspec.structs import replace
from normals import folder_of, part
from PIL import Image
from tiny_fit import tiny_fit

from small_model import calibration, images, small_model
from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.vae.files import load_vae, read_info, update_info
from vaeedit_anomaly.calibration import Calibration


@pytest.fixture
def run(capsys):
    """Runs a command: its exit code, and what it printed."""

    def run(*arguments):
        capsys.readouterr()
        code = call([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def model(tmp_path):
    return small_model(tmp_path / "part.safetensors")


def scores(run, folder, model):
    _, out, _ = run("anomaly", "score", folder, "--vae", model, "--json")
    return [json.loads(line) for line in out.splitlines()]


def calibration_in(model):
    return msgspec.convert(read_info(model).calibration, Calibration)


def test_only_the_calibration_is_new(model, tmp_path, run):
    update_info(model, replace(read_info(model), figures={"anomaly": {"image_auroc": 0.9}}))
    before = model.read_bytes()
    code, out, err = run(
        "anomaly",
        "recalibrate",
        images(tmp_path / "new", 24),
        "--vae",
        model,
        "-o",
        tmp_path / "n.safetensors",
    )
    assert (code, err) == (0, "")
    assert "calibrated on 24 images" in out
    assert model.read_bytes() == before
    (old, was), (new, now) = (load_vae(path, registry()) for path in (model, tmp_path / "n.safetensors"))
    assert all(
        torch.equal(a, b) for a, b in zip(old.state_dict().values(), new.state_dict().values(), strict=True)
    )
    assert now.figures == {}
    assert replace(now, calibration={}, figures={}) == replace(was, calibration={}, figures={})
    made, before = calibration_in(tmp_path / "n.safetensors"), calibration_in(model)
    assert (made.preparation, made.areas, made.false_alarms) == (
        before.preparation,
        before.areas,
        before.false_alarms,
    )
    assert made.held_out == len(made.held_out_scores) == 24
    assert made.scores != before.scores


def test_scores_of_new_normal_images_have_the_distribution_of_those_that_calibrated(model, tmp_path, run):
    new = tmp_path / "n.safetensors"
    assert run("anomaly", "recalibrate", images(tmp_path / "a", 40), "--vae", model, "-o", new)[0] == 0
    found = sorted(row["p_value"] for row in scores(run, images(tmp_path / "b", 40, first=1000), new))
    # Kolmogorov and Smirnov: two samples of 40 are further apart once in a thousand
    assert np.abs(np.array(found) - np.linspace(0, 1, 40)).max() < 0.45


def darker(folder, count, first, *, spot=False):
    """Parts under less light."""
    folder.mkdir()
    for seed in range(first, first + count):
        pixels = np.asarray(part(seed, spot=spot), float) * 0.8 - 10
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{seed:03}.png")
    return folder


def test_false_alarms_under_other_light_fall_to_the_stated_share(tmp_path, run):
    pytest.importorskip("pytorch_lightning")
    old, new = tmp_path / "old.safetensors", tmp_path / "new.safetensors"
    assert tiny_fit(folder_of(tmp_path / "bright", 60), old, "--steps", "60", "--false-alarms", "10%") == 0
    unseen = darker(tmp_path / "dark", 60, first=2000)
    assert np.mean([row["anomalous"] for row in scores(run, unseen, old)]) > 0.2  # twice what is stated
    assert (
        run("anomaly", "recalibrate", darker(tmp_path / "to-day", 40, first=1000), "--vae", old, "-o", new)[0]
        == 0
    )
    alarms = sum(row["anomalous"] for row in scores(run, unseen, new))
    assert 0 < alarms < 20  # of 60, where 6 are expected
    spots = scores(run, darker(tmp_path / "spots", 6, first=3000, spot=True), new)
    assert sum(row["anomalous"] for row in spots) >= 4
    assert calibration_in(new).false_alarms == 0.1


@pytest.mark.parametrize(
    ("count", "how", "words"),
    [
        (4, {}, "holds 4 readable images; at least 5 normal images are needed"),
        (0, {}, "holds 0 readable images"),
        (6, {"color": True}, "000.png does not fit the model. The model was fitted on gray images"),
        (
            6,
            {"size": (300, 400)},
            "0.png does not fit the model. The model was fitted on images of about 32x32",
        ),
    ],
    ids=["few", "none", "color", "large"],
)
def test_images_that_do_not_fit_are_a_sentence(model, tmp_path, run, count, how, words):
    folder = folder_of(tmp_path / "new", count, **{"size": (40, 48), **how})
    code, out, err = run("anomaly", "recalibrate", folder, "--vae", model, "-o", tmp_path / "n.safetensors")
    assert (code, out) == (2, "")
    assert words.split(".png")[-1] in err
    assert not (tmp_path / "n.safetensors").exists()


def test_few_images_are_a_warning_with_its_cure_and_a_damaged_one_is_left_out(model, tmp_path, run):
    folder = images(tmp_path / "new", 6)
    (folder / "broken.png").write_bytes(b"no picture")
    new = tmp_path / "n.safetensors"
    code, out, err = run("anomaly", "recalibrate", folder, "--vae", model, "-o", new, "--false-alarms", "20%")
    assert code == 0
    assert "calibrated on 6 images" in out
    assert "broken.png" in err
    assert "Only 6 images calibrate the model: below 14.3%, shares of false alarms are extrapolations" in err
    assert "Recalibrate with at least 20" in err
    assert calibration_in(new).false_alarms == 0.2


def test_wrong_use_is_a_sentence_and_nothing_is_replaced(model, tmp_path, run):
    folder, new = images(tmp_path / "new", 6), tmp_path / "n.safetensors"
    new.write_bytes(b"precious")
    before = model.read_bytes()
    for flags, words in (
        (["--vae", model, "-o", new], "exists already"),
        (["--vae", model, "-o", tmp_path / "n.pt"], "must end in .safetensors"),
        (["--vae", model, "-o", model, "--exists", "overwrite"], "is the model that is recalibrated"),
        (["--vae", "denoise", "-o", new, "--exists", "overwrite"], "was not fitted on normal images"),
    ):
        code, out, err = run("anomaly", "recalibrate", folder, *flags)
        assert (code, out) == (2, "")
        assert words in err
    assert (model.read_bytes(), new.read_bytes()) == (before, b"precious")
    assert run("anomaly", "recalibrate", folder, "--vae", model, "-o", new, "--exists", "overwrite")[0] == 0
    assert calibration_in(new).held_out == 6


def test_a_calibration_has_a_score_for_each_held_out_image_or_none():
    made = calibration()
    assert made.held_out_scores == ()
    stored = msgspec.to_builtins(made)
    for wrong in ([1.0], [1.0] * 5 + [float("nan")]):
        with pytest.raises(msgspec.ValidationError, match="a finite score for each held-out image"):
            msgspec.convert({**stored, "held_out_scores": wrong}, Calibration)
    del stored["held_out_scores"]  # as older versions wrote it
    assert msgspec.convert(stored, Calibration) == made
