"""Everything of a spec is checked once, when its plugin is discovered: what does not fit is named with its cure."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from plugin_maker import of, operation, point, put, run, states
from vaeedit.cli.commands import FIXED
from vaeedit.cli.operations import operation_command
from vaeedit.cli.params import click_options
from vaeedit.errors import OptionError
from vaeedit.extension.registry import discover
from vaeedit.extension.reserved import COMMANDS, RESERVED
from vaeedit.extension.specs import (
    ArchitectureSpec,
    CommandSpec,
    EvaluationSpec,
    OperationSpec,
    RecipeSpec,
    WeightsSpec,
    hookimpl,
)
from vaeedit.extension.tables import Provided
from vaeedit.options import Options, bounded, flag_of, option
from vaeedit.pipeline.schema import pipeline_schema
from vaeedit.settings import STEP_KEYS
from vaeedit.testing import checks


def with_option(kind: Any, default: Any = ..., name: str = "amount") -> type[Options]:
    """An options class with one field."""
    members = {"__annotations__": {name: kind}, **({} if default is ... else {name: default})}
    return type(Options)("ToyOptions", (Options,), members, frozen=True)


def described(kind: Any, **how: Any) -> Any:
    return Annotated[kind, option("How much.", **how)]


class Crossed(Options, frozen=True):
    """Defaults that exclude each other."""

    low: Annotated[int, option("Least.")] = 2
    high: Annotated[int, option("Most.")] = 1

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise OptionError("low must not exceed high.")


class Renamed(Options, frozen=True, rename="camel"):
    """Options whose names in files are other ones."""

    how_much: Annotated[int, option("How much.")] = 2


WITH = {"with": "Another picture."}
UNFIT = {
    # types of the members of a frozen dataclass
    "name is None": (operation(name=None), "operation None: name must be text, not None"),
    "needs is text": (operation(needs="with", extra_inputs=WITH), "needs must be a tuple of texts, not 'with'"),
    "needs is a list": (operation(needs=["with"], extra_inputs=WITH), "needs must be a tuple of texts"),
    "latent is text": (operation(latent="no"), "latent must be True or False, not 'no'"),
    "inputs are a list": (operation(extra_inputs=["with"]), "extra_inputs must be a mapping from texts to texts"),
    "a description is None": (operation(maps={"heat": None}), "maps must be a mapping from texts to texts"),
    "options are a dict": (operation(options={"a": 1}), "options must be a class derived from Options"),
    "vae is a path": (operation(vae=Path("a.safetensors")), "vae must be text"),
    # texts
    "two words": (operation("film grain"), "lower-case words joined by dashes"),
    "no summary": (operation(summary=" "), "summary must be one line of text"),
    "two lines": (operation(summary="One.\nTwo."), "summary must be one line of text"),
    "no class": (operation(target="acme_grain"), "target must be 'module:name', such as"),
    "a dot too many": (operation(target="acme.:Grain"), "not 'acme.:Grain'"),
    "no target": (operation(target=""), "target must be 'module:name'"),
    # inputs and maps
    "a need that is no input": (operation(needs=("with",)), "needs names 'with', which is no extra input"),
    "a variadic that is no input": (operation(variadic="with"), "variadic names 'with', which is no extra input"),
    "an input with spaces": (operation(extra_inputs={"a b": "Text."}), "extra input 'a b': its name must be"),
    "a map with a digit": (operation(maps={"2d": "Text."}), "map '2d': its name must be"),
    "latent and film": (operation(latent=True, film=True), "leave out latent, or film"),
    "latent and conditions": (operation(latent=True, conditions=("sigma",)), "leave out latent, or conditions"),
    # names that are taken
    "a command of vaeedit": (operation("run"), "operation 'run': name: vaeedit has a command of this name itself"),
    "reserved option": (
        operation(options=with_option(described(int), 1, "seed")),
        "operation 'soften': option 'seed': every command uses the name seed already; rename it",
    ),
    "reserved map": (operation(maps={"report": "Text."}), "map 'report': every command uses the name report"),
    "reserved input": (operation(extra_inputs={"when": "Text."}), "extra input 'when': every command uses"),
    "the inputs": (operation(extra_inputs={"inputs": "Text."}), "extra input 'inputs': every command uses"),
    "a name twice": (
        operation(options=with_option(described(int), 1), maps={"amount": "Text."}),
        "option 'amount': another option, map or extra input is called amount, too",
    ),
    "the opposite of a flag": (
        operation(options=with_option(described(bool), False), maps={"no-amount": "Text."}),
        "--no-amount may mean the opposite",
    ),
    # options
    "no description": (operation(options=with_option(float, 1.0)), "option 'amount': it has no description"),
    "a path": (operation(options=with_option(described(Path | None), None)), "cannot be part of a JSON Schema"),
    "a date": (operation(options=with_option(described(date | None), None)), "nobody can type a value of its type"),
    "a dict": (operation(options=with_option(described(dict[str, Any]), {})), "nobody can type a value of its type"),
    "a type that is not defined": (operation(options=with_option("Nowhere", 1)), "cannot be read (NameError"),
    "a default out of bounds": (
        operation(options=with_option(described(float, ge=0, le=1), 7.0)),
        "its default 7.0 must be a number from 0 to 1",
    ),
    "a default of another type": (operation(options=with_option(described(int), "a")), "its default 'a' must be"),
    "a default that no text means": (
        operation(options=with_option(described(str | int), 3)),
        "its default 3 becomes another value",
    ),
    "an underscore at the end": (
        operation(options=with_option(described(int), 1, "amount_")),
        "option 'amount_': its name ends in an underscore; rename it to amount",
    ),
    "a private name": (operation(options=with_option(described(int), 1, "_amount")), "begin with a letter"),
    "crossed defaults": (operation(options=Crossed), "the defaults of Crossed are not valid (OptionError: low must"),
    "renamed members": (operation(options=Renamed), "the defaults of Renamed are not valid"),
}  # fmt: skip


@pytest.mark.parametrize("fault", UNFIT)
def test_a_spec_that_does_not_fit_breaks_its_plugin_alone_with_a_sentence(fault):
    spec, sentence = UNFIT[fault]
    found = discover(
        [point("odd", vaeedit_operations=of(spec)), point("fine", vaeedit_operations=of(operation()))]
    )
    fine, odd = found.reports
    assert (odd.state, fine.state) == ("broken", "loaded")
    assert odd.reason.startswith("operation ")
    assert sentence in odd.reason
    assert odd.cure.startswith("Update it, or remove it")
    assert list(found.operations.bare) == ["soften"]
    json.dumps(pipeline_schema(found))


def hook(name: str, *specs: object) -> dict[str, Any]:
    def implemented():
        return list(specs)

    return {f"vaeedit_{name}": hookimpl(implemented, specname=f"vaeedit_{name}")}


OTHERS = {
    "detect": (
        hook("architectures", ArchitectureSpec(name="net", summary="A.", target="a:B", detect="detect")),
        "architecture 'net': detect must be 'module:name'",
    ),
    "fetch": (
        hook("architectures", ArchitectureSpec(name="net", summary="A.", target="a:B", fetch={"acme": "fetch"})),
        "architecture 'net': fetch 'acme' must be 'module:name'",
    ),
    "a path as hyper-parameter": (
        hook(
            "architectures",
            ArchitectureSpec(name="net", summary="A.", target="a:B", options=with_option(Path | None, None)),
        ),
        "architecture 'net': option 'amount': its type cannot be part of a JSON Schema",
    ),
    "resource": (
        hook("weights", WeightsSpec(name="film", summary="A.", resource="film.safetensors")),
        "VAE 'film': resource must be 'package:path/in/package', not 'film.safetensors'",
    ),
    "resource elsewhere": (
        hook("recipes", RecipeSpec(name="film", summary="A.", resource="acme:../film.yaml")),
        "recipe 'film': resource must be",
    ),
    "command": (
        hook("commands", CommandSpec(name="train", summary="A.", target="a:b")),
        "command 'train': name: vaeedit has a command of this name itself",
    ),
    "evaluation": (
        hook("evaluations", EvaluationSpec(name="soft", summary="", target="a:b")),
        "evaluation 'soft': summary must be one line of text",
    ),
    "the same name twice": (
        hook("operations", operation(), operation(summary="Another.")),
        "operation 'soften': name: 2 of its plugin have it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", OTHERS)
def test_specs_of_every_kind_are_checked(fault):
    members, sentence = OTHERS[fault]
    (report,) = discover([point("odd", **members)]).reports
    assert report.state == "broken"
    assert sentence in report.reason


def test_all_faults_of_a_plugin_are_named_together():
    spec = operation("run", options=with_option(described(int), 1, "seed"), film=True, latent=True)
    (report,) = discover([point("odd", vaeedit_operations=of(spec))]).reports
    faults = [text.removeprefix("operation 'run': ").split(":")[0] for text in report.reason.split(". ")]
    assert faults == ["name", "option 'seed'", "latent"]


SUPPORTED = {
    "number": (float, 1.0),
    "switch": (bool, True),
    "choice": (Literal["fine", "coarse"], "fine"),
    "either": (Annotated[float, bounded(ge=0)] | Literal["auto"] | None, "auto"),
    "nothing": (int | None, None),
    "numbers": (tuple[float, ...], (1.0, 2.0)),
    "pair": (tuple[float, float], (1.0, 2.0)),
    "words": (list[str], []),
    "required": (str, ...),
}


@pytest.mark.parametrize("kind", SUPPORTED)
def test_options_of_every_kind_that_a_command_line_can_hold_are_admitted(kind):
    of_type, default = SUPPORTED[kind]
    options = with_option(described(of_type), default)
    found = discover([point("odd", vaeedit_operations=of(operation(options=options)))])
    assert found.reports[0].state == "loaded", found.reports[0].reason
    assert click_options(options)[0].name == "amount"
    json.dumps(pipeline_schema(found))


def test_a_spec_of_a_derived_class_is_a_spec():
    class Mine(OperationSpec):
        pass

    mine = Mine(name="soften", summary="Text.", target="a:b")
    found = discover([point("odd", vaeedit_operations=of(mine))])
    assert found.reports[0].state == "loaded"
    assert found.operations.find("soften").spec is mine


def test_the_reserved_names_are_those_that_every_command_on_images_has():
    assert [command.name for command in FIXED.values()] == list(COMMANDS)
    spec = OperationSpec(name="soften", summary="Text.", target="a:b", film=True)  # without a mask
    command = operation_command(Provided(spec, "acme", "acme"))
    flags = {flag.lstrip("-") for param in command.params for flag in param.opts if flag.startswith("--")}
    assert flags | {flag_of(param.name) for param in command.params} | {*STEP_KEYS, "help"} == RESERVED


def test_the_plugins_of_vaeedit_are_not_checked_at_every_start_but_by_the_suite(monkeypatch):
    import vaeedit_style

    monkeypatch.setattr(vaeedit_style, "vaeedit_operations", of(operation("run")))
    (check,) = (check for name, check in checks(vaeedit_style) if name == "is-admitted")
    with pytest.raises(AssertionError, match="vaeedit has a command of this name itself"):
        check()


BROKEN = """
from pathlib import Path
from typing import Annotated
from vaeedit.api import OperationSpec, Options, hookimpl, option

