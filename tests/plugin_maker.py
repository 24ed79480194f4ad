"""Tiny plugins: as pip leaves them in a folder, and made in this process."""

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from vaeedit.extension.specs import OperationSpec, hookimpl

SCRIPT = Path(sys.executable).with_name("vaeedit")

OPERATION = """
from vaeedit.api import OperationSpec, hookimpl

@hookimpl
def vaeedit_operations():
    return [OperationSpec(name="{name}", summary="Of a test.", vae="denoise", target="{module}_work:Work")]
"""

WORK = """
from vaeedit.api import Edit

class Work(Edit):
    def edit(self, latents):
        {body}
"""


def put(folder: Path, name: str, source: str, module: str | None = None, point: str | None = None) -> None:
    """An installed distribution `name` as pip leaves it: the module and its dist-info."""
    module = module or name.replace("-", "_")
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[vaeedit]\n{point or name} = {module}\n")


def run(folder: Path, *arguments: str, cwd: Path | None = None, text: bool = True, **environment: str):
    """The installed script with `folder` as one more place of packages."""
    paths = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [str(SCRIPT), *arguments],
        cwd=cwd or folder,
        capture_output=True,
        text=text,
        timeout=900,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    )


def states(done) -> dict[str, dict[str, str]]:
    """The lines of `vaeedit plugins --json` by plugin."""
    return {row["plugin"]: row for row in map(json.loads, done.stdout.splitlines())}


def make_picture(path: Path, seed: int = 0) -> Path:
    values = np.random.default_rng(seed).normal(128, 20, (32, 40, 3))
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(path)
    return path


def point(name: str, **members: object) -> EntryPoint:
    """The entry point of a module made here, of no distribution."""
    module = ModuleType(f"plugin_{name.replace('-', '_')}")
    for key, value in members.items():
        setattr(module, key, value)
    sys.modules[module.__name__] = module
    return EntryPoint(name, module.__name__, "vaeedit")


def operation(name: str = "soften", **changes: object) -> OperationSpec:
    return OperationSpec(**{"name": name, "summary": "Text.", "target": "a:b", "vae": "denoise", **changes})


def of(*specs: object):
    @hookimpl
    def vaeedit_operations():
        return list(specs)

    return vaeedit_operations


def changed(texts, changes):
    """The texts after replacements, each of which must apply."""
    for old, new in changes:
        assert any(old in text for text in texts), old
        texts = [text.replace(old, new, 1) for text in texts]
    return texts
