"""The contract checks catch what they promise to catch."""

import os
import sys

import pytest

from vaeedit.errors import PluginError
from vaeedit.testing import checks, parametrize_with_checks

GOOD = """
from typing import Annotated
from vaeedit.api import OperationSpec, Options, hookimpl, option

class ToyOptions(Options, frozen=True):
    amount: Annotated[float, option("How much.", ge=0, le=1)] = 0.5

@hookimpl
def vaeedit_operations():
    return [OperationSpec(name="toy", summary="A toy.", target="{name}.operation:Toy", options=ToyOptions, vae="denoise")]
"""
OPERATION = """
from vaeedit.api import Edit

class Toy(Edit):
    def edit(self, latents):
        return latents.mean()
"""
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
from vaeedit.api import Decoded, Gaussian, Latents

class Net(torch.nn.Module):
    channels, multiple, receptive_field, conditions = 3, 2, 4, ("sigma",)

    def __init__(self, shape):
        super().__init__()
        assert shape.kind in ("plain", "other") and shape.author == "toy"

    def encode(self, x, conditions):
        return Latents((Gaussian(torch.nn.functional.avg_pool2d(x + conditions["sigma"], 2)),))

    def decode(self, latents, *, std=False):
        return Decoded(torch.nn.functional.interpolate(latents.levels[0].mean, scale_factor=2))

    def estimate(self, name, x):
        return torch.zeros_like(x[:, :1])
"""
BROKEN_NETWORKS = {
    "has no estimator": ("torch.zeros_like(x[:, :1])", "self.noise(x)", "no attribute 'noise'"),
    "has no condition": ('("sigma",)', "()", "no condition that could be estimated"),
    "estimates half": ("x[:, :1]", "x[:, :1, ::2]", "the estimate of sigma has the shape"),
    "decodes too much": ("scale_factor=2", "scale_factor=4", "decoded image has the shape"),
    "decodes nan": ("levels[0].mean", "levels[0].mean / 0", "not finite"),
    "has no terms": ("estimate(self, name, x)", "elbo_terms(self, name, x)", "no attribute 'kl'"),
    "has no decoder": ("def decode", "def decoded", "lacks a member of VAE"),
}
FAULTS = {
    "heavy import": ("import numpy\n", "", "imports-light"),
    "reserved option": ("amount: Annotated", "seed: Annotated", "is-admitted"),
    "undescribed option": ('option("How much.", ge=0, le=1)', "1", "is-admitted"),
    "default out of bounds": ("] = 0.5", "] = 7.0", "is-admitted"),
    "illegal name": ('name="toy"', 'name="Toy_1"', "is-admitted"),
    "no edit": ("def edit", "def edits", "toy-target"),
    "changes its input": (
        "def edit",
        "def before(self, f):\n        f[0].pixels[:] = 0\n        return f\n    def edit",
        "toy-runs-odd",
    ),
    "depends on tiles": (
        "return latents.mean()",
        "from dataclasses import replace\n        drawn = latents.sample(3).levels\n"
        "        levels = (level.at(level.mean / level.mean.abs().max()) for level in drawn)\n"
        "        return replace(latents, levels=tuple(levels))",
        "toy-tiles",
    ),
    "random": (
        "return latents.mean()",
        "import random\n        return latents.sample(random.randrange(10**6))",
        "toy-same-seed",
    ),
}


def package(tmp_path, monkeypatch, name, light, heavy):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text(light.replace("{name}", name))
    (folder / "operation.py").write_text(heavy)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    module = __import__(name)
    yield module
    for loaded in [key for key in sys.modules if key.partition(".")[0] == name]:
        del sys.modules[loaded]


def failing(module):
    failed = []
    for name, check in checks(module):
        try:
            check()
        except Exception:
            failed.append(name)
    return failed


def test_a_good_plugin_passes_every_check(tmp_path, monkeypatch):
    for module in package(tmp_path, monkeypatch, "toy_good", GOOD, OPERATION):
        assert failing(module) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_plugin_fails_the_check_for_its_fault(tmp_path, monkeypatch, fault):
    old, new, expected = FAULTS[fault]
    light = GOOD if new else old + GOOD
    light, heavy = (text.replace(old, new) if new else text for text in (light, OPERATION))
    name = "toy_" + fault.replace(" ", "_")
    for module in package(tmp_path, monkeypatch, name, light, heavy):
        assert expected in failing(module)


CHANGES = {
    "before": "return [replace(frame) for frame in frames]",
    "after": "return Result(replace(frames[0]))",
}


@pytest.mark.parametrize("method", CHANGES)
def test_nothing_but_the_edit_of_a_step_in_a_chain_may_change_the_image(tmp_path, monkeypatch, method):
    light = GOOD.replace('vae="denoise"', 'vae="denoise", latent=True')
    for module in package(tmp_path, monkeypatch, f"toy_latent_{method}", light, OPERATION):
        dict(checks(module))["toy-chains"]()
    heavy = "from dataclasses import replace\nfrom vaeedit.api import Result\n" + OPERATION
    heavy += f"    def {method}(self, frames, *more):\n        {CHANGES[method]}\n"
    for module in package(tmp_path, monkeypatch, f"toy_changing_{method}", light, heavy):
        with pytest.raises(PluginError, match=f"changes the image in `{method}`"):
            dict(checks(module))["toy-chains"]()


def test_a_good_architecture_passes_though_it_has_options_that_must_be_given(tmp_path, monkeypatch):
    for module in package(tmp_path, monkeypatch, "toy_network", ARCHITECTURE, NETWORK):
        dict(checks(module))["toy-architecture"]()


@pytest.mark.parametrize("fault", BROKEN_NETWORKS)
def test_a_network_that_lacks_what_its_members_promise_fails(tmp_path, monkeypatch, fault):
    old, new, message = BROKEN_NETWORKS[fault]
    heavy = NETWORK.replace(old, new)
    for module in package(tmp_path, monkeypatch, "toy_" + fault.replace(" ", "_"), ARCHITECTURE, heavy):
        with pytest.raises((AssertionError, AttributeError), match=message):
            dict(checks(module))["toy-architecture"]()


def test_an_operation_may_have_an_option_that_must_be_given(tmp_path, monkeypatch):
    light = GOOD.replace("] = 0.5", "]")
    for module in package(tmp_path, monkeypatch, "toy_required", light, OPERATION):
        assert failing(module) == []
    light = light.replace("ge=0, le=1", "ge=0")
    for module in package(tmp_path, monkeypatch, "toy_without_example", light, OPERATION):
        assert "toy-yaml" in failing(module)


def test_an_expected_failure_must_name_a_check(tmp_path, monkeypatch):
    for module in package(tmp_path, monkeypatch, "toy_expected", GOOD, OPERATION):
        with pytest.raises(ValueError, match="no-such-check"):
            parametrize_with_checks(module, expected_failures={"no-such-check": "typo"})
