"""The attack on the address space, in short."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "attack" / "address_space.py"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not heed the limit")
def test_address_space():
    done = subprocess.run(
        [sys.executable, PROGRAM, "--trials", "8", "--processes", "1"],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "address_space: 8 trials" in done.stdout
