"""Editors and type checkers know the options of every built-in operation."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import vaeedit
from vaeedit.extension.registry import registry

ROOT = Path(__file__).parents[1]
CODE = """
import numpy as np
import vaeedit
from vaeedit import Step
picture = np.zeros((8, 8, 3), np.uint8)
vaeedit.edit(picture, "denoise", strength=0.5, sigma="auto", maps=("uncertainty",), seed=3).save("a.png")
vaeedit.edit("a.png", "fuse", with_=[picture, b"data"], mode="blend")
vaeedit.edit(open("a.png", "rb"), "style", style=picture, weights=[1, 2]).image.size
vaeedit.edit("a.png", Step("acme-grain", amount=1), device="cpu")
vaeedit.edit("a.png", "denoise", strenght=0.5)  # wrong
vaeedit.edit("a.png", "denose")  # wrong
vaeedit.edit("a.png", "denoise", quality="great")  # wrong
vaeedit.edit("a.png", "interpolate")  # wrong
vaeedit.edit("a.png", "denoise", maps=("heat",))  # wrong
vaeedit.edit("a.png", "denoise").save("a.png", exists="maybe")  # wrong
"""
CONFIGURATION = """
[mypy]
mypy_path = {root}
follow_imports = silent
[mypy-torch.*,PIL.*,msgspec.*]
follow_imports = skip
ignore_missing_imports = True
"""


def test_a_type_checker_accepts_what_is_right_and_refuses_what_is_wrong(tmp_path):
    (tmp_path / "code.py").write_text(CODE)
    (tmp_path / "mypy.ini").write_text(CONFIGURATION.format(root=ROOT))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "mypy.ini", "code.py"]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    found = {int(number) for number in re.findall(r"^code\.py:(\d+): error:", done.stdout, re.MULTILINE)}
    wrong = {number for number, line in enumerate(CODE.splitlines(), 1) if line.endswith("# wrong")}
    assert found == wrong, [line for line in done.stdout.splitlines() if "error:" in line]


def test_the_stub_and_the_code_agree():
    text = (ROOT / "vaeedit" / "run" / "edit.pyi").read_text()
    named = re.findall(r'operation: Literal\["([^"]+)"\]', text)
    built_in = [name for name, item in registry().operations.bare.items() if item.distribution == "vaeedit"]
    assert named == sorted(built_in)
    assert list(inspect.signature(vaeedit.edit).parameters) == ["source", "operation", "maps", "options"]
