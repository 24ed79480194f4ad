"""Exports of a page's document: each runs, and makes the same pixels."""

import contextlib
import shlex

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from vaeedit import Session
from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.image import read
from vaeedit.pipeline.one_line import parse_line
from vaeedit.pipeline.pipeline import Step
from vaeedit.ui.document import Document
from vaeedit.ui.exports import PIPELINE, as_command, as_python, as_yaml
from vaeedit.ui.opened import from_text, pipeline_of
from vaeedit.ui.places import Places, changed, options_of, with_pictures


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A page's uploads: a picture, a mask, and two pictures whose names need quotes."""
    folder = tmp_path_factory.mktemp("uploads")
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    for name, picture in (("in.png", pixels), ("it's $HOME.png", pixels[::-1]), ("-b.png", pixels[:, ::-1])):
        Image.fromarray(picture).save(folder / name)
    Image.fromarray(np.where(np.arange(32) < 16, 255, 0).astype(np.uint8)[None].repeat(24, 0)).save(
        folder / "mask.png"
    )
    return Places(registry(), folder)


def document_of(*steps, seed=0):
    document = Document().sow(seed)
    for step in steps:
        document = document.add(step)
    return document


CASES = {
    "an operation": document_of(Step("denoise", strength=0.6, sigma=20.0)),
    "a flag, a mask and a seed": document_of(
        Step("vary", amount=0.5, mask="mask.png", feather=2.0, invert_mask=True), seed=7
    ),
    "a map and a VAE": document_of(Step("denoise", maps=["uncertainty"], vae="denoise")),
    "several pictures": document_of(
        Step("style", style=["it's $HOME.png", "-b.png"], weights=(1.0, 2.5), preserve_color=True)
    ),
    "names of Python": document_of(Step("fuse", with_="-b.png", mode="blend", alpha=0.25)),
    "a negative number": document_of(Step("direct", along="warmth", amount=-2.0)),
    "steps": document_of(
        Step("denoise", strength=0.6, name="first", maps=["uncertainty"]),
        Step("vary", mask="mask.png", when="first.seconds > -1"),
        Step("direct", amount=-2.0),
        seed=3,
    ),
    "names": document_of(Step("restore:denoise", name="calm", luma=0.25)),
}


@pytest.fixture(scope="module")
def session():
    with Session() as found:
        yield found


@pytest.mark.parametrize("name", CASES)
def test_every_export_makes_the_same_pixels(name, places, session, monkeypatch, tmp_path):
    document = CASES[name]
    expected = session.run(pipeline_of(document, places), places.uploads / "in.png").frame.pixels
    monkeypatch.chdir(places.uploads)
    (places.uploads / PIPELINE).write_text(as_yaml(document))
    outputs = [str(tmp_path / f"{number}.png") for number in range(3)]
    line = shlex.split(as_command(document, registry(), "in.png", outputs[0]))
    assert line[0] == "vaeedit"
    with contextlib.redirect_stdout(None):
        assert call(line[1:]) == 0
        assert call(["run", PIPELINE, "in.png", "-o", outputs[1]]) == 0
    exec(as_python(document, "in.png", outputs[2]), {})
    for output in outputs:
        assert np.array_equal(read(output).pixels, expected)


def test_the_exports_are_as_people_write_them():
    document = CASES["an operation"]
    assert as_command(document, registry()) == "vaeedit denoise in.jpg --strength 0.6 --sigma 20 -o out.jpg"
    assert as_python(document) == (
        "import vaeedit\n\nvaeedit.edit('in.jpg', 'denoise', strength=0.6, sigma=20.0).save('out.jpg')\n"
    )
    assert "strength: 0.6" in as_yaml(document)
    assert as_command(CASES["steps"], registry()).startswith(
        "vaeedit chain 'denoise --strength 0.6 --name first"
    )
    assert as_command(document.switch(0, False).add(Step("vary")), registry()) == (
        "vaeedit vary in.jpg -o out.jpg"
    )


def test_what_no_line_can_say_is_run_from_the_file():
    text = document_of(Step("denoise"), *[Step("denoise", name="n" * 90, mask="m" * 200)] * 60)
    assert as_command(text, registry()) == f"vaeedit run {PIPELINE} in.jpg -o out.jpg"


@st.composite
def documents(draw):
    """Documents of valid steps, with values of every kind of option and awkward names of files."""
    document = Document().sow(draw(st.integers(0, 2**40)))
    names = st.text("ab -'\"$|\\;&é=", min_size=1, max_size=8).map(lambda text: f"{text}.png")
    for number in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(set(registry().operations.bare) - {"anomaly"})))
        spec = registry().operations.find(name).spec
        step = Step(name, maps=draw(st.sets(st.sampled_from(sorted(spec.maps)))) if spec.maps else ())
        pictures = {key: draw(st.lists(names, min_size=key in spec.needs, max_size=1)) for key in spec.inputs}
        for field in options_of(spec).values():
            values = [field.example, *field.choices, 1, 2, 0.3, -0.5, True, "a b", "--x", "|"]
            for value in [draw(st.sampled_from(values))] if field.required or draw(st.booleans()) else []:
                with contextlib.suppress(Exception):
                    step = changed(step, field, field.parse(value))
            if field.required and field.name not in step.options:
                step = changed(step, field, field.parse(field.example))
        document = document.add(
            with_pictures(step, spec, pictures).but(name=draw(st.sampled_from([None, f"n {number}"])))
        )
    return document


@pytest.fixture(scope="module")
def any_file(places):
    """A page where any name is that of an upload."""

    class Any(Places):
        def is_upload(self, text):
            return True

    return Any(registry(), places.uploads)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents())
def test_yaml_is_the_inverse_of_opening_it(document, any_file):
    assert Document().load(from_text(as_yaml(document), any_file)) == document


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents())
def test_a_line_means_the_same_as_the_document(document, any_file):
    words = shlex.split(as_command(document, registry()))
    if words[1] != "chain":
        return
    line = parse_line(words[2])
    plan = line.check(registry())
    assert tuple(plan) == tuple(document_plan(document))


def document_plan(document):
    """The planned steps of a document."""
    from vaeedit.pipeline.pipeline import Pipeline

    return Pipeline(*document.steps).check(registry())
