"""`when`: steps that run only if a note of an earlier step satisfies a condition."""

import numpy as np
import pytest
from skimage import data

from vaeedit.api import Frame
from vaeedit.cli.main import call
from vaeedit.errors import PipelineError, VaeeditError
from vaeedit.image import read, write
from vaeedit.pipeline.condition import When
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.run.session import Session

PHOTO = Frame(data.astronaut()[:96, :96])


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a.score > 0.5", True),
        ("a.score>=.75", True),
        ("a.score < 7.5e-1", False),
        ("a.score == 0.75", True),
        ("a.score != 0.75", False),
        ("a.flag", True),
        ("not a.flag", False),
        ("a-b:c.score <= -1", True),
    ],
)
def test_conditions_compare_notes_with_numbers_or_take_them_as_true(text, holds):
    notes = {"a": {"score": 0.75, "flag": True}, "a-b:c": {"score": -2}}
    assert When.parse(text).holds(notes) is holds


@pytest.mark.parametrize(
    "text", ["", "score > 1", "a.score > big", "a.score >", "not a.score > 1", "a.score > 1 and a.score < 2"]
)
def test_other_texts_are_refused_with_the_form(text):
    with pytest.raises(ValueError, match=r"when must look like STEP\.NOTE > NUMBER"):
        When.parse(text)


@pytest.mark.parametrize("text", ["a.score > " + "1" * 100_000 + "x", "a" * 1_000_000, "not " * 100_000])
def test_a_condition_that_is_too_long_is_not_even_looked_at(text):
    with pytest.raises(ValueError, match=r"when must look like STEP\.NOTE") as caught:
        When.parse(text)
    assert len(str(caught.value)) < 300


def test_a_number_that_is_too_large_is_refused():
    with pytest.raises(ValueError, match="too large a number"):
        When.parse("a.score > 1e999")


def test_a_note_that_is_not_there_or_no_number_is_a_sentence():
    with pytest.raises(VaeeditError, match=r"a has no note 'scor'.*score"):
        When.parse("a.scor > 1").holds({"a": {"score": 1}})
    with pytest.raises(VaeeditError, match=r"is nan; `a\.score < 0\.01` needs a number"):
        When.parse("a.score < 0.01").holds({"a": {"score": float("nan")}})
    with pytest.raises(VaeeditError, match="needs a number"):
        When.parse("a.name > 1").holds({"a": {"name": "x"}})


def test_a_step_runs_only_where_its_condition_holds_and_what_waits_for_it_neither():
    first = Step("reconstruct", name="look")
    change = Step("direct", name="change", when="look.psnr > 90", along="brightness")
    after = Step("vary", when="change.explained > 0")
    with Session() as session:
        skipped = session.run(Pipeline(first, change, after), PHOTO)
        ran = session.run(
            Pipeline(first, Step("direct", name="change", when="look.psnr < 90", along="brightness")), PHOTO
        )
    assert skipped.notes["change"] == {"skipped": "look.psnr > 90"}
    assert skipped.notes["vary"] == {"skipped": "change.explained > 0"}
    assert "explained" in ran.notes["change"]
    assert ran.frame.floats().mean() > skipped.frame.floats().mean() + 0.02


def test_a_pipeline_file_keeps_its_conditions_and_is_checked_before_anything_runs():
    text = "version: 1\nsteps:\n  - reconstruct: {}\n  - vary: {when: reconstruct.psnr > 30}\n"
    pipeline = Pipeline.from_yaml(text)
    assert pipeline.steps[1].when == "reconstruct.psnr > 30"
    assert Pipeline.from_yaml(pipeline.to_yaml()) == pipeline
    with Session() as session, pytest.raises(PipelineError) as faults:
        session.run(
            Pipeline.from_yaml(text.replace("reconstruct.psnr", "recon.psnr").replace("30", "30 dB")), PHOTO
        )
    assert "line 4" in str(faults.value)
    with Session() as session, pytest.raises(PipelineError, match="no earlier step has that name"):
        session.run(Pipeline(Step("vary", when="denoise.sigma > 1"), Step("denoise")), PHOTO)


def test_a_skipped_step_writes_no_map_and_the_batch_goes_on(tmp_path):
    (tmp_path / "in").mkdir()
    write(Frame(np.full((64, 64, 3), 128, np.uint8)), tmp_path / "in" / "flat.png")
    write(PHOTO, tmp_path / "in" / "photo.png")
    pipeline = tmp_path / "p.yaml"
    pipeline.write_text(
        "version: 1\nsteps:\n  - reconstruct: {}\n"
        "  - denoise: {when: reconstruct.psnr < 45, maps: [uncertainty]}\n"
    )
    out = tmp_path / "out"
    assert call(["run", str(pipeline), str(tmp_path / "in"), "-o", str(out)]) == 0
    maps = sorted(path.name for path in out.rglob("*uncertainty*"))
    assert [name.split(".")[0] for name in maps] == ["photo"]
    assert read(out / "flat.png").pixels.shape == (64, 64, 3)
