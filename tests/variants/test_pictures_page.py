"""The commands of the page "VAEs in pictures" run, in its order, in a folder with MNIST and the samples."""

import re
import shlex
from pathlib import Path

import pytest

from vaeedit.cli.main import call

ROOT = Path(__file__).parents[2]
MNIST = ROOT.parent / "shared" / "data" / "mnist"
COMMANDS = re.findall(r"^    vaeedit (.+)$", (ROOT / "docs" / "pictures.md").read_text(), flags=re.MULTILINE)


@pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST is not there")
def test_every_command_of_the_page_runs(tmp_path, monkeypatch):
    """Training is cut to a few steps: then its pictures say nothing, but every file is made."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("pytorch_lightning")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").symlink_to(MNIST)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    assert len(COMMANDS) > 20
    for command in COMMANDS:
        arguments = shlex.split(re.sub(r"--steps \d{3,}", "--steps 12", command))
        assert call(arguments) == 0, command
        if "-o" in arguments:
            assert (tmp_path / arguments[arguments.index("-o") + 1]).exists(), command
