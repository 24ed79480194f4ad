"""The sample plugins, written from the page of complete plugins and installed for real."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vaeedit.extension.registry import registry

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples/plugins"
BLOCK = re.compile(r"^`([\w/.-]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAME = re.compile(r'^name = "(.*)"$', re.MULTILINE)


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The projects of the page, and what it cannot show: trained weights and what they decode to."""
    folder = tmp_path_factory.mktemp("projects")
    made = []
    for section in (ROOT / "docs/plugin-recipes.md").read_text().split("\n## ")[1:]:
        files = dict(BLOCK.findall(section))
        project = folder / NAME.search(files["pyproject.toml"])[1]
        for name, text in files.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(text)
        (project / "README.md").write_text("# " + section)
        sample = SAMPLES / project.name
        for found in [*sample.rglob("tiny.*"), *sample.rglob("outputs.json")]:
            copy = project / found.relative_to(sample)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(found, copy)
        made.append(project)
    return made


@pytest.fixture(scope="session")
def packages(projects: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which pip installed them."""
    target = tmp_path_factory.mktemp("packages")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index", "-q"]
    subprocess.run([*pip, "--target", target, *projects], check=True)
    return target


@pytest.fixture
def installed(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The plugins in this process and in those that it starts; `tmp_path` is where one is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setenv("PYTHONPATH", str(packages), prepend=os.pathsep)
    registry.cache_clear()
    yield tmp_path
    registry.cache_clear()
