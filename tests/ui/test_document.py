"""Documents of the page: edits that can be undone, pipelines that are opened, and what these may name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeedit.errors import OptionError, PipelineError, UsageError
from vaeedit.extension.registry import registry
from vaeedit.image import Frame, described, write
from vaeedit.options import fields
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.ui.document import LONGEST, Document
from vaeedit.ui.exports import as_yaml
from vaeedit.ui.opened import from_file, from_record, from_text, pipeline_of, recorded
from vaeedit.ui.places import Places, changed, with_pictures

DENOISE = registry().operations.find("denoise").spec


@pytest.fixture
def places(tmp_path):
    """A page with two uploads and a root; a secret lies beside both."""
    for name in ("uploads", "root"):
        (tmp_path / name).mkdir()
    for name in ("uploads/mask.png", "uploads/monet.jpg", "root/inside.png", "secret.png"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "root" / "out").symlink_to(tmp_path)
    return Places(registry(), tmp_path / "uploads", tmp_path / "root")


@st.composite
def edited(draw):
    """A document after some edits, and the documents on the way."""
    document, states = Document(), [Document()]
    for _ in range(draw(st.integers(0, 12))):
        entries = [entry.key for entry in document.entries]
        action = draw(
            st.sampled_from(["add", "remove", "move", "switch", "put", "sow"] if entries else ["add"])
        )
        key = draw(st.sampled_from(entries)) if entries else 0
        if action == "add":
            document = document.add(Step(draw(st.sampled_from(["denoise", "vary", "style"]))))
        elif action == "remove":
            document = document.remove(key)
        elif action == "move":
            document = document.move(key, draw(st.integers(-3, 3)))
        elif action == "switch":
            document = document.switch(key, draw(st.booleans()))
        elif action == "put":
            document = document.put(key, document.entry(key).step.but({"amount": draw(st.integers(0, 3))}))
        else:
            document = document.sow(draw(st.integers(0, 3)))
        if document != states[-1]:
            states.append(document)
    return document, states


@given(edited())
def test_undo_goes_back_through_all_states_and_redo_forward(made):
    document, states = made
    for state in reversed(states[:-1]):
        document = document.undo()
        assert document == state
    assert document.undo() is document
    for state in states[1:]:
        document = document.redo()
        assert document == state
    assert document.redo() is document


@given(edited())
def test_keys_are_unique_and_one_entry_is_current(made):
    document, _ = made
    for state in (document, document.undo(), document.undo().redo()):
        keys = [entry.key for entry in state.entries]
        assert len({*keys}) == len(keys)
        assert (state.current is None) == (not keys)
        added = state.add(Step("denoise"))
        assert added.current.key not in keys


def test_an_edit_after_undo_forgets_what_was_undone():
    document = Document().add(Step("denoise")).add(Step("vary")).undo().sow(3)
    assert not document.after
    assert document.undo().steps == (Step("denoise"),)


def test_changes_of_one_control_under_the_pointer_are_one_edit():
    document = Document().add(Step("vary"))
    key = document.entries[0].key
    for amount in (1, 2, 3):
        document = document.put(key, Step("vary", amount=amount), moving=(key, "amount"))
    again = document.settled().put(key, Step("vary", amount=5), moving=(key, "amount"))
    assert again.undo() == document
    assert document.undo().steps == (Step("vary"),)


def test_what_can_be_undone_is_limited():
    document = Document()
    for seed in range(2 * LONGEST):
        document = document.sow(seed)
    assert len(document.before) == LONGEST


def test_steps_that_are_off_are_left_out(places):
    document = Document().add(Step("denoise")).add(Step("vary"))
    document = document.switch(document.entries[0].key, False)
    assert pipeline_of(document, places).steps == (Step("vary"),)
    with pytest.raises(PipelineError, match="no steps"):
        pipeline_of(document.switch(document.entries[1].key, False), places)


def test_a_removed_step_is_refused_with_a_sentence():
    document = Document().add(Step("denoise"))
    with pytest.raises(UsageError, match="has been removed"):
        document.remove(0).put(0, Step("vary"))
    full = document.load(Pipeline(*[Step("denoise")] * 200))
    with pytest.raises(UsageError, match="at most"):
        full.add(Step("denoise"))


def test_the_neighbor_of_a_removed_step_is_selected():
    document = Document().add(Step("denoise")).add(Step("vary")).add(Step("style"))
    first, second, third = (entry.key for entry in document.entries)
    assert document.select(second).remove(second).current.key == third
    assert document.select(first).remove(second).current.key == first
    assert document.remove(third).current.key == second


def test_a_step_that_lacks_a_picture_says_so(places):
    with pytest.raises(PipelineError, match="needs the picture 'style'"):
        pipeline_of(Document().add(Step("style")), places)


def test_a_default_is_not_kept_and_a_mask_takes_its_options_with_it():
    known = fields(DENOISE.options)
    step = changed(Step("denoise"), known["strength"], 0.5)
    assert step == Step("denoise", strength=0.5)
    assert changed(step, known["strength"], 1.0) == Step("denoise")
    masked = with_pictures(step.but({**step.options, "feather": 3.0}), DENOISE, {"mask": ["mask.png"]})
    assert masked == Step("denoise", strength=0.5, feather=3.0, mask="mask.png")
    assert with_pictures(masked, DENOISE, {"mask": []}) == step


def test_a_pipeline_is_opened_without_defaults(places):
    text = """version: 1