class Reading(Options, frozen=True):
    table: Annotated[Path | None, option("A file.")] = None

@hookimpl
def vaeedit_operations():
    return [OperationSpec(name="graded", summary="Of a test.", target="acme_work:Work", options=Reading, vae="photo")]
"""


def test_a_plugin_with_an_impossible_option_spoils_no_command(tmp_path):
    put(tmp_path, "acme-graded", BROKEN)
    schema = run(tmp_path, "pipeline", "schema")
    assert (schema.returncode, schema.stderr) == (0, "")
    assert "denoise" in json.loads(schema.stdout)["properties"]["steps"]["items"]["anyOf"][0]["enum"]
    listed = states(run(tmp_path, "plugins", "--json"))["acme-graded"]
    assert listed["state"] == "broken"
    assert "operation 'graded': option 'table': its type cannot be part of a JSON Schema" in listed["reason"]
    for name, provides in (("acme-graded", ""), ("graded", ", which provides it,")):
        asked = run(tmp_path, name, "in.png")
        assert asked.returncode == 2
        plugin = f"The plugin acme-graded of the package acme-graded{provides} is broken: operation 'graded': option"
        assert plugin in asked.stderr


def test_no_name_is_listed_twice(tmp_path):
    unknown = run(tmp_path, "qqqqqqqq").stderr
    names = unknown.partition("there are: ")[2].rstrip(".\n").split(", ")
    assert "anomaly" in names
    assert len(set(names)) == len(names)
