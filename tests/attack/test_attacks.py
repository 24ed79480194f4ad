"""Short forms of the attacks; in full they are `make attack`."""

import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["reading", "damage"])
def test_reading(attack, name):
    told = attack(name, 3000)
    assert all(int(count.replace(",", "")) for count in re.findall(r"([\d,]+) (?:read|refused)", told))


@pytest.mark.skipif(find_spec("atheris") is not None, reason="it would attack")
def test_without_atheris_nothing_is_attacked_and_it_says_so(program):
    done = program("coverage_guided", "--seconds", "1")
    assert done.returncode == 77
    assert "atheris is not installed, so nothing was attacked" in done.stdout


@pytest.mark.parametrize(
    ("name", "trials", "outcomes"),
    [
        ("journals", 60, ["resumed", "refused", "refused in place", "resumed in place"]),
        ("metadata", 300, ["planned", "survived"]),
        ("models", 150, ["refused", "old bit scored"]),
        ("names", 10, []),
        ("yaml_files", 600, ["refused", "accepted"]),
    ],
)
def test_files(attack, name, trials, outcomes):
    told = attack(name, trials)
    for outcome in outcomes:
        assert f" {outcome}" in told


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not heed the limit")
def test_address_space(attack):
    attack("address_space", 8)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_kills(attack):
    told = attack("kills", 1, VAEEDIT_KILLS="2", VAEEDIT_ENGINES="one process")
    assert "1 times 2 kills of one process" in told


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs /proc to see when signals are taken"
)
def test_signals(attack):
    attack("signals", 4, VAEEDIT_ENGINES="one process,two workers")
