"""The attack on pipelines, recipes, conditions and lines, in short."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "attack" / "yaml_files.py"


def test_yaml_files():
    done = subprocess.run(
        [sys.executable, PROGRAM, "--trials", "600", "--processes", "1", "--hang", "60"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "yaml_files: 600 trials" in done.stdout
    assert " refused" in done.stdout
    assert " accepted" in done.stdout
