"""`make figures`: the program that runs the commands of docs/benchmarks.md again."""

import shlex
import subprocess
import sys
from pathlib import Path

from snippets import ROOT


def figures(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(ROOT / "docs" / "figures.py"), str(data), "-o", str(data / "page.md")]
    return subprocess.run([*program, *words], text=True, capture_output=True, check=False)


def test_a_command_runs_and_its_output_is_on_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "test" / "set5"
    folder.mkdir(parents=True)
    done = figures(tmp_path, "--only", "super-resolve Set5/")
    assert "passed over, as" in done.stdout, "LPIPS/ is not there"
    lpips = tmp_path / "metrics" / "lpips-squeeze"
    lpips.mkdir(parents=True)
    done = figures(tmp_path, "--only", "super-resolve Set5/")
    page = (tmp_path / "page.md").read_text()
    assert done.returncode == 1, "without LPIPS's files nothing can be measured"
    assert "exit status 2" in page, page
    assert f"{lpips} holds no" in page, "it is the command's own message"
    assert "denoise.safetensors" in page, "the weights are named"


def test_commands_of_the_page_are_listed_and_none_runs(tmp_path: Path) -> None:
    for name in ("test/cbsd68", "test/real-noise-cc", "metrics/lpips-squeeze"):
        (tmp_path / name).mkdir(parents=True)
    lines = figures(tmp_path, "--list").stdout.splitlines()
    assert "vaeedit evaluate denoise CC15/ --real --vae denoise" in lines
    assert any(line.startswith("passed over") and "mnist" in line for line in lines)
    listed = [shlex.split(line) for line in lines if line.startswith("python")]
    assert listed
    assert all((ROOT / words[1]).exists() for words in listed)
    assert "## " not in (tmp_path / "page.md").read_text()