seed: 7
steps:
  - restore:denoise: {strength: 1, sigma: '20', mask: mask.png, invert-mask: true, vae: denoise-photo}
  - style: {style: [monet.jpg, inside.png], preserve-color: yes, weights: [1, 2]}
"""
    inside = str(places.root / "inside.png")
    assert from_text(text, places) == Pipeline(
        Step("restore:denoise", sigma=20.0, mask="mask.png", invert_mask=True),
        Step("style", style=["monet.jpg", inside], preserve_color=True, weights=(1.0, 2.0)),
        seed=7,
    )


@pytest.mark.parametrize(
    ("step", "fragment"),
    [
        ("denoize", r"line 3: step 1 \(denoize\): .*did you mean 'denoise'"),
        ("denoise: {strength: 9}", "line 3: .*strength must be a number from 0 to 2"),
        ("denoise: {mask: ../secret.png}", "line 3: .*the picture '../secret.png' is not uploaded"),
        ("denoise: {mask: out/secret.png}", "is not uploaded, and is not below the folder of --root"),
        ("denoise: {mask: 'x{stem}.png'}", "is not uploaded"),
        ("denoise: {vae: /etc/x.safetensors}", "the VAE '/etc/x.safetensors' is not installed"),
        ("denoise: {vae: 'hub:some/one'}", "the VAE 'hub:some/one' is not installed"),
        ("denoise: {vae: denoyse}", "no VAE 'denoyse'; did you mean 'denoise'"),
        ("relabel: {to: /etc/passwd}", "takes words and uploaded files"),
        ("[]", "a step is a name"),
    ],
)
def test_a_pipeline_that_asks_for_other_things_is_refused(places, step, fragment):
    with pytest.raises(PipelineError, match=fragment):
        from_text(f"version: 1\nsteps:\n  - {step}\n", places)


def test_a_file_that_is_no_pipeline_is_refused(places, tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\xff\x00")
    with pytest.raises(UsageError, match="not a text file"):
        from_file(tmp_path / "a.yaml", places)


def test_words_are_harmless_and_names_of_files_are_not(places, tmp_path, monkeypatch):
    to = fields(registry().operations.find("relabel").spec.options)["to"]
    monkeypatch.chdir(tmp_path)
    for value in (7, "seven", "a cat, or two"):
        assert places.option(to, value) == value
    assert places.option(to, "inside.png") == str(places.root / "inside.png")
    for text in ("secret.png", "/etc/passwd", "../x", "~", "http://x", "out/secret.png", ".hidden", ""):
        with pytest.raises(UsageError, match="takes words and uploaded files"):
            places.option(to, text)


def test_an_option_of_text_gets_the_path_of_an_upload(places):
    document = Document().add(Step("relabel", to="monet.jpg"))
    assert pipeline_of(document, places).steps[0].options["to"] == str(places.uploads / "monet.jpg")
    assert "uploads" not in as_yaml(document)


def test_the_recipe_of_a_picture(places, tmp_path):
    step = {
        "operation": "restore:denoise",
        "options": {"strength": 0.5},
        "vae": "denoise-photo",
        "name": "first",
    }
    frame = Frame(np.zeros((4, 4, 3), np.uint8))

    def says(**members):
        made = {"version": "1", "seed": 3, "precision": "auto", "steps": [{**step, **members}]}
        write(described(frame, made, "PNG"), tmp_path / "made.png")
        return from_record(recorded(None, tmp_path / "made.png"), places)

    assert says() == Pipeline(Step("restore:denoise", name="first", strength=0.5), seed=3)
    with pytest.raises(PipelineError, match=r"the picture 'other\.png' is not uploaded"):
        says(options={"mask": ["other.png"]})
    with pytest.raises(PipelineError, match="not installed"):
        says(vae="/tmp/evil.safetensors")
    with pytest.raises(PipelineError, match="no operation called 'evil'"):
        says(operation="evil")
    write(frame, tmp_path / "plain.png")
    with pytest.raises(UsageError, match="does not record"):
        recorded(None, tmp_path / "plain.png")


def test_uploads_get_safe_names_and_the_same_file_is_kept_once(places, tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"one")
    assert places.keep(file, "../{x}/<b>.png") == "_{x}_<b>.png".replace("{", "_").replace("}", "_")
    assert places.keep(file, "monet.jpg") == "monet-2.jpg"
    assert places.keep(file, "monet.jpg") == "monet-2.jpg"
    assert places.keep(file, "\n") == "\\n".replace("\\", "_")
    assert len(places.keep(file, "x" * 500 + ".png")) <= 100


def test_faults_of_options_are_the_known_sentences():
    with pytest.raises(OptionError, match="strength must be a number from 0 to 2, not 9"):
        fields(DENOISE.options)["strength"].parse(9)
