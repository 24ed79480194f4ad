"""A plugin written for contract 1 works for as long as contract 1 lives, and it uses every part of the contract."""

import dataclasses
import importlib
import inspect
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from vaeedit.api import Edit, Frame, Inspect, Join, Objective, Pipeline, Session, Step, load_vae, write
from vaeedit.extension import hooks, specs
from vaeedit.extension.specs import load_target
from vaeedit.testing import parametrize_with_checks, registry_with
from vaeedit.training.recipe import load_recipe
from vaeedit.training.run import Budget, Run
from vaeedit.vae.files import find_vae, read_info

sys.path.insert(0, str(Path(__file__).parent))
acme_grain = importlib.import_module("acme_grain")

ADDED = {"any_color_space", "uses_vae"}
"""Members of specs that contract 1 has got since the plugin was frozen."""
HOOKS = [name for name in vars(hooks) if name.startswith("vaeedit_")]


@parametrize_with_checks(
    acme_grain,
    expected_failures={
        "imports-light": "the frozen plugin is not installed, so a fresh interpreter lacks it"
    },
)
def test_the_frozen_plugin_keeps_contract_1(check):
    check()


@pytest.fixture(scope="module")
def plugins():
    return registry_with(acme_grain)


@pytest.fixture
def folder(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    return tmp_path


def returned():
    """What the hooks of the plugin return."""
    return [spec for hook in HOOKS for spec in getattr(acme_grain, hook, list)()]


def default_of(field):
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def used_fields(kind):
    """Fields of a spec that some spec of the plugin sets to another value than the default."""
    chosen = [spec for spec in returned() if type(spec) is kind]
    fields = dataclasses.fields(kind)
    return {
        field.name for field in fields for spec in chosen if getattr(spec, field.name) != default_of(field)
    }


def test_it_implements_every_hook():
    assert [hook for hook in HOOKS if not getattr(acme_grain, hook, list)()] == []


@pytest.mark.parametrize("kind", sorted({type(spec) for spec in returned()}, key=lambda kind: kind.__name__))
def test_it_sets_every_field_of_every_spec(kind):
    assert {field.name for field in dataclasses.fields(kind)} - used_fields(kind) - ADDED == set()


def test_it_returns_every_kind_of_spec():
    assert {type(spec) for spec in returned()} == set(specs.Spec.__args__)


def test_it_overrides_every_method_of_an_operation_and_sets_every_attribute_of_an_objective():
    operations = [load_target(spec.target) for spec in acme_grain.vaeedit_operations()]
    (objective,) = (load_target(spec.target) for spec in acme_grain.vaeedit_objectives())
    for base, derived in (
        (Edit, operations),
        (Join, operations),
        (Inspect, operations),
        (Objective, [objective]),
    ):
        public = {name for name, _ in inspect.getmembers_static(base) if not name.startswith("_")}
        assert public - {name for cls in derived for name in vars(cls)} == set()


def test_its_options_are_of_every_kind_that_help_can_describe():
    kinds = set()
    for cls in {getattr(spec, "options", None) for spec in returned()} - {None}:
        waiting = [field.type for field in msgspec.inspect.type_info(cls).fields]
        while waiting:
            info = waiting.pop()
            kinds.add(type(info).__name__)
            waiting += (
                [info.type] if isinstance(info, msgspec.inspect.Metadata) else getattr(info, "types", ())
            )
    assert kinds == {
        "BoolType", "DictType", "FloatType", "IntType", "LiteralType", "Metadata", "NoneType", "StrType", "UnionType",
        "VarTupleType",
    }  # fmt: skip


def test_its_operations_run_in_one_pipeline(plugins, folder):
    write(Frame(np.full((48, 64, 3), 90, np.uint8)), folder / "b.png")
    write(Frame(np.full((48, 64, 1), 255, np.uint8)), folder / "mask.png")
    pipeline = Pipeline(
        Step("acme-grain", maps=("spread",), draws=2, level=10),
        Step("acme-fade"),
        Step("acme-fade"),
        Step("acme-polish", when="acme-grain.amount > 0"),
        Step("acme-meter"),
        Step(
            "acme-weave",
            title="Both",
            frames=3,
            mask=str(folder / "mask.png"),
            **{"with": str(folder / "b.png")},
        ),
    )
    with Session(plugins=plugins, device="cpu") as session:
        result = session.run(pipeline, folder / "a.png")
    assert set(result.maps) == {"spread"}
    assert len(result.film.frames) == 3
    assert result.notes["acme-weave"]["title"] == "Both"
    assert (result.notes["acme-weave"]["decoded"], result.notes["acme-weave"]["masks"]) == (2, 1)
    assert result.notes["acme-meter"]["unusual"] in (True, False)
    assert result.save(folder / "film.gif") == []
    assert Image.open(folder / "film.gif").n_frames >= 1


def test_its_vae_is_read_from_a_file_a_folder_and_by_its_prefix(plugins, folder):
    assert read_info(find_vae("acme-flat", plugins)).calibration == {"limit": 0.1}
    (folder / "acme.json").write_text('{"width": 3}')
    for name in (str(folder), f"acme:{folder}"):
        network, info = load_vae(find_vae(name, plugins), plugins)
        assert (info.name, network.encoder.out_channels) == ("acme", 3)
    detect = load_target(acme_grain.vaeedit_architectures()[0].detect)
    assert detect({"encoder.weight": (5, 12, 1, 1)}) == {"width": 5}


def test_its_command_and_its_evaluation(folder):
    (command,), (evaluation,) = acme_grain.vaeedit_commands(), acme_grain.vaeedit_evaluations()
    assert CliRunner().invoke(load_target(command.target), ["Ada"]).output == "Hello Ada.\n"
    ran = CliRunner().invoke(load_target(evaluation.target), [str(folder), "--json", "--samples", "1"])
    assert ran.exit_code == 0, ran.output
    assert '"acme":1' in ran.output.replace(" ", "")


def test_its_recipe_trains_its_network_by_its_objective(plugins, folder):
    pytest.importorskip("pytorch_lightning")
    from vaeedit.training.train import train

    recipe = load_recipe("acme-flat", plugins)
    info = train(recipe, Run(folder, folder / "run", Budget(60, 2)), folder / "x.safetensors", plugins)
    assert info.recipe["objective"] == {"kind": "acme-power", "power": 2}
    assert load_vae(folder / "x.safetensors", plugins)[0].encoder.out_channels == 4
