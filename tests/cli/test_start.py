"""The command line starts fast: nothing heavy is imported before there is a picture to edit."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = [
    "torch",
    "kornia",
    "cv2",
    "skimage",
    "sklearn",
    "numpy",
    "PIL",
    "rich",
    "lightning",
    "pytorch_lightning",
    "scipy",
]

CASES = {
    "import vaeedit": ("import vaeedit", 0),
    "import vaeedit.api": ("import vaeedit.api", 0),
    "vaeedit --help": ("from vaeedit.cli.main import call; code = call(['--help'])", 0),
    "vaeedit": ("from vaeedit.cli.main import call; code = call([])", 2),
    "vaeedit --version": ("from vaeedit.cli.main import call; code = call(['--version'])", 0),
    "vaeedit denoise --help": ("from vaeedit.cli.main import call; code = call(['denoise', '--help'])", 0),
    "vaeedit run --help": ("from vaeedit.cli.main import call; code = call(['run', '--help'])", 0),
    "vaeedit train --help": ("from vaeedit.cli.main import call; code = call(['train', '--help'])", 0),
    "vaeedit plugins": ("from vaeedit.cli.main import call; code = call(['plugins'])", 0),
    "vaeedit ops": ("from vaeedit.cli.main import call; code = call(['ops', '--json'])", 0),
    "a mistyped option": (
        "from vaeedit.cli.main import call; code = call(['denoise', 'a.png', '--strenght', '1'])",
        2,
    ),
    "a wrong value": (
        "from vaeedit.cli.main import call; code = call(['denoise', 'a.png', '--sigma', 'x'])",
        2,
    ),
    "a mistyped command": ("from vaeedit.cli.main import call; code = call(['densoise', 'a.png'])", 2),
    "a missing file": ("from vaeedit.cli.main import call; code = call(['denoise', 'no.png'])", 2),
}


@pytest.mark.parametrize("case", CASES)
def test_nothing_heavy_is_imported(case):
    statement, expected = CASES[case]
    report = f"import json, sys; code = 0; {statement}; print(json.dumps([code, [n for n in {HEAVY} if n in sys.modules]]))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [expected, []]
    assert "Traceback" not in done.stderr


def test_the_check_above_would_notice():
    statement = "import vaeedit; vaeedit.Frame"
    code = f"import json, sys; {statement}; print(json.dumps([n for n in {HEAVY} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "numpy" in json.loads(done.stdout)


def test_help_lists_operations_and_commands(run_vaeedit, tmp_path):
    done = run_vaeedit("--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    for name in (b"denoise", b"Remove noise", b"run", b"train", b"evaluate", b"ops", b"models", b"plugins"):
        assert name in done.stdout


def test_help_of_an_operation_lists_each_option_with_its_bounds_and_default(run_vaeedit, tmp_path):
    text = run_vaeedit("denoise", "--help", cwd=tmp_path, COLUMNS="200").stdout.decode()
    for line in ("--sigma 0..75|auto", "--strength 0..2", "--samples 0..256", "--realism 0..1", "--tile N"):
        assert line in text
    for flag in ("--output", "--in-place", "--exists", "--compare", "--uncertainty", "--json", "--debug"):
        assert flag in text
    for flag in ("--device", "--precision", "--seed", "--vae"):
        assert flag in text
    assert "changes nothing, 1 removes all noise. [default: 1.0]" in " ".join(text.split())


def test_starting_takes_a_fraction_of_what_torch_takes():
    def seconds(code):
        before = os.times().children_user
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        return os.times().children_user - before

    light = min(seconds("from vaeedit.cli.main import call; call(['--help'])") for _ in range(3))
    assert light < 0.5 * seconds("import torch")
