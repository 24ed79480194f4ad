"""Pipelines: the same object from YAML and from Python, checked whole before any model loads."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeedit.errors import PipelineError, UsageError
from vaeedit.extension.registry import Registry, registry
from vaeedit.pipeline.pipeline import Pipeline, Step

NAMES = st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*(:[a-z0-9]+)?", fullmatch=True)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.text(min_size=1).filter(lambda key: key not in ("name", "vae", "maps"))
STEPS = st.builds(
    lambda operation, options, vae, maps, name: Step(operation, vae=vae, maps=maps, name=name, **options),
    NAMES,
    st.dictionaries(KEYS, PLAIN, max_size=4),
    st.none() | st.text(),
    st.lists(st.text(), max_size=3),
    st.none() | st.text(),
)


@given(st.lists(STEPS, max_size=4), st.integers(0, 2**70))
def test_yaml_gives_an_equal_pipeline_back(steps, seed):
    pipeline = Pipeline(*steps, seed=seed)
    again = Pipeline.from_yaml(pipeline.to_yaml())
    assert again == pipeline
    assert again.to_yaml() == pipeline.to_yaml()


def test_yaml_as_people_write_it_gives_the_pipeline_of_python():
    text = """
    version: 1
    steps:
      - denoise
      - denoise:
      - denoise: {sigma: auto, strength: 0.6, vae: mine.safetensors, maps: [uncertainty]}
    """
    assert Pipeline.from_yaml(text) == Pipeline(
        Step("denoise"),
        Step("denoise"),
        Step("denoise", sigma="auto", strength=0.6, vae="mine.safetensors", maps=["uncertainty"]),
    )


def test_a_file_is_read_and_a_missing_one_is_a_sentence(tmp_path):
    pipeline = Pipeline(Step("denoise", strength=0.6), seed=7)
    (tmp_path / "p.yaml").write_text(pipeline.to_yaml())
    assert Pipeline.from_file(tmp_path / "p.yaml") == pipeline
    with pytest.raises(UsageError, match=r"no\.yaml cannot be read: no such file"):
        Pipeline.from_file(tmp_path / "no.yaml")


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["A pipeline is a mapping"]),
        ("- denoise", ["A pipeline is a mapping"]),
        ("{", ["not valid YAML"]),
        ("version: 1\nsteps: !!python/object:os.system {}", ["line 2: the tag"]),
        ("steps: [denoise]", ["version must be 1, not None"]),
        ("version: 1", ["steps must hold a list"]),
        ("version: 1\nsteps: {denoise: {}}", ["steps must hold a list"]),
        ("version: 1\nsteps: [denoise]\nsede: 3", ["no key 'sede'; did you mean 'seed'?"]),
        ("version: 1\nsteps: [denoise]\n3: 3", ["no key 3; there are: seed, steps, version"]),
        ("version: 1\nsteps: [7]", ["step 1: a step is a name"]),
        ("version: 1\nsteps: [{a: {}, b: {}}]", ["step 1: a step is a name"]),
        ("version: 1\nsteps: [{a: [1]}]", ["step 1: the options of 'a' must be a mapping"]),
        ("version: 1\nsteps: [{a: {vae: 3}}]", ["step 1: vae must be"]),
        ("version: 1\nsteps: [{a: {maps: uncertainty}}]", ["step 1: maps must be a list"]),
        (
            "version: 3\nseed: -1\ncolor: red\nsteps: [1, denoise, {x: 3}]",
            ["no key 'color'", "version must be 1, not 3", "seed must be", "step 1:", "step 3:"],
        ),
        ("version: 1\nseed: true\nsteps: [denoise]", ["seed must be a whole number of at least 0, not True"]),
        ("version: 1\nseed: 1.5\nsteps: [denoise]", ["seed must be"]),
    ],
)
def test_a_document_that_is_no_pipeline_is_refused_with_every_fault(text, faults):
    with pytest.raises(PipelineError) as caught:
        Pipeline.from_yaml(text)
    assert len(caught.value.faults) == len(faults), caught.value.faults
    for message, expected in zip(caught.value.faults, faults, strict=True):
        assert expected in message
        assert message in str(caught.value)


def test_check_reports_every_fault_of_every_step():
    pipeline = Pipeline(
        Step("denoise", strength=3, sigma="x", stength=1, vae="denose", maps=["uncertanty", "zz"]),
        Step("denoise", strength=0.5),
        Step("densoise"),
        seed=-2,
    )
    with pytest.raises(PipelineError) as caught:
        pipeline.check(registry())
    expected = [
        "The seed must be a whole number of at least 0, not -2.",
        "step 1 (denoise): strength must be a number from 0 to 2, not 3.",
        "step 1 (denoise): sigma must be a number from 0 to 75, or auto, not 'x'.",
        "step 1 (denoise) has no option 'stength'; did you mean 'strength'?",
        "step 1 (denoise): There is no VAE called 'denose'; did you mean 'denoise'?",
        "step 1 (denoise) has no map 'uncertanty'; did you mean 'uncertainty'?",
        "step 1 (denoise) has no map 'zz'; there are: uncertainty",
        "step 3 (densoise): There is no operation called 'densoise'; did you mean 'denoise'?",
    ]
    assert [fault.startswith(start) for fault, start in zip(caught.value.faults, expected, strict=True)] == [
        True
    ] * len(expected), caught.value.faults


def test_a_vae_without_the_calibration_an_operation_reads_is_refused():
    with pytest.raises(
        PipelineError, match="the VAE denoise was not fitted for it; make one: vaeedit anomaly fit"
    ):
        Pipeline(Step("anomaly", vae="denoise")).check(registry())


def test_check_gives_the_plan_with_converted_options():
    (first, second) = Pipeline(
        Step("denoise", strength="0.5", maps=["uncertainty"]), Step("restore:denoise", vae="x/y.safetensors")
    ).check(registry())
    assert first.options.strength == 0.5
    assert (first.vae, first.maps, first.spec.name) == ("denoise-photo", {"uncertainty"}, "denoise")
    assert (second.vae, second.maps) == ("x/y.safetensors", frozenset())
    assert str(first).startswith("denoise (sigma=auto, strength=0.5")
    assert str(first).endswith("with the VAE denoise-photo")


def test_a_pipeline_without_steps_is_a_fault():
    with pytest.raises(PipelineError, match="no steps"):
        Pipeline().check(registry())
    with pytest.raises(PipelineError, match="there are none"):
        Pipeline(Step("denoise")).check(Registry())


def test_checking_loads_no_weights_and_not_even_torch():
    code = """
