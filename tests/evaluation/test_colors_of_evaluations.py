"""Evaluations see the colors that operations see: those of a profile, converted to sRGB."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from vaeedit.cli.main import call
from vaeedit.image import Frame, Metadata, working, write

sys.path.insert(0, str(Path(__file__).parents[1] / "image"))
import profiles


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two pictures in ProPhoto, and in another folder the same ones in sRGB."""
    folder = tmp_path_factory.mktemp("colors")
    values = np.random.default_rng(0).integers(0, 256, (2, 6, 8, 3)).repeat(12, 1).repeat(12, 2)
    for name, pixels in zip(("sea-A.png", "sea-B.png"), values.astype(np.uint8), strict=True):
        frame = Frame(pixels, metadata=Metadata(icc=profiles.rgb(profiles.PROPHOTO, 1.8)))
        for place, shown in (("tagged", frame), ("plain", working(frame))):
            (folder / place).mkdir(exist_ok=True)
            write(shown, folder / place / name)
    return folder


@pytest.mark.parametrize(
    "evaluation",
    [
        ["denoise", "--sigma", "15"],
        ["super-resolve", "--scale", "2"],
        ["reconstruct", "--channels", "0"],
        ["fuse", "--mode", "focus"],
    ],
)
def test_a_profile_counts(folders, evaluation, capsys):
    rows = []
    for folder in ("tagged", "plain"):
        name, *flags = evaluation
        assert call(["evaluate", name, str(folders / folder), *flags, "--json", "--device", "cpu"]) == 0
        rows.append(json.loads(capsys.readouterr().out.splitlines()[0]))
    tagged, plain = ({k: v for k, v in row.items() if not re.match("seconds|peak", k)} for row in rows)
    assert tagged == pytest.approx(plain, abs=0.2 if evaluation[0] == "fuse" else 1e-6)
