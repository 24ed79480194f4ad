"""A plugin from outside adds a command, an evaluation, an objective and a recipe, and hears what is wrong with them."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from vaeedit.vae.files import read_info

PLUGIN = """
from typing import Annotated
from vaeedit.api import (
    CommandSpec, EvaluationSpec, ObjectiveSpec, Options, RecipeSpec, hookimpl, option,
)

class Power(Options, frozen=True):
    power: Annotated[int, option("Power of the error.", ge=1)] = 2

@hookimpl
def vaeedit_commands():
    return [
        CommandSpec(name="greet", summary="Say hello.", target="acme_work:greet"),
        CommandSpec(name="broken", summary="Of no use.", target="acme_work:nothing"),
        CommandSpec(name="odd", summary="No command.", target="acme_work:Error"),
    ]

@hookimpl
def vaeedit_evaluations():
    return [EvaluationSpec(name="copy", summary="Measure a copy.", target="acme_work:copy")]

@hookimpl
def vaeedit_objectives():
    return [ObjectiveSpec(name="acme-power", summary="A power.", target="acme_work:Error", options=Power)]

@hookimpl
def vaeedit_recipes():
    return [RecipeSpec(name="acme-tiny", summary="Tiny.", resource="acme_recipes:tiny.yaml")]
"""
WORK = """
import click
from vaeedit.api import AllOfIt, Losses, Objective, Pair, console, evaluation_command, pictures, read

@click.command()
@click.argument("name")
def greet(name):
    console.say(f"Hello {name}.")

class Copy(AllOfIt):
    operation, protocol = "vary", "a copy against itself"
    setting, options, conditions, sample = {"acme": 1}, {"amount": 1.0}, {}, {}

    def pairs(self, folder):
        for path in pictures(folder):
            yield Pair(path, read(path), read(path))

copy = evaluation_command(lambda: [Copy()], [], vae="photo")

class Error(Objective):
    def losses(self, vae, x, done):
        terms = vae.elbo_terms(vae.encode(x, {}), x)
        error = (terms.sample - x).abs() ** self.options.power
        return Losses({"error": error.mean()}, x, terms.estimate)
"""
RECIPE = """
name: acme-tiny
summary: Tiny.
architecture: ladder
config: {channels: 3, widths: [8], latents: [2]}
data: {patch: [16], batch: 2}
objective: {kind: acme-power, power: 2}
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    (folder / "acme_doors.py").write_text(PLUGIN)
    (folder / "acme_work.py").write_text(WORK)
    (folder / "acme_recipes").mkdir()
    (folder / "acme_recipes" / "__init__.py").touch()
    (folder / "acme_recipes" / "tiny.yaml").write_text(RECIPE)
    info = folder / "acme_doors-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-doors\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vaeedit]\nacme-doors = acme_doors\n")
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("pictures")
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(found / "a.png")
    return found


@pytest.fixture
def vaeedit(environment):
    def run(*arguments, code=0):
        command = [sys.executable, "-m", "vaeedit", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


def test_a_command(vaeedit):
    assert "greet" in vaeedit("--help")
    assert vaeedit("greet", "Ada") == "Hello Ada.\n"
    assert "Say hello." in vaeedit("greet", "--help")


def test_commands_that_do_not_work_say_so(vaeedit):
    assert "acme_work:nothing could not be imported" in vaeedit("broken", code=1)
    assert "acme_work:Error of acme-doors:odd is not a click command" in vaeedit("odd", code=1)


def test_an_evaluation(vaeedit, folder):
    assert "Measure a copy." in vaeedit("evaluate", "--help")
    row = json.loads(vaeedit("evaluate", "copy", folder, "--json"))
    assert (row["images"], row["acme"], row["protocol"]) == (1, 1, "a copy against itself")
    assert "did you mean 'copy'" in vaeedit("evaluate", "copi", folder, code=2)


def test_an_objective_and_a_recipe(vaeedit, folder, tmp_path):
    pytest.importorskip("pytorch_lightning")
    output = tmp_path / "tiny.safetensors"
    words = (folder, "--run", tmp_path / "run", "-o", output)
    vaeedit("train", "acme-tiny", *words, "--steps", "2")
    assert read_info(output).recipe["objective"] == {"kind": "acme-power", "power": 2}
    (tmp_path / "bad.yaml").write_text(RECIPE.replace("power: 2", "power: 0"))
    words = (folder, "--run", tmp_path / "bad")
    assert "The objective acme-power of the recipe acme-tiny" in vaeedit(
        "train", tmp_path / "bad.yaml", *words, code=2
    )
    (tmp_path / "odd.yaml").write_text(RECIPE.replace("acme-power", "acme-powder"))
    assert "did you mean 'acme-power'" in vaeedit("train", tmp_path / "odd.yaml", *words, code=2)
