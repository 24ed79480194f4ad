"""The sample plugins work as separate distributions: beside built-in operations, in batches, under Dask, in training."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.vae.files import read_info

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples/plugins"
PIPELINE = """
version: 1
seed: 7
steps:
  - seasons
  - vary: {amount: 0.5}
  - double-exposure: {other: small.png, share: 0.8}
  - simplify: {amount: 0.5}
  - film-grain: {size: 3}
"""


@pytest.fixture
def pictures(installed):
    """Two pictures in in/ and one of another size, and a pipeline with every sample."""
    colors = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    (installed / "in").mkdir()
    for name, grid in zip(("in/a.png", "in/b.png", "small.png"), colors, strict=True):
        Image.fromarray(grid).resize((31, 22) if name == "small.png" else (56, 40)).save(name)
    (installed / "p.yaml").write_text(PIPELINE)


@pytest.fixture(scope="module")
def alone():
    """What the pipeline made of each picture, in this process."""
    return {}


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("engine", [[], ["--workers", "2"], ["--engine", "dask", "--workers", "1"]])
def test_a_pipeline_of_samples_and_built_in_operations(engine, alone, capsys):
    if "dask" in engine:
        pytest.importorskip("distributed")
        pytest.importorskip("cryptography")
    command = ["run", "p.yaml", "in", "-o", "out", "--device", "cpu", "--json", *engine]
    assert call(command) == 0, capsys.readouterr().err
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(records) == 2
    for record in records:
        assert record["notes"]["seasons"]["chained_with"] == "vary"
        assert record["notes"]["film-grain"]["grain"] > 0
        pixels = np.asarray(Image.open(record["output"])).astype(int)
        assert np.abs(pixels - alone.setdefault(record["output"], pixels)).max() <= 1


def test_their_own_suites_pass(packages, projects, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(packages), prepend=os.pathsep)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    done = subprocess.run([*command, *projects], cwd=packages, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.usefixtures("pictures")
def test_the_recipe_trains_the_tiny_vae(capsys):
    pytest.importorskip("pytorch_lightning")
    Image.effect_noise((64, 64), 80).convert("RGB").save("in/c.png")
    command = ["train", "tiny", "in", "--steps", "2", "--run", "run", "-o", "new.safetensors"]
    assert call(command) == 0, capsys.readouterr().err
    shipped = read_info(SAMPLES / "tiny-vae/src/tiny_vae/tiny.safetensors")
    assert read_info(Path("new.safetensors")).recipe == shipped.recipe


def test_the_lists_name_the_distributions(installed):
    found = {report.distribution for report in registry().reports if report.state == "loaded"}
    assert found >= {folder.name for folder in SAMPLES.iterdir()}


def test_what_the_page_does_not_show_is_no_code(projects):
    for project in projects:
        names = {path.relative_to(project) for path in project.rglob("*") if path.is_file()}
        sample = SAMPLES / project.name
        kept = {path.relative_to(sample) for path in sample.rglob("*") if "__pycache__" not in path.parts}
        assert {path.name for path in kept - names if (sample / path).is_file()} == {"LICENSE"}


def test_they_import_only_what_is_public():
    for path in SAMPLES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            found = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            own = [name for name in found if name.split(".")[0] == "vaeedit"]
            assert set(own) <= {"vaeedit", "vaeedit.api", "vaeedit.testing"}, path