import sys
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.extension.registry import registry
pipeline = Pipeline.from_yaml(Pipeline(Step("denoise", strength=0.5)).to_yaml())
print(pipeline.check(registry()).steps[0].spec.name, [n for n in ("torch", "numpy", "safetensors") if n in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "denoise []\n"


def test_steps_and_pipelines_compare_by_value_and_cannot_be_changed():
    assert Step("a", x=1) == Step("a", x=1) != Step("a", x=2)
    assert Pipeline(Step("a"), seed=1) != Pipeline(Step("a"), seed=2)
    with pytest.raises(AttributeError):
        Step("a").operation = "b"
    with pytest.raises(AttributeError):
        Pipeline().seed = 3


def test_faults_name_the_lines_they_are_on():
    text = """version: 1
steps:
  - denoise:
      strength: 0.5
      stength: 1
  - densoise
  - denoise: {name: same}
  - denoise:
      name: same
      sigma: x
"""
    with pytest.raises(PipelineError) as caught:
        Pipeline.from_yaml(text).check(registry())
    assert [fault.partition(": ")[0] for fault in caught.value.faults] == [
        "line 5",
        "line 6",
        "line 10",
        "line 7",
        "line 9",
    ]
    with pytest.raises(PipelineError, match=r"line 3: step 1: a step is a name"):
        Pipeline.from_yaml("version: 1\nsteps:\n  - 7\n")
    with pytest.raises(PipelineError, match=r"^line 2: The seed must be"):
        Pipeline.from_yaml("version: 1\nseed: x\nsteps: [denoise]")
