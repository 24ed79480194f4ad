"""The JSON Schema of a pipeline file, with the options of all installed operations, for completion in editors."""

from typing import Any

import msgspec

from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import OperationSpec
from vaeedit.extension.tables import Provided
from vaeedit.options import Options, flag_of
from vaeedit.pipeline.yaml import KEYS, VERSION
from vaeedit.settings import Masking

Schema = dict[str, Any]


def pipeline_schema(registry: Registry) -> Schema:
    """A schema (draft 2020-12) of the files that `Pipeline.from_yaml(...).check()` accepts; VAEs are not checked."""
    provided = {**registry.operations.qualified, **registry.operations.bare}
    definitions: Schema = {}
    operations = {name: _options(item, name, definitions) for name, item in sorted(provided.items())}
    step = {
        "anyOf": [
            {"enum": sorted(operations)},
            {
                "type": "object",
                "properties": {
                    name: {"anyOf": [schema, {"type": "null"}]} for name, schema in operations.items()
                },
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
            },
        ]
    }
    members = {
        "version": {"const": VERSION, "description": "Version of this format."},
        "seed": {"type": "integer", "minimum": 0, "description": "Seed of everything random."},
        "steps": {"type": "array", "minItems": 1, "items": step, "description": "Operations in order."},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vaeedit pipeline",
        "type": "object",
        "properties": {name: members[name] for name in KEYS},
        "required": ["version", "steps"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _options(item: Provided[OperationSpec], name: str, definitions: Schema) -> Schema:
    """The schema of one operation's mapping; names of options may have dashes or underscores."""
    prefix = name.replace(":", ".") + "."
    template = "#/$defs/" + prefix + "{name}"
    _, components = msgspec.json.schema_components([item.spec.options], ref_template=template)
    schema: Schema = components.pop(item.spec.options.__name__)
    definitions.update({prefix + inner: value for inner, value in components.items()})
    given = _properties(item.spec.options, schema)
    own: Schema = {
        "name": {"type": "string", "description": "Name that distinguishes steps of the same operation."},
        "when": {
            "type": "string",
            "description": "STEP.NOTE > NUMBER: run only if the note of an earlier step satisfies this.",
        },
        "maps": {
            "type": "array",
            "items": {"enum": sorted(item.spec.maps)},
            "description": "Side results to write.",
        },
    }
    if item.spec.uses_vae:
        text = f"Name or file of a VAE instead of {item.spec.vae or 'none'}."
        own["vae"] = {"type": "string", "description": text}
    one = {"type": "string"}
    several = {"type": "array", "items": one, "minItems": 1}
    images = {key: {"anyOf": [one, several], "description": text} for key, text in item.spec.inputs.items()}
    own |= _properties(Masking) if item.spec.takes_mask else {}
    required = [*item.spec.needs, *map(flag_of, schema.get("required", []))]
    return {
        "type": "object",
        "description": item.spec.summary,
        "properties": {**given, **images, **own},
        "required": required,
        "additionalProperties": False,
    }


def _properties(options: type[Options], schema: Schema | None = None) -> Schema:
    """The schemas of the options by name, with underscores and with dashes; `schema` is that of their class."""
    given: Schema = (schema or msgspec.json.schema_components([options])[1][options.__name__]).get(
        "properties", {}
    )
    return {**given, **{flag_of(key): value for key, value in given.items()}}
