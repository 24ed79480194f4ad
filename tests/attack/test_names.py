"""The attack with names, in short."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "attack" / "names.py"


def test_names():
    done = subprocess.run(
        [sys.executable, PROGRAM, "--trials", "10", "--processes", "1", "--hang", "60"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "names: 10 trials" in done.stdout
    assert "names: 0 failures" in done.stdout
