"""The attack on models, in short."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "attack" / "models.py"


def test_models():
    done = subprocess.run(
        [sys.executable, PROGRAM, "--trials", "150", "--processes", "1", "--hang", "60"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "models: 150 trials" in done.stdout
    assert " refused" in done.stdout
    assert " old bit scored" in done.stdout
