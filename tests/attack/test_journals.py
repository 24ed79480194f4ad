"""The attack on journals, in short."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "attack" / "journals.py"


def test_journals():
    done = subprocess.run(
        [sys.executable, PROGRAM, "--trials", "60", "--processes", "1", "--hang", "60"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "journals: 60 trials" in done.stdout
    for outcome in ("resumed", "refused", "refused in place", "resumed in place"):
        assert f" {outcome}" in done.stdout
