"""Steps and maps that would have the same name get unique names: nothing is lost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vaeedit import Frame, Pipeline, Session, Step
from vaeedit.extension.registry import registry
from vaeedit.pipeline.pipeline import labels, map_names

NAMES = st.sampled_from(["a", "a-2", "b", "a.m"])
STEPS = st.lists(st.tuples(NAMES, st.frozensets(st.sampled_from(["m", "n"]))), max_size=6)


@given(STEPS)
def test_no_two_steps_or_maps_have_one_name(steps):
    found = labels([name for name, _ in steps])
    assert len(set(found)) == len(steps)
    named = map_names(found, [maps for _, maps in steps])
    assert [set(names) for names in named] == [maps for _, maps in steps]
    called = [name for names in named for name in names.values()]
    assert len(set(called)) == len(called)
    for name in {name for _, maps in steps for name in maps}:
        assert name in called  # of the last step that gives it


def test_the_maps_of_all_steps_are_in_the_result():
    source = Frame(np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8))
    steps = [Step("denoise", maps=["uncertainty"], sigma=sigma) for sigma in (5, 40, 20)]
    with Session(device="cpu", precision="float32") as session:
        result = session.run(Pipeline(*steps), source)
        first = session.run(steps[0], source)
    assert list(result.maps) == ["denoise.uncertainty", "denoise-2.uncertainty", "uncertainty"]
    assert (result.maps["denoise.uncertainty"].pixels == first.maps["uncertainty"].pixels).all()
    different = {found.pixels.tobytes() for found in result.maps.values()}
    assert len(different) == 3


def test_the_plan_tells_the_names():
    plan = Pipeline(
        Step("restore:denoise", maps=["uncertainty"]),
        Step("denoise", name="last", maps=["uncertainty"]),
    ).check(registry())
    assert [step.label for step in plan] == ["denoise", "last"]
    assert [dict(step.map_names) for step in plan] == [
        {"uncertainty": "denoise.uncertainty"},
        {"uncertainty": "uncertainty"},
    ]
