"""What the documentation shows, works."""

import doctest
import importlib
import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from itertools import chain
from pathlib import Path
from typing import Literal, get_origin

import numpy as np
import pytest
import torch

import vaeedit
from snippets import commands, snippets
from vaeedit import api
from vaeedit.cli.main import call
from vaeedit.extension import hooks
from vaeedit.extension.registry import registry
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.testing import checks

ROOT = Path(__file__).parent.parent


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)


def test_the_generated_pages_are_fresh():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_examples_of_the_hooks_run():
    assert doctest.testmod(hooks).attempted >= 14
    assert doctest.testmod(hooks).failed == 0


@pytest.fixture(scope="module")
def soften(tmp_path_factory):
    """The folder with the files of the section "An operation", each named before its block."""
    folder = tmp_path_factory.mktemp("soften")
    section = (
        (ROOT / "docs" / "plugins.md").read_text().partition("## An operation\n")[2].partition("\n## ")[0]
    )
    files = re.findall(r"^`([\w/.]+)`[^\n]*:\n\n```\w+\n(.*?)```", section, flags=re.DOTALL | re.MULTILINE)
    for name, text in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    assert len(files) == section.count("```") / 2 - section.count("```yaml") == 3
    return folder


def test_the_plugin_of_the_authors_guide_keeps_the_contract(soften, monkeypatch):
    monkeypatch.syspath_prepend(soften)
    monkeypatch.setenv("PYTHONPATH", str(soften), prepend=os.pathsep)
    count = 0
    for _, check in checks(importlib.import_module("acme_soften")):
        check()
        count += 1
    assert count > 10


def _project(folder, page, section, package):
    """The folder with the files of a section: a light module, a heavy one and pyproject.toml."""
    text = (ROOT / page).read_text().partition(f"## {section}\n")[2].partition("\n## ")[0]
    light, heavy, facts = re.findall(r"```\w+\n(.*?)```", text, flags=re.DOTALL)
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text(light)
    (folder / package / "heavy.py").write_text(heavy)
    (folder / "pyproject.toml").write_text(facts)
    return folder


def test_the_plugin_of_the_authors_guide_can_be_installed(soften, tmp_path):
    """The page's commands, but for a network: what is installed already builds and serves it."""
    from PIL import Image

    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index", "-q"]
    others = [
        _project(tmp_path / "film", "docs/plugins.md", "An operation without a VAE", "acme_film"),
        _project(tmp_path / "flat", "docs/vaes.md", "Your own", "acme_flat"),
    ]
    subprocess.run([*pip, "--target", tmp_path / "installed", soften, *others], check=True)
    installed = distributions(path=[str(tmp_path / "installed")])
    points = [*chain.from_iterable(one.entry_points for one in installed)]
    assert {point.value for point in points} == {"acme_soften", "acme_film", "acme_flat"}
    Image.fromarray(np.full((16, 24, 3), 90, np.uint8)).save(tmp_path / "in.jpg")
    paths = os.pathsep.join([str(tmp_path / "installed"), *filter(None, [os.environ.get("PYTHONPATH")])])
    (block,) = (
        one
        for one in snippets("docs/plugins.md")
        if one.text.startswith("pip install -e .\n") and one.section == "An operation"
    )
    first, *lines = commands(block.text)
    assert first == ["pip", "install", "-e", "."]
    said = ""
    for words in lines:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            env={**os.environ, "PYTHONPATH": paths},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said += done.stdout
    assert "How far to go" in said
    assert "acme-soften" in said
    assert Image.open(tmp_path / "in.soften.jpg").size == (24, 16)
    section = (ROOT / "docs/plugins.md").read_text().partition("## Test it\n")[2].partition("\n## ")[0]
    tests = re.findall(
        r"^`(tests/\w+\.py)`[^\n]*:\n\n```\w+\n(.*?)```", section, flags=re.DOTALL | re.MULTILINE
    )
    assert len(tests) == section.count("```") / 2 == 3
    (tmp_path / "tests").mkdir()
    for name, text in tests:
        (tmp_path / name).write_text(text)
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    few = ["-k", "soften_ or tiny or odd or light"]
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run([*pytest, *few], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, check=False)
    assert b"4 passed" in done.stdout, done.stdout


@pytest.fixture
def flat(tmp_path, monkeypatch):
    """The package of the guide to VAEs, installed in `tmp_path`, which is also where one is."""
    light, heavy = blocks("docs/vaes.md", "python")
    (project,) = blocks("docs/vaes.md", "toml")
    package, facts = tmp_path / "acme_flat", tmp_path / "acme_flat-1.dist-info"
    package.mkdir()
    (package / "__init__.py").write_text(light)
    (package / "network.py").write_text(heavy)
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-flat\nVersion: 1\n")
    written_by_pip = "[vaeedit]" + project.partition("[project.entry-points.vaeedit]")[2].replace('"', "")
    (facts / "entry_points.txt").write_text(written_by_pip)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    registry.cache_clear()
    yield importlib.import_module("acme_flat.network").Flat(
        importlib.import_module("acme_flat").FlatConfig(width=12, latents=5)
    )
    registry.cache_clear()


def test_the_own_vae_of_the_guide_runs(flat, capsys):
    from PIL import Image

    torch.manual_seed(0)
    torch.save({key: torch.randn_like(value) / 6 for key, value in flat.state_dict().items()}, "mine.pth")
    colors = np.random.default_rng(0).integers(0, 256, (2, 9, 13, 3), dtype=np.uint8)
    for name, small in zip(("photo.png", "look.png"), colors, strict=True):
        Image.fromarray(small).resize((131, 90)).save(name)
    section = (ROOT / "docs" / "vaes.md").read_text().partition("## Your own\n")[2]
    lines = re.findall(r"^ {4}vaeedit (.*)", section, flags=re.MULTILINE)
    assert [command.split()[0] for command in lines] == ["models", "models", "style"]
    for command in lines:
        assert call(command.split()) == 0, capsys.readouterr().err
    assert "mine.safetensors  (acme-flat)" in capsys.readouterr().out
    photo, styled = (np.asarray(Image.open(name)).astype(int) for name in ("photo.png", "styled.png"))
    assert styled.shape == photo.shape
    assert np.abs(styled - photo).max() > 10
    for tile in ((), ("--tile", "16")):
        output = f"{len(tile)}.png"
        assert call([*lines[-1].split(), "-o", output, "--precision", "float32", *tile]) == 0
    whole, tiled = (np.asarray(Image.open(f"{count}.png")).astype(int) for count in (0, 2))
    assert np.abs(tiled - whole).max() <= 1  # rounding


def test_the_sample_pipelines_are_valid():
    for path in (ROOT / "samples" / "pipelines").glob("*.yaml"):
        assert Pipeline.from_file(path).check(registry())


def test_the_gallery_runs(tmp_path):
    from PIL import Image

    small = tmp_path / "small.png"
    Image.open(ROOT / "samples" / "images" / "box-iso1600.jpg").crop((400, 300, 520, 380)).save(small)
    for script in sorted((ROOT / "samples" / "gallery").glob("*.py")):
        target = tmp_path / f"{script.stem}.png"
        subprocess.run([sys.executable, script, small, target], check=True, cwd=tmp_path)
        assert vaeedit.read(target).width == 3 * (120 // 3)


def test_every_public_name_resolves_and_is_documented():
    for module in (vaeedit, api):
        assert module.__all__
        for name in module.__all__:
            value = getattr(module, name)
            plain = (
                isinstance(value, int) or get_origin(value) is Literal
            )  # these have no docstring of their own
            assert plain or value.__doc__, f"{module.__name__}.{name}"
