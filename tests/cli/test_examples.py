"""The examples of the help pages run, where that is cheap: those that edit pictures only parse (test_help.py)."""

import shlex
import shutil

import numpy as np
import pytest
from PIL import Image

from vaeedit.extension.registry import registry
from vaeedit.vae.files import find_vae

CHEAP = (
    *("ops", "plugins", "models list", "models info", "pipeline check", "pipeline schema"),
    *("info", "compare", "data", "completion install"),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files that the examples name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    (tmp_path / "photos").mkdir()
    for name in ("edited.jpg", "before.jpg", "after.jpg", "photos/a.jpg"):
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / "restore.yaml").write_text("version: 1\nsteps:\n  - denoise\n")
    shutil.copy(find_vae("mnist-plain", registry()), tmp_path / "mine.safetensors")


@pytest.mark.parametrize("command", CHEAP)
def test_the_example_runs(command, folder, vaeedit):
    page = vaeedit(*command.split(), "--help").out
    words = shlex.split(page.rpartition("Example: vaeedit ")[2])
    assert words[: len(command.split())] == command.split()
    done = vaeedit(*words)
    assert done.code == 0, done.err
    assert done.out
