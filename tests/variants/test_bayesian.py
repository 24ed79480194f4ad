"""The Bayesian VAE: its layer against explicit samples of the weights, its variances in closed form, and its commands."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.distributions import MultivariateNormal, kl_divergence

from vaeedit import read
from vaeedit.api import Generative, WeightPosterior
from vaeedit.cli.main import call
from vaeedit.vae.files import read_info, save_vae
from vaeedit_variants.bayesian import BayesianVAE
from vaeedit_variants.bayesian_options import BayesianConfig
from vaeedit_variants.detection import auroc
from vaeedit_variants.objective import NegativeElbo
from vaeedit_variants.options import ElboOptions, PlainConfig
from vaeedit_variants.plain import PlainVAE
from vaeedit_variants.predictive import predicted, total
from vaeedit_variants.unlike import UNLIKE
from vaeedit_variants.weights_posterior import GAIN, UncertainLinear

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"


def layer(inputs=5, outputs=3, rank=2):
    torch.manual_seed(0)
    made = UncertainLinear(inputs, outputs, rank)
    nn.init.normal_(made.stored_directions, std=1 / GAIN)
    nn.init.uniform_(made.stored_log_scale, -1.5 / GAIN, 0)
    return made.requires_grad_(False)


def covariance(made):
    """Of the weights of each output (outputs, inputs, inputs), from the definition."""
    precision = torch.eye(made.in_features) + made.directions @ made.directions.T
    return (2 * made.log_scale).exp()[:, None, None] * torch.linalg.inv(precision)


def samples_of(made, count=4000):
    generator = torch.Generator().manual_seed(1)
    return torch.stack([made.sample(generator) for _ in range(count)])


def test_samples_of_the_weights_have_the_moments_of_the_posterior():
    made = layer()
    drawn = samples_of(made) - made.weight
    found = torch.einsum("soi,spj->oipj", drawn, drawn) / len(drawn)
    expected = torch.zeros_like(found)
    for output, known in enumerate(covariance(made)):
        expected[output, :, output] = known
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0.1)
    assert drawn.mean(0).abs().max() < 0.08


def test_local_reparametrization_has_the_moments_of_sampled_weights():
    made, x = layer(), torch.randn(5)
    torch.manual_seed(2)
    local = made(x.expand(4000, -1))
    explicit = samples_of(made) @ x + made.bias
    exact = made.weight @ x + made.bias, torch.einsum("oij,i,j->o", covariance(made), x, x)
    for outputs in (local, explicit):
        error = (outputs.mean(0) - exact[0]) / (exact[1] / len(outputs)).sqrt()
        assert error.abs().max() < 4
        torch.testing.assert_close(outputs.var(0), exact[1], rtol=0.1, atol=0)
        off = torch.corrcoef(outputs.T) - torch.eye(3)
        assert off.abs().max() < 0.08  # outputs are independent, given x


def test_the_kl_divergence_is_that_of_torch_at_the_best_prior():
    made = layer()

    def kl(variance):
        prior = MultivariateNormal(torch.zeros(5), variance * torch.eye(5))
        posterior = MultivariateNormal(made.weight, covariance(made))
        return kl_divergence(posterior, prior).sum()

    found = made.kl()
    best = (covariance(made).diagonal(dim1=1, dim2=2).sum() + made.weight.square().sum()) / 15
    torch.testing.assert_close(found, kl(best))
    assert found <= min(kl(0.9 * best), kl(1.1 * best))


def test_the_rank_is_limited_by_the_inputs_and_half_precision_changes_nothing():
    made = layer(4, 3, 9)
    assert made.directions.shape == (4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        assert made.sample(torch.Generator().manual_seed(0)).dtype == torch.float32
        torch.testing.assert_close(made.kl(), made.kl())
        assert made(torch.randn(2, 4)).dtype == torch.float32


def linear_vae():
    """p(x | z) = N(W z + b, 0.01) with Gaussian W: Bayesian linear regression on z = A x, with A without uncertainty."""
    torch.manual_seed(0)
    config = BayesianConfig(height=2, width=3, widths=(), latents=4, rank=2, likelihood="fixed-gaussian")
    vae = BayesianVAE(config).requires_grad_(False)
    encoder, decoder = vae._uncertain().values()
    encoder.stored_log_scale.fill_(-40 / GAIN)
    nn.init.normal_(decoder.stored_directions, std=1 / GAIN)
    nn.init.uniform_(decoder.stored_log_scale, -2 / GAIN, -1 / GAIN)
    return vae, decoder


def test_variances_are_those_of_bayesian_linear_regression():
    vae, decoder = linear_vae()
    x = torch.rand(3, 1, 2, 3)
    z = vae.encode(x, {}).levels[0].mean.flatten(1)
    found = predicted(vae, x, samples=4000)
    epistemic = torch.einsum("oij,bi,bj->bo", covariance(decoder), z, z)
    torch.testing.assert_close(found.epistemic.flatten(1), epistemic, rtol=0.12, atol=0)
    torch.testing.assert_close(found.aleatoric, torch.full_like(x, 0.1**2))
    error = (found.mean.flatten(1) - z @ decoder.weight.T - decoder.bias) / (epistemic / 4000).sqrt()
    assert error.abs().max() < 4.5


def test_the_law_of_total_variance_on_draws():
    means, deviations = torch.randn(6, 3), torch.rand(6, 3)
    draws = means + deviations * torch.randn(20000, 6, 3)
    found = total(means, deviations.square())
    variance = found.aleatoric + found.epistemic * 5 / 6  # six values are all there are, not a sample of more
    torch.testing.assert_close(draws.flatten(0, 1).var(0), variance, rtol=0.05, atol=0)
    with pytest.raises(ValueError, match="two samples"):
        predicted(linear_vae()[0], torch.rand(1, 1, 2, 3), samples=1)


def network(**changed):
    torch.manual_seed(0)
    vae = BayesianVAE(BayesianConfig(**{"height": 9, "width": 12, "widths": (16,), "latents": 4, **changed}))
    return vae.eval()


@pytest.mark.parametrize("layers", ["dense", "convolutional"])
def test_it_is_generative_and_a_sample_of_its_weights_is_a_plain_vae(layers):
    vae = network(layers=layers, rank=3)
    assert isinstance(vae, Generative)
    assert isinstance(vae, WeightPosterior)
    x = torch.rand(2, 1, 9, 12)
    first, again, other, mean = (vae.given_weights(seed).encode(x, {}) for seed in (3, 3, 4, None))
    assert torch.equal(first.levels[0].mean, again.levels[0].mean)
    assert not torch.equal(first.levels[0].mean, other.levels[0].mean)
    assert torch.equal(mean.levels[0].mean, vae.encode(x, {}).levels[0].mean)
    given = vae.encode(x, {"weights": torch.full((2, 1, 9, 12), 3.0)})
    assert torch.equal(given.levels[0].mean, first.levels[0].mean)
    expected = vae.given_weights(3).decode(first.mean()).mean
    assert torch.equal(vae.decode(given.mean()).mean, expected)


def test_the_kl_of_the_weights_is_shared_by_all_training_images():
    vae, objective = network(), NegativeElbo(ElboOptions())
    objective.images = 500
    parts = objective.losses(vae, torch.rand(2, 1, 9, 12), 0.5).parts
    torch.testing.assert_close(parts["weights"], vae.weights_kl() / 500)
    cold = NegativeElbo(ElboOptions(temperature=0.25))
    cold.images = 500
    parts = cold.losses(vae, torch.rand(2, 1, 9, 12), 0.5).parts
    torch.testing.assert_close(parts["weights"], vae.weights_kl() / 2000)
    objective.images = 0
    with pytest.raises(Exception, match="number of training images"):
        objective.losses(vae, torch.rand(2, 1, 9, 12), 0.5)


def test_images_that_are_unlike():
    images = np.zeros((40, 28, 28, 1), np.uint8)
    images[:, 4:24, 12:16] = 255
    turned, letters, noise = (UNLIKE[name](images, 0) for name in ("rotated", "letters", "noise"))
    assert turned[0, 12:16, 4:24].min() == 255
    assert letters.shape == noise.shape == images.shape
    rows, columns = np.nonzero(letters[..., 0].max(0))
    assert max(np.ptp(rows), np.ptp(columns)) < 28
    mass = letters[..., 0].astype(float)
    centers = (mass.sum(2) @ np.arange(28)) / mass.sum((1, 2))
    assert np.abs(centers - 13.5).mean() < 1
    assert np.array_equal(letters, UNLIKE["letters"](images, 0))
    assert not np.array_equal(letters, UNLIKE["letters"](images, 1))


def test_auroc_is_that_of_scikit_learn():
    usual, unlike = torch.randn(50), torch.randn(70) + 1
    truth = [0] * 50 + [1] * 70
    assert auroc(usual, unlike) == pytest.approx(roc_auc_score(truth, [*usual, *unlike]), abs=1e-4)


RECIPE = """
name: tiny
summary: Of these tests.
architecture: bayesian
config: {height: 12, width: 12, widths: [32], latents: 4, rank: 8}
data: {whole: true, batch: 32}
objective: {kind: likelihood, binarize: true}
optimizer: {rate: 0, adam_rate: 0.005, warmup: 5, clip: 100}
"""


@pytest.fixture(scope="session")
def bars(tmp_path_factory):
    """Images of one white column, and a Bayesian VAE trained on them for some hundred steps."""
    folder = tmp_path_factory.mktemp("bars")
    for split, count in (("train", 300), ("test", 40)):
        (folder / "data" / split).mkdir(parents=True)
        for number in range(count):
            image = np.zeros((12, 12), np.uint8)
            image[:, number % 12] = 255
            Image.fromarray(image).save(folder / "data" / split / f"{number}.png")
    (folder / "tiny.yaml").write_text(RECIPE)
    arguments = [
        str(folder / "tiny.yaml"),
        str(folder / "data"),
        "--steps",
        "400",
        "--run",
        str(folder / "run"),
    ]
    assert call(["train", *arguments, "-o", str(folder / "tiny.safetensors")]) == 0
    return folder


def test_bars_are_told_from_turned_ones_and_from_noise(bars, capsys):
    arguments = [str(bars / "data"), "--vae", str(bars / "tiny.safetensors"), "--json"]
    against = ["--against", "rotated", "--against", "noise", "--against", str(bars / "data")]
    capsys.readouterr()
    assert call(["evaluate", "uncertainty", *arguments, *against]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["epistemic"] > 0.9 for row in rows] == [True, True, False]
    assert rows[2]["epistemic"] == 0.5
    assert "16 samples of the weights, seed 0" in rows[0]["protocol"]
    assert call(["evaluate", "vae", *arguments, "--importance", "3"]) == 0
    assert "weights" in json.loads(capsys.readouterr().out)["protocol"]


def test_a_picture_has_maps(bars, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    bar = np.zeros((12, 12), np.uint8)
    bar[:, 3] = 255
    Image.fromarray(bar).save("bar.png")
    Image.fromarray(bar.T.copy()).save("turned.png")
    means = {}
    for name in ("bar", "turned"):
        arguments = ["--vae", str(bars / "tiny.safetensors"), "-o", f"{name}-mean.png"]
        maps = ["--epistemic", f"{name}-e.png", "--aleatoric", f"{name}-a.png", "--json"]
        capsys.readouterr()
        assert call(["uncertainty", f"{name}.png", *arguments, *maps]) == 0
        (notes,) = json.loads(capsys.readouterr().out)["notes"].values()
        means[name] = notes["epistemic_mean"]
    assert means["turned"] > means["bar"]
    assert read("bar-e.png").pixels.shape == (12, 12, 1)
    assert read("bar-mean.png").pixels[5, 3, 0] > 128


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["evaluate", "uncertainty", "DATA", "--vae", "photo"], "no posterior over its weights"),
        (["evaluate", "uncertainty", "DATA", "--vae", "VAE", "--against", "nowhere"], "nowhere"),
        (["uncertainty", "big.png", "--vae", "VAE"], "takes images of 12x12 pixels"),
        (["uncertainty", "big.png", "--vae", "photo"], "does not support the condition weights"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(bars, tmp_path, monkeypatch, capsys, arguments, text):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.zeros((20, 20), np.uint8)).save("big.png")
    names = {"DATA": str(bars / "data"), "VAE": str(bars / "tiny.safetensors")}
    assert call([names.get(word, word) for word in arguments]) != 0
    assert text in capsys.readouterr().err


@pytest.mark.parametrize("mixture", [0, 2])
def test_a_file_starts_from_the_weights_of_a_plain_vae(digits, tmp_path, mixture, capsys):
    text = RECIPE.replace("height: 12, width: 12, widths: [32]", "height: 9, width: 12, widths: [16]")
    (tmp_path / "started.yaml").write_text(text)
    for number in range(4):
        Image.fromarray(np.zeros((9, 12), np.uint8)).save(tmp_path / f"{number}.png")
    info = read_info(digits)
    config = {**info.config, "mixture": mixture}
    save_vae(
        tmp_path / "a.safetensors",
        PlainVAE(PlainConfig(**config)),
        msgspec.structs.replace(info, config=config),
    )
    output = tmp_path / "started.safetensors"
    command = [
        "train",
        str(tmp_path / "started.yaml"),
        str(tmp_path),
        "--start",
        str(tmp_path / "a.safetensors"),
    ]
    command += ["--steps", "1", "--run", str(tmp_path / "run"), "-o", str(output)]
    if mixture:
        assert call(command) != 0
        assert "--fresh" in capsys.readouterr().err
        command += ["--fresh", "mixture"]
    assert call(command) == 0
