"""Every check of architectures and weights fails on one that does what it forbids, and says what to do."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from plugin_maker import changed
from vaeedit.options import Options
from vaeedit.testing import checks, tiny
from vaeedit.vae.files import VaeInfo, save_vae

ARCHITECTURE = """
from vaeedit.api import ArchitectureSpec, Options, hookimpl, option
from typing import Annotated, Literal

class Shape(Options, frozen=True):
    kind: Annotated[Literal["plain", "other"], option("Which one.")]
    author: Annotated[str, option("Who made it.", example="toy")]

@hookimpl
def vaeedit_architectures():
    return [ArchitectureSpec(name="toy", summary="A toy.", target="{name}.operation:Net", options=Shape)]
"""
NETWORK = """
import torch
from torch.nn import functional as F
from vaeedit.api import Decoded, ElboTerms, Gaussian, Latents

class Net(torch.nn.Module):
    channels, multiple, receptive_field, conditions = 3, 2, 4, ("sigma",)

    def __init__(self, shape):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor([0.5]))
        assert shape.kind in ("plain", "other") and shape.author == "toy"

    def encode(self, x, conditions):
        return Latents((Gaussian(self.gain * F.avg_pool2d(x + conditions["sigma"], 2)),))

    def decode(self, latents, *, std=False):
        z = latents.levels[0].mean
        return Decoded(F.interpolate(z, scale_factor=2))

    def estimate(self, name, x):
        return torch.zeros_like(x[:, :1])

    def elbo_terms(self, latents, x):
        mean, scale = self.decode(latents).mean, torch.zeros_like(x)
        return ElboTerms(mean, scale, mean, scale, (mean.square().mean(),))
"""
INNER = "z = latents.levels[0].mean"
FAULTS = {
    "no module": ("architecture", "is not a torch.nn.Module; derive it", [
        ("(torch.nn.Module)", ""), ("super().__init__()", ""), ("torch.nn.Parameter(torch.tensor([0.5]))", "1")]),
    "has no decoder": ("architecture", "lacks a member of VAE; define decode", [("def decode", "def decoded")]),
    "has no estimator": ("architecture", "no attribute 'noise'", [("torch.zeros_like(x[:, :1])", "self.noise(x)")]),
    "has no condition": ("architecture", "no condition that could be estimated; leave out", [
        ('("sigma",)', "()"), (' + conditions["sigma"]', "")]),
    "estimates half": ("architecture", r"the estimate of sigma has the shape.*return \(1, 1, H, W\)", [
        ("x[:, :1]", "x[:, :1, ::2]")]),
    "encodes no latents": ("architecture", "`encode` returns Gaussian; return Latents", [
        ("Latents((Gaussian", "((Gaussian"), ("2)),))", "2)),)[0])")]),
    "encodes nan": ("architecture", "latents are not finite; bound", [("self.gain *", "float('nan') * self.gain *")]),
    "decodes too much": ("architecture", "decoded image has the shape.*; return", [("scale_factor=2", "scale_factor=4")]),
    "decodes nan": ("architecture", "decoded values are not finite; bound", [(INNER, INNER + " / 0")]),
    "has no terms": ("architecture", "one kl for each level", [("(mean.square().mean(),)", "()")]),
    "small receptive field": ("receptive-field", "depends on 2 pixels.*cached_property", [
        ("= 3, 2, 4,", "= 3, 2, 0,"), (INNER, INNER + "; z = F.max_pool2d(z, 3, 1, 1)")]),
    "instance norm": ("receptive-field", "depends on all pixels; use another normalization", [
        (INNER, INNER + "; z = F.instance_norm(z)")]),
    "compares with all": ("receptive-field", "a part of a picture differs from the whole", [
        (INNER, INNER + "; z = (z > z.detach().nan_to_num().mean()).float()")]),
    "odd sizes": ("odd-sizes", r"decodes to \(1, 3, 2, 0\); return \(1, 3, 2, 2\), or raise", [
        ("scale_factor=2))", "scale_factor=2)[..., : z.shape[3] // 2 * 4])")]),
    "padding": ("odd-sizes", r"shape \(1, 3, 2, 2\) fails: .*; raise `multiple`", [
        (INNER, INNER + "; z = F.pad(z, (1, 1, 1, 1), mode='reflect')[..., 1:-1, 1:-1]")]),
    "nan in odd sizes": ("odd-sizes", "not finite", [(INNER, INNER + "; z = z / (z.shape[3] % 2 == 0)")]),
    "no loss": ("training-step", "not finite; bound the scales", [("(mean.square().mean(),)", "(mean.mean() / 0,)")]),
    "detached": ("training-step", "depends on no weight; do not detach", [
        ("self.decode(latents).mean,", "self.decode(latents).mean.detach(),")]),
    "no gradient": ("training-step", "a gradient of the negative ELBO is not finite; avoid roots", [
        ("mean.square().mean()", "(0 * mean).sum().abs().sqrt()")]),
    "no change": ("training-step", "changes no weight; use them", [
        ("self.decode(latents).mean,", "self.decode(latents).mean + 0 * self.gain.sum(),"),
        ("self.gain *", "self.gain.detach() *")]),
}  # fmt: skip


def named(name):
    return f"toy-{name}"


def test_a_good_architecture_passes_though_it_has_options_that_must_be_given(toy_package):
    found = dict(checks(toy_package(ARCHITECTURE, NETWORK)))
    assert set(found) == {
        "imports-light",
        "is-admitted",
        "names-free",
        *(named(name) for name, _, _ in FAULTS.values()),
    }
    for check in found.values():
        check()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_check_for_a_fault_of_a_network_fails(toy_package, fault):
    name, message, changes = FAULTS[fault]
    (heavy,) = changed([NETWORK], changes)
    with pytest.raises(Exception, match=f"(?s){message}"):
        dict(checks(toy_package(ARCHITECTURE, heavy)))[named(name)]()


def test_a_network_that_overflows_with_random_weights_is_compared_as_it_is(toy_package):
    (heavy,) = changed([NETWORK], [(INNER, INNER + " * torch.exp(1e5 * (self.gain - 0.5) ** 2)")])
    dict(checks(toy_package(ARCHITECTURE, heavy)))["toy-receptive-field"]()
    (heavy,) = changed([heavy], [(INNER, INNER + ".nan_to_num(); z = (z > z.mean()).float()")])
    with pytest.raises(AssertionError, match="differs from the whole"):
        dict(checks(toy_package(ARCHITECTURE, heavy)))["toy-receptive-field"]()


WEIGHTS = """
from vaeedit.api import WeightsSpec, hookimpl

