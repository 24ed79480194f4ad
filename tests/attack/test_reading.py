"""Short forms of the attacks on reading; in full they are `python benchmarks/attack/NAME.py`."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ATTACKS = Path(__file__).parents[2] / "benchmarks" / "attack"


def _ran(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ATTACKS / f"{name}.py", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("name", "trials"), [("reading", 3000), ("damage", 3000)])
def test_no_trial_fails(name, trials):
    done = _ran(name, "--trials", str(trials), "--processes", "1", "--hang", "60")
    assert done.returncode == 0, done.stdout
    assert f"{name}: {trials:,} trials" in done.stdout
    assert f"{name}: 0 failures" in done.stdout
    assert all(int(count.replace(",", "")) for count in re.findall(r"([\d,]+) (?:read|refused)", done.stdout))


@pytest.mark.skipif(find_spec("atheris") is not None, reason="it would attack")
def test_without_atheris_nothing_is_attacked_and_it_says_so():
    done = _ran("coverage_guided", "--seconds", "1")
    assert done.returncode == 77
    assert "atheris is not installed, so nothing was attacked" in done.stdout
