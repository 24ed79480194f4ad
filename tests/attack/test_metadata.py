"""The attack on metadata, in short."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "attack" / "metadata.py"


def test_metadata():
    done = subprocess.run(
        [sys.executable, PROGRAM, "--trials", "300", "--processes", "1", "--hang", "60"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "metadata: 300 trials" in done.stdout
    assert " planned" in done.stdout
    assert " survived" in done.stdout