@hookimpl
def vaeedit_weights():
    return [WeightsSpec(name="toy", summary="Of a test.", resource="{name}:toy.safetensors")]
"""


@pytest.fixture
def weights(toy_package):
    """Makes the checks of a plugin with weights, whose header has this name."""

    def make(name="toy", gain=0.25, recorded=None):
        module = toy_package(WEIGHTS, "")
        network = tiny.Tiny(Options())
        network.scales.data[0] = gain
        path = Path(module.__file__).with_name("toy.safetensors")
        save_vae(path, network, VaeInfo(name=name, architecture=tiny.NAME, config={}))
        return path, dict(checks(module, recorded=recorded))

    return make


def test_weights_load_and_their_header_is_theirs(weights):
    path, found = weights()
    found["toy-weights"]()
    assert "toy-output" not in found
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(Exception, match="damaged"):
        found["toy-weights"]()
    path.unlink()
    with pytest.raises(AssertionError, match=r"toy\.safetensors is missing; add it"):
        found["toy-weights"]()
    with pytest.raises(AssertionError, match="says film, not toy; write that with update_info"):
        weights("film")[1]["toy-weights"]()


def test_what_weights_decode_to_is_recorded_and_compared(weights, tmp_path):
    record = tmp_path / "outputs.json"
    with pytest.warns(UserWarning, match=r"outputs\.json is new for toy; keep it"):
        weights(recorded=record)[1]["toy-output"]()
    assert np.shape(json.loads(record.read_text())["toy"]) == (4, 4, 3)
    weights(recorded=record)[1]["toy-output"]()
    values = json.loads(record.read_text())
    values["toy"][0][0][0] += 0.01
    record.write_text(json.dumps(values))
    with pytest.raises(
        AssertionError, match=r"differ from .* by 0.01 of .0, 1.; if that is meant, delete toy there"
    ):
        weights(recorded=record)[1]["toy-output"]()


def test_the_shipped_tiny_vae_is_that_of_the_code():
    from safetensors.torch import load_file

    path = Path(tiny.__file__).with_name("tiny.safetensors")
    assert path.stat().st_size < 1000
    made = tiny.Tiny(Options()).state_dict()
    shipped = load_file(path)
    assert shipped.keys() == made.keys()
    assert all(torch.equal(shipped[name].float(), made[name]) for name in made)
