"""Devices: what a session asks of the machine's memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")
LARGE = """
import torch
from vaeedit import Session
Session(device="cpu")
tensor = torch.ones(64 << 20, dtype=torch.uint8)
for line in open("/proc/self/smaps_rollup"):
    if line.startswith("AnonHugePages"):
        print(line.split()[1])
"""


def huge_kilobytes(**environment: str) -> int:
    """Memory in huge pages of a fresh process that has made a session and then a tensor of 64 MB."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return int(done.stdout)


@pytest.mark.skipif(
    not SWITCH.exists() or "[madvise]" not in SWITCH.read_text(),
    reason="this system does not give huge pages to those who ask for them",
)
def test_a_session_asks_for_huge_pages_unless_told_not_to() -> None:
    with_them = huge_kilobytes()
    without = huge_kilobytes(THP_MEM_ALLOC_ENABLE="0")
    assert with_them - without > 32 << 10
