"""The attack by signals, in short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "attack" / "signals.py"


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs /proc to see when signals are taken"
)
def test_signals():
    done = subprocess.run(
        [sys.executable, PROGRAM, "--trials", "4", "--processes", "1"],
        env={**os.environ, "VAEEDIT_ENGINES": "one process,two workers"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "signals: 4 trials" in done.stdout
    assert "0 failures" in done.stdout
