"""500 pipelines made at random: each is refused by `check`, before anything loads, or it runs."""

import difflib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vaeedit import Frame, Pipeline, Session, Step
from vaeedit.errors import PipelineError, UsageError
from vaeedit.extension.registry import registry
from vaeedit.options import fields

OPERATIONS = {
    name: item
    for name, item in registry().operations.bare.items()
    if not str(item.spec.vae).startswith("mnist")  # those take images of one size
}
SOURCE = Frame(np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8))
WRONG = st.sampled_from([-1, 1e9, "much", "", None, [], {}, True, float("nan"), "0.5 "])


def values(field):
    """Mostly what the option takes, as YAML or a shell would give it; sometimes anything."""
    numbers = st.one_of(st.floats(0, 1), st.integers(0, 4), st.sampled_from(["0", "1", ".5", "2", "3"]))
    words = st.sampled_from(["auto", "normal", "photo", "bicubic"])
    return st.one_of(st.just(field.default), numbers, words, WRONG)


@st.composite
def steps(draw):
    name = draw(st.sampled_from([*OPERATIONS, *OPERATIONS, "denoize", "", "restore:denoise"]))
    item = OPERATIONS.get(name)
    options = {}
    if item is not None:
        known = fields(item.spec.options)
        for flag in draw(st.lists(st.sampled_from(sorted(known)), max_size=3, unique=True)):
            options[flag] = draw(values(known[flag]))
        if "samples" in options and isinstance(options["samples"], int | float):
            options["samples"] = min(options["samples"], 2)  # more only takes longer
    if draw(st.integers(0, 9)) == 0:
        options[draw(st.sampled_from(["strenght", "sale", "x", "scale "]))] = 1
    maps = draw(st.lists(st.sampled_from(["uncertainty", "uncertainty", "doubt"]), max_size=1))
    vae = draw(st.sampled_from([None, None, None, "denoise", "super-resolve", "denoyse"]))
    return Step(name, maps=maps, vae=vae, **options)


@pytest.fixture(scope="module")
def session():
    with Session(device="cpu", precision="float32") as found:
        yield found


@settings(
    max_examples=500,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps(), max_size=3), st.sampled_from([0, 0, 7, -1, True]))
def test_a_pipeline_is_refused_before_anything_loads_or_it_runs(session, monkeypatch, given_steps, seed):
    pipeline = Pipeline(*given_steps, seed=seed)
    try:
        with monkeypatch.context() as sealed:
            sealed.setattr("vaeedit.vae.files.load_vae", _no_loading)
            plan = pipeline.check(registry())
    except PipelineError as error:
        _assert_near_names(given_steps, str(error))
        return
    if not all(step.vae for step in plan):
        with pytest.raises(UsageError, match="has no VAE of its own"):
            session.run(pipeline, SOURCE)
        return
    times = 1
    for step in plan:
        times *= getattr(step.options, "scale", 1)
    result = session.run(pipeline, SOURCE)
    assert result.frame.pixels.shape == (9 * times, 7 * times, 3)
    assert len(result.notes) == len(plan)


def _no_loading(*_):
    raise AssertionError("check loads nothing")


def _assert_near_names(given_steps, text):
    """An unknown option or operation that resembles a known one names it."""
    for step in given_steps:
        if step.operation == "denoize":
            assert "did you mean 'denoise'" in text
        known = (
            [field.flag for field in fields(OPERATIONS[step.operation].spec.options).values()]
            if (step.operation in OPERATIONS)
            else []
        )
        for name in step.options:
            near = difflib.get_close_matches(name, known, n=1)
            if known and name.replace("_", "-") not in known and near:
                assert f"did you mean {near[0]!r}" in text
