"""The exported schema and `check` agree on what a pipeline is."""

import jsonschema
import msgspec
import pytest

from vaeedit.errors import PipelineError
from vaeedit.extension.registry import registry
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.pipeline.schema import pipeline_schema

GOOD = [
    "version: 1\nsteps: [denoise]",
    "version: 1\nseed: 7\nsteps:\n  - denoise: {strength: 0.6, sigma: auto, maps: [uncertainty]}\n  - denoise:",
    "version: 1\nsteps: [{denoise: {name: first, vae: mine.safetensors, sigma: 25}}]",
    "version: 1\nsteps: [{'restore:denoise': {samples: 4}}]",
]
BAD = [
    "steps: [denoise]",
    "version: 2\nsteps: [denoise]",
    "version: 1\nsteps: []",
    "version: 1\nsteps: [densoise]",
    "version: 1\nsteps: [{denoise: {stength: 1}}]",
    "version: 1\nsteps: [{denoise: {strength: 3}}]",
    "version: 1\nsteps: [{denoise: {sigma: loud}}]",
    "version: 1\nsteps: [{denoise: {maps: [heat]}}]",
    "version: 1\nsteps: [{denoise: {}, super-resolve: {}}]",
    "version: 1\nseed: -1\nsteps: [denoise]",
    "version: 1\nsteps: [denoise]\ncolor: red",
]


@pytest.fixture(scope="module")
def validator():
    schema = pipeline_schema(registry())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("text", GOOD)
def test_what_check_accepts_the_schema_accepts(validator, text):
    Pipeline.from_yaml(text).check(registry())
    validator.validate(msgspec.yaml.decode(text))


@pytest.mark.parametrize("text", BAD)
def test_what_check_refuses_the_schema_refuses(validator, text):
    with pytest.raises(PipelineError):
        Pipeline.from_yaml(text).check(registry())
    assert not validator.is_valid(msgspec.yaml.decode(text))


def test_every_option_of_every_operation_is_described(validator):
    steps = validator.schema["properties"]["steps"]["items"]["anyOf"][1]["properties"]
    assert set(steps) >= {"denoise", "restore:denoise"}
    for operation in steps.values():
        assert all(option.get("description") for option in operation["anyOf"][0]["properties"].values())
