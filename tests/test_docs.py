"""What the documentation shows, works."""

import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import vaeedit
from vaeedit import api, hookspecs
from vaeedit.pipeline import Pipeline
from vaeedit.plugins import registry
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
    assert doctest.testmod(hookspecs).attempted >= 6
    assert doctest.testmod(hookspecs).failed == 0


def test_the_plugin_of_the_authors_guide_keeps_the_contract(tmp_path, monkeypatch):
    light, heavy, _ = blocks("docs/plugins.md", "python")
    (tmp_path / "acme_soften").mkdir()
    (tmp_path / "acme_soften" / "__init__.py").write_text(light)
    (tmp_path / "acme_soften" / "operation.py").write_text(heavy)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    count = 0
    for _, check in checks(importlib.import_module("acme_soften")):
        check()
        count += 1
    assert count > 10


def test_every_command_of_the_guides_exists():
    known = {
        *registry().operations.bare,
        "run",
        "chain",
        "pipeline",
        "train",
        "evaluate",
        "ops",
        "models",
        "plugins",
    }
    for page in ("README.md", "docs/guide.md"):
        text = (ROOT / page).read_text()
        used = set(re.findall(r"^ {4}vaeedit ([a-z-]+)", text, flags=re.MULTILINE))
        assert used, page
        assert used <= known, page


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
            assert isinstance(value, int) or value.__doc__, f"{module.__name__}.{name}"
