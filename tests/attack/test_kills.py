"""The attack by kills, in short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "attack" / "kills.py"


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_kills():
    done = subprocess.run(
        [sys.executable, PROGRAM, "--trials", "1", "--processes", "1"],
        env={**os.environ, "VAEEDIT_KILLS": "2", "VAEEDIT_ENGINES": "one process"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kills: 1 trials" in done.stdout
    assert "1 times 2 kills of one process" in done.stdout
