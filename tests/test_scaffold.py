"""`vaeedit plugins new` and `check`: a stranger follows the authors' guide; projects of all kinds are tried as they come."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from itertools import chain

import pytest
from PIL import Image

from plugin_maker import make_picture
from snippets import ROOT, snippets
from vaeedit.scaffold.names import package_of
from vaeedit.scaffold.project import write_project

NAMES = {"none": "corner-shade", "latent": "crisp-2x", "own": "contrast-by-linear-vae-of-mine"}
"""The last one is as long as names may be."""
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_QUIET": "1"}
"""pip builds and installs with what is installed already; 0 is how its variable turns isolation off."""


def ran(*command, **settings):
    """What a command prints; its errors fail the test."""
    done = subprocess.run(command, **settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """A folder with a project of each kind."""
    folder = tmp_path_factory.mktemp("projects")
    for kind, name in NAMES.items():
        write_project(name, kind, folder / name, 'Ann "A" Ünal')
    return folder


@pytest.fixture(scope="module")
def installed(projects, tmp_path_factory):
    """The environment of a process in which all projects are installed."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--target", target]
    subprocess.run([*pip, *projects.iterdir()], env={**os.environ, **OFFLINE}, check=True)
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(target), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


@pytest.fixture
def fresh(tmp_path):
    """The environment of a shell: `python`, `pip` and `vaeedit` are of a new virtual environment that has what runs this."""
    venv.create(tmp_path / "venv", symlinks=True)
    programs = tmp_path / "venv" / "bin"
    for name in ("pip", "vaeedit"):
        (programs / name).write_text(f'#!/bin/sh\nexec python -m {name} "$@"\n')
        (programs / name).chmod(0o755)
    (packages,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (packages / "those_that_run_this.pth").write_text(sysconfig.get_path("purelib"))
    return {**os.environ, **OFFLINE, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}


def test_the_authors_guide_by_its_letter(fresh, tmp_path):
    """At most six commands lead from an empty folder to a plugin that is installed, checked, used and packed."""
    (block,) = (one for one in snippets("docs/plugins.md") if one.text.startswith("vaeedit plugins new"))
    lines = block.text.splitlines()
    assert len(lines) <= 6
    make_picture(tmp_path / "photo.jpg")
    said = ran("sh", "-e", "-c", block.text, env=fresh, cwd=tmp_path)
    assert re.search(r"^(\d+) checks: \1 ok, 0 failed$", said, re.MULTILINE)
    before, after = (Image.open(tmp_path / name) for name in ("photo.jpg", "photo.soft-glow.jpg"))
    assert after.size == before.size
    assert after.convert("L").getpixel((0, 0)) < before.convert("L").getpixel((0, 0)) - 30
    assert [path.name for path in tmp_path.glob("soft-glow/dist/*")] == [
        "vaeedit_soft_glow-0.1.0-py3-none-any.whl"
    ]


def test_every_kind_installs_and_passes_its_tests(projects, installed, tmp_path):
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--import-mode=importlib"]
    ran(*pytest, *(projects / name for name in NAMES.values()), env=installed, cwd=tmp_path)


def test_the_vae_is_trained_as_its_readme_says(projects, installed, tmp_path):
    name = NAMES["own"]
    (tmp_path / "PHOTOS").mkdir()
    shutil.copy(ROOT / "samples" / "images" / "mountain.jpg", tmp_path / "PHOTOS")
    (command,) = re.findall(r"vaeedit (train .*?)  #", (projects / name / "README.md").read_text())
    words = command.replace("--steps 500", "--steps 2").split()
    ran(sys.executable, "-m", "vaeedit", *words, env=installed, cwd=tmp_path)
    assert (tmp_path / "runs" / name / f"{name}.safetensors").is_file()


def test_the_source_is_formatted_and_typed(projects):
    """By the tools' own settings, which the projects have; types as strictly as those of vaeedit."""
    for command in ("check", "format --check"):
        ran(sys.executable, "-m", "ruff", *command.split(), "--no-cache", projects)
    packages = [projects / name / package_of(name) for name in NAMES.values()]
    paths = os.pathsep.join(str(package.parent) for package in packages)
    ran(sys.executable, "-m", "mypy", *packages, env={**os.environ, "MYPYPATH": paths}, cwd=ROOT)


def test_nothing_is_left_to_fill_in(projects):
    for path in chain(*(projects.glob(f"*/{pattern}") for pattern in ("*", "*/*.*", ".github/*/*"))):
        if path.is_file() and path.suffix != ".safetensors":
            assert path.suffix != ".tmpl"
            assert not re.search(rb"\$(?!\{\{ matrix)", path.read_bytes()), path
    facts = tomllib.loads((projects / "crisp-2x" / "pyproject.toml").read_text())["project"]
    assert facts["authors"] == [{"name": 'Ann "A" Ünal'}]
    assert 'Ann "A" Ünal' in (projects / "crisp-2x" / "LICENSE").read_text()
    assert sum(path.stat().st_size for path in projects.glob("contrast*/*/*.safetensors")) < 200_000
