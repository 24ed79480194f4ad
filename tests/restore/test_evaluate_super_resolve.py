"""Enlarging is measured as the literature does, and the shipped model beats interpolation."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaeedit.cli.main import call
from vaeedit.evaluation.measure import evaluate
from vaeedit.evaluation.metrics import psnr
from vaeedit.image import Frame, read
from vaeedit.run.session import Session
from vaeedit_restore.tasks import Enlarging

SET5 = Path(__file__).parents[3] / "shared" / "data" / "test" / "set5"
needs_set5 = pytest.mark.skipif(not SET5.is_dir(), reason=f"the test images are not there: {SET5}")


@needs_set5
@pytest.mark.parametrize(("scale", "published"), [(2, 33.66), (3, 30.39), (4, 28.42)])
def test_bicubic_enlarging_scores_what_the_papers_print(scale, published):
    task = Enlarging(scale)
    scores = []
    for path in sorted(SET5.glob("*.png")):
        reference = task.reference(read(path))
        small = Image.fromarray(task.observed(reference).pixels)
        large = small.resize((reference.width, reference.height), Image.Resampling.BICUBIC)
        pair = (task.compared(reference.pixels), task.compared(np.asarray(large)))
        scores.append(psnr(*pair))
    assert np.mean(scores) == pytest.approx(published, abs=0.05)  # Pillow's borders differ a little


def test_a_reference_is_cut_to_whole_multiples_and_gray_becomes_rgb():
    frame = Frame(np.zeros((31, 20, 1), np.uint8))
    reference = Enlarging(3).reference(frame)
    assert reference.pixels.shape == (30, 18, 3)
    assert Enlarging(3).observed(reference).pixels.shape == (10, 6, 3)


@needs_set5
def test_the_shipped_model_beats_bicubic_and_agrees_with_its_input():
    with Session(device="cpu", precision="float32") as session:
        row = evaluate(session, SET5, Enlarging(3), vae="super-resolve", samples=1)
    assert row["psnr"] > 30.39 + 2
    assert row["small_psnr"] > 45
    assert row["sample_small_psnr"] > 45
    assert row["sample_psnr"] < row["psnr"] + 0.01
    assert 0.8 < row["coverage_90"] < 0.98


@needs_set5
def test_the_command_prints_a_table_with_the_protocol(capsys):
    assert call(["evaluate", "super-resolve", str(SET5), "--scale", "4"]) == 0
    out = capsys.readouterr().out
    assert "protocol: MATLAB bicubic" in out
    assert "| 4 | bicubic | normal |" in out


@needs_set5
def test_small_pictures_are_compressed_before_they_are_enlarged(capsys):
    command = ["evaluate", "super-resolve", str(SET5), "--scale", "4", "--model", "photo", "--json"]
    assert call([*command, "--jpeg", "85", "--jpeg", "30"]) == 0
    good, poor = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert good["baseline_psnr"] < 28.42  # of bicubic enlarging without JPEG
    assert poor["baseline_psnr"] < good["baseline_psnr"] - 0.5
    assert good["psnr"] > good["baseline_psnr"] + 0.5
