"""The page of features has all rows of the script, and counts them right."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_page_and_the_script_agree():
    command = [sys.executable, str(ROOT / "benchmarks" / "features" / "run.py"), "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split(" | ") for line in (ROOT / "docs" / "features.md").read_text().splitlines()]
    rows = [row for row in rows if len(row) >= 4][2:]  # after the head of the table
    assert [row[0].removeprefix("| ") for row in rows] == done.stdout.splitlines()
    assert len(rows) == 38
    yes = sum(row[2] == "yes" for row in rows)
    assert f"{yes} of 38 rows are yes." in (ROOT / "docs" / "features.md").read_text()
