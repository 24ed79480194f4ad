"""Measures of samples by the features that the user names: known values, known sets, and sentences."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit import Session
from vaeedit.cli.main import call
from vaeedit.vae.files import VaeInfo, save_vae
from vaeedit.vae.likelihoods import LIKELIHOODS
from vaeedit_variants.calibration import Calibration
from vaeedit_variants.classifier import ImageClassifier
from vaeedit_variants.classifier_options import ClassifierConfig
from vaeedit_variants.conditional import ConditionalVAE
from vaeedit_variants.generated import generated
from vaeedit_variants.options import ConditionalConfig
from vaeedit_variants.precision_recall import precision_and_recall
from vaeedit_variants.realism import frechet_distance, inception_score
from vaeedit_variants.sampling import sampled_images

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"


def normal(count, mean, scales, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, len(scales), generator=generator, dtype=torch.float64) * torch.tensor(
        scales
    ) + torch.tensor(mean)


def test_fid_of_equal_sets_is_zero_and_of_gaussians_the_closed_form():
    x = normal(500, [0.0, 1.0], [1.0, 2.0], 0)
    assert abs(frechet_distance(x, x)) < 1e-6
    assert frechet_distance(x, x + torch.tensor([3.0, 4.0])) == pytest.approx(25, abs=1e-6)
    a, b = normal(200_000, [0.0, 0.0], [1.0, 2.0], 1), normal(200_000, [1.0, 0.0], [3.0, 2.5], 2)
    assert frechet_distance(a, b) == pytest.approx(1 + (3 - 1) ** 2 + (2.5 - 2) ** 2, rel=0.02)


def test_the_inception_score_of_sure_and_even_classes_is_their_number():
    sure = torch.eye(5).repeat(400, 1) * 50
    torch.manual_seed(0)
    assert inception_score(sure) == pytest.approx(5, rel=0.02)
    assert inception_score(torch.zeros(1000, 5)) == pytest.approx(1)


def test_precision_and_recall_of_known_sets():
    grid = torch.cartesian_prod(torch.arange(10.0), torch.arange(10.0))
    assert precision_and_recall(grid, grid + 0.1) == (1, 1)
    assert precision_and_recall(grid, grid + 100) == (0, 0)
    half = grid[grid[:, 0] < 5]
    precision, recall = precision_and_recall(grid, half + 0.1)  # samples are good, and miss half of the kinds
    assert precision == 1
    assert 0.5 <= recall <= 0.7
    precision, recall = precision_and_recall(half, grid + 0.1)  # and the other way round
    assert 0.5 <= precision <= 0.7
    assert recall == 1
    with pytest.raises(ValueError, match="more than 3 images"):
        precision_and_recall(grid[:3], grid)


def test_precision_and_recall_do_not_depend_on_the_parts_that_they_are_computed_in(monkeypatch):
    a, b = normal(300, [0.0, 0.0], [1.0, 1.0], 3), normal(200, [1.0, 0.0], [1.0, 1.0], 4)
    whole = precision_and_recall(a, b)
    monkeypatch.setattr("vaeedit_variants.precision_recall.CHUNK", 7)
    assert precision_and_recall(a, b) == whole


@pytest.mark.parametrize(
    ("name", "deviation"), [("gaussian", 1.0), ("laplace", 1.0), ("fixed-gaussian", 1.0)]
)
def test_values_that_are_drawn_from_the_prediction_are_calibrated(name, deviation):
    torch.manual_seed(0)
    kind = LIKELIHOODS[name]
    likelihood = kind(torch.randn(4, kind.parameters(1), 100, 100))
    right, wrong = Calibration(), Calibration()
    right.add(likelihood, likelihood.sample())
    wrong.add(likelihood, likelihood.mean + 2 * (likelihood.sample() - likelihood.mean))
    assert right.figures()["residual_deviation"] == pytest.approx(deviation, rel=0.02)
    assert right.figures()["coverage_90"] == pytest.approx(0.9, abs=0.01)
    assert wrong.figures()["residual_deviation"] == pytest.approx(2 * deviation, rel=0.02)


def test_the_calibration_error_of_binary_values_is_the_distance_of_probability_and_frequency():
    torch.manual_seed(0)
    likelihood = LIKELIHOODS["bernoulli"](torch.randn(4, 1, 200, 200))
    right, wrong = Calibration(), Calibration()
    right.add(likelihood, likelihood.sample())
    wrong.add(likelihood, torch.ones(4, 1, 200, 200))
    assert right.figures()["calibration_error"] < 0.01
    assert wrong.figures()["calibration_error"] == pytest.approx(1 - likelihood.mean.mean().item(), abs=1e-4)


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A folder `data` of 30 random gray images of 12 x 9 pixels, in two classes."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for index in range(30):
        folder = tmp_path / "data" / "ab"[index % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (9, 12), np.uint8)).save(folder / f"{index:02d}.png")
    return tmp_path


def classifier(path, **config):
    config = {"height": 9, "width": 12, "classes": 2, "widths": (4,), "features": 3, **config}
    torch.manual_seed(0)
    info = VaeInfo(name="ab", architecture="classifier", config=config)
    save_vae(path, ImageClassifier(ClassifierConfig(**config)), info)


def judged(capsys, *arguments):
    capsys.readouterr()
    assert call(["evaluate", "vae", "data", *arguments, "--split", "train", "--samples", "20", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_samples_are_judged_by_a_classifier_and_the_protocol_says_so(digits, pictures, capsys):
    classifier(pictures / "ab.safetensors")
    row = judged(capsys, "--vae", str(digits), "--features", "ab.safetensors")
    assert {"fid", "inception_score", "precision", "recall", "calibration_error"} <= row.keys()
    assert "label_accuracy" not in row  # the VAE knows no labels
    assert "features of ab, not Inception" in row["protocol"]
    assert "20 samples, means of p(x|z) with z from the prior" in row["protocol"]
    assert judged(capsys, "--vae", str(digits), "--features", "ab.safetensors") == row
    assert "fid" not in judged(capsys, "--vae", str(digits))


def test_labels_of_samples_are_recognized(pictures, capsys):
    classifier(pictures / "ab.safetensors")
    config = {"height": 9, "width": 12, "widths": (8,), "latents": 2, "classes": 2}
    save_vae(
        pictures / "c.safetensors",
        ConditionalVAE(ConditionalConfig(**config)),
        VaeInfo(name="c", architecture="conditional", config=config),
    )
    row = judged(capsys, "--vae", "c.safetensors", "--features", "ab.safetensors")
    assert 0 <= row["label_accuracy"] <= 1


def test_samples_in_batches_are_those_of_generate(digits):
    with Session() as session:
        vae = session.vae(str(digits))
        ((batch, labels),) = sampled_images(vae, 5, (9, 12), seed=3)
        single = np.stack(list(generated(vae, 5, seed=3)))
    assert labels is None
    assert np.abs(batch.permute(0, 2, 3, 1).numpy() * 255 - single).max() <= 0.5 + 1e-3


class Mean(torch.nn.Module):
    def forward(self, x):
        return x.mean(3).flatten(1)


def test_torchscript_runs_only_if_it_is_trusted(digits, pictures, capsys):
    torch.jit.script(Mean()).save("mean.pt")
    row = judged(capsys, "--vae", str(digits), "--features", "mean.pt", "--trust")
    assert "features of mean, not Inception" in row["protocol"]
    assert {"fid", "precision", "recall"} <= row.keys()
    assert "inception_score" not in row  # there are no classes


@pytest.mark.parametrize(
    ("features", "text"),
    [
        (["mean.pt"], "is TorchScript, a program that can do what you can do; use --trust"),
        (["broken.pt", "--trust"], "broken.pt is no readable TorchScript file"),
        (["nothing.pt", "--trust"], "There is no file nothing.pt"),
        (["DIGITS"], "is no classifier"),
        (["mnist-classifier"], "takes images of the shape (1, 28, 28)"),
        (["nothing"], "nothing"),
    ],
)
def test_features_that_will_not_do_are_a_sentence(digits, pictures, capsys, features, text):
    torch.jit.script(Mean()).save("mean.pt")
    (pictures / "broken.pt").write_bytes(b"no archive")
    given = [str(digits) if word == "DIGITS" else word for word in features]
    arguments = ["--vae", str(digits), "--split", "train", "--samples", "20", "--features", *given]
    assert call(["evaluate", "vae", "data", *arguments]) != 0
    assert text in capsys.readouterr().err


def test_without_torchmetrics_the_extra_is_named(digits, pictures, capsys, monkeypatch):
    classifier(pictures / "ab.safetensors")
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", None)
    assert call(["evaluate", "vae", "data", "--vae", str(digits), "--features", "ab.safetensors"]) != 0
    assert "pip install 'vaeedit[measure]'" in capsys.readouterr().err


@pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST is not there")
def test_the_shipped_classifier_recognizes_digits(capsys):
    assert call(["evaluate", "classifier", str(MNIST), "--limit", "1000", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] >= 0.99
