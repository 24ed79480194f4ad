"""The mixture of latents: recovered from its own samples, stored, loaded, and drawn from by seeds."""

import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit import read
from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.vae.files import load_vae, read_info
from vaeedit_variants.latents import drawn
from vaeedit_variants.mixture import LatentMixture


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with 40 gray images of 12 x 9 pixels."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    random = np.random.default_rng(0)
    for index in range(40):
        Image.fromarray(random.integers(0, 256, (9, 12), np.uint8)).save(
            tmp_path / "data" / f"{index:02d}.png"
        )
    return tmp_path


def two_clusters(count):
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(count, 2, generator=generator) @ torch.tensor([[1.0, 0.8], [0.0, 0.6]])
    centers = torch.tensor([[5.0, 0.0], [-5.0, 0.0]])[(torch.arange(count) % 4 == 0).long()]
    return centers + noise


def test_known_latents_are_recovered_and_sampled():
    mixture = LatentMixture.fit(two_clusters(4000), 2)
    order = mixture.means[:, 0].argsort()
    assert torch.allclose(mixture.weights[order], torch.tensor([0.25, 0.75]), atol=0.01)
    assert torch.allclose(mixture.means[order], torch.tensor([[-5.0, 0.0], [5.0, 0.0]]), atol=0.15)
    factor = mixture._factor(int(order[1]))
    assert torch.allclose(factor @ factor.T, torch.tensor([[1.0, 0.8], [0.8, 1.0]]), atol=0.08)
    points = torch.stack([mixture.sample(seed).levels[0].mean.flatten() for seed in range(2000)])
    near = points[points[:, 0] > 0]
    assert len(near) / 2000 == pytest.approx(0.75, abs=0.03)
    assert torch.allclose(near.T.cov(), torch.tensor([[1.0, 0.8], [0.8, 1.0]]), atol=0.12)


def test_before_the_fit_it_is_the_prior():
    mixture = LatentMixture(3, 50)
    points = torch.cat([mixture.sample(seed).levels[0].mean.flatten() for seed in range(200)])
    assert points.mean() == pytest.approx(0, abs=0.03)
    assert points.std() == pytest.approx(1, abs=0.03)


def test_float16_keeps_the_covariances():
    fitted = LatentMixture.fit(two_clusters(2000), 2)
    stored = LatentMixture(2, 2)
    stored.load_state_dict({name: value.half().float() for name, value in fitted.state_dict().items()})
    for component in range(2):
        a, b = fitted._factor(component), stored._factor(component)
        assert torch.allclose(a @ a.T, b @ b.T, rtol=2e-3, atol=2e-3)


def test_a_point_does_not_depend_on_the_others(digits):
    network, _ = load_vae(digits, registry())
    network.mixture = LatentMixture(3, network.latents)
    for density in ("prior", "gmm"):
        together = drawn(network, [3, 4, 5], network.size, density, 0.7).levels[0].mean
        alone = drawn(network, [4], network.size, density, 0.7).levels[0].mean
        assert torch.equal(together[1:2], alone)
    prior = network.prior(1, network.size).sample(4, 0.7).levels[0].mean
    assert torch.equal(drawn(network, [4], network.size, "prior", 0.7).levels[0].mean, prior)


def test_a_file_holds_it_and_generates_from_it(digits, place, capsys):
    assert call(["fit-density", str(digits), "data", "--components", "3", "-o", "gmm.safetensors"]) == 0
    assert "3 components, fitted to 40 images" in capsys.readouterr().out
    network, info = load_vae(place / "gmm.safetensors", registry())
    assert info.training["mixture"]["components"] == network.mixture.means.shape[0] == 3
    assert "mixture" not in read_info(digits).config  # the input stays as it is
    assert (place / "gmm.md").is_file()
    draw = ["generate", "--vae", "gmm.safetensors", "-n", "4", "--density"]
    for name, density in (("a", "gmm"), ("b", "gmm"), ("c", "prior")):
        assert call([*draw, density, "-o", f"{name}.png"]) == 0
    a, b, c = (read(f"{name}.png").pixels for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert call(["generate", "--vae", str(digits), "-n", "4", "-o", "d.png"]) == 0
    assert np.array_equal(c, read("d.png").pixels)  # the mixture changes nothing else


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["generate", "--vae", "DIGITS", "--density", "gmm", "-o", "a.png"],
            "vaeedit fit-density VAE DATA -o FILE",
        ),
        (["fit-density", "photo", "data", "-o", "a.safetensors"], "is fitted to the latents of a plain VAE"),
        (
            ["fit-density", "DIGITS", "data", "--limit", "5", "-o", "a.safetensors"],
            "5 images, too few for 10",
        ),
        (["fit-density", "DIGITS", "data", "-o", "DIGITS"], "exists already"),
        (["fit-density", "DIGITS", "data", "-o", "DIGITS", "--exists", "overwrite"], "is the VAE itself"),
        (["fit-density", "DIGITS", "nowhere", "-o", "a.safetensors"], "nowhere"),
        (["evaluate", "vae", "data", "--vae", "DIGITS", "--density", "gmm"], "name --features"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(digits, place, capsys, arguments, text):
    before = digits.read_bytes()
    assert call([str(digits) if word == "DIGITS" else word for word in arguments]) != 0
    assert text in capsys.readouterr().err
    assert digits.read_bytes() == before
