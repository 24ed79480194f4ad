"""Programs of benchmarks/attack, in short."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ATTACKS = Path(__file__).parents[2] / "benchmarks" / "attack"


@pytest.fixture
def program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program by its name."""

    def run(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ATTACKS / f"{name}.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})

    return run


@pytest.fixture
def attack(program: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., str]:
    """Run so many trials, none of which may fail; gives what the program prints."""

    def run(name: str, trials: int, **environment: str) -> str:
        done = program(name, "--trials", str(trials), "--processes", "2", "--hang", "120", **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{name}: {trials:,} trials" in done.stdout
        assert f"{name}: 0 failures" in done.stdout
        return done.stdout

    return run
