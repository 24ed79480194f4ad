"""Components of options: each declared kind has a control, and what it holds is read as the option's value."""

import sys
from typing import Annotated, Literal

import pytest

gr = pytest.importorskip("gradio", reason="gradio is missing: pip install 'vaeedit[ui]'")

from vaeedit.errors import OptionError, UsageError  # noqa: E402
from vaeedit.extension.registry import Registry, registry  # noqa: E402
from vaeedit.extension.specs import OperationSpec  # noqa: E402
from vaeedit.extension.tables import Provided  # noqa: E402
from vaeedit.options import Options, bounded, fields, option  # noqa: E402
from vaeedit.pipeline.step import Step  # noqa: E402
from vaeedit.ui.document import Document  # noqa: E402
from vaeedit.ui.edit.steps_panel import acted, new_step, operations  # noqa: E402
from vaeedit.ui.form import NOTHING, NUMBER, control, described, label, start, step_of  # noqa: E402


class Every(Options, frozen=True):
    """An option of every kind that a command line can hold."""

    count: Annotated[int, option("Whole.", ge=1, le=8)]
    share: Annotated[float, option("Share.", ge=0, le=1)] = 0.5
    odd_share: Annotated[float, option("Share.", ge=0, le=75)] = 12.3
    tiny: Annotated[float, option("Many powers of ten.", ge=1e-6, le=0.5)] = 0.01
    side: Annotated[int, option("At least.", ge=16)] = 64
    any_number: Annotated[float, option("Any.")] = 1.5
    sigma: Annotated[Annotated[float, bounded(ge=0, le=75)] | Literal["auto"], option("Or auto.")] = "auto"
    along: Annotated[Annotated[int, bounded(ge=1, le=512)] | Literal["up", "down"] | None, option("Or.")] = (
        None
    )
    level: Annotated[Literal["all", "fine"], option("Words.")] = "all"
    scale: Annotated[Literal[2, 3, 4], option("Numbers as words.")] = 2
    on: Annotated[bool, option("Switch.")] = False
    maybe: Annotated[bool | None, option("Switch or nothing.")] = None
    weights: Annotated[tuple[float, ...], option("List.", most=9)] = ()
    text: Annotated[str, option("Text.")] = "x"
    name: Annotated[int | str, option("Number or text.")] = 0


EVERY = fields(Every)


BLOCKS = gr.Blocks()


def made(name, value):
    with BLOCKS:
        return control(EVERY[name], value)


@pytest.mark.parametrize(
    ("name", "value", "kinds", "held"),
    [
        ("count", 3, [gr.Slider], [3]),
        ("share", 0.25, [gr.Slider], [0.25]),
        ("odd_share", 12.3, [gr.Slider], [12.3]),
        ("tiny", 0.001, [gr.Number], [0.001]),
        ("side", 32, [gr.Number], [32]),
        ("any_number", -3.5, [gr.Number], [-3.5]),
        ("sigma", "auto", [gr.Checkbox, gr.Slider], [True, 37.5]),
        ("sigma", 20.0, [gr.Checkbox, gr.Slider], [False, 20.0]),
        ("along", None, [gr.Dropdown, gr.Slider], [NOTHING, 1]),
        ("along", "down", [gr.Dropdown, gr.Slider], ["down", 1]),
        ("along", 7, [gr.Dropdown, gr.Slider], [NUMBER, 7]),
        ("level", "fine", [gr.Dropdown], ["fine"]),
        ("scale", 3, [gr.Dropdown], ["3"]),
        ("on", True, [gr.Checkbox], [True]),
        ("maybe", None, [gr.Dropdown], [NOTHING]),
        ("maybe", False, [gr.Dropdown], ["false"]),
        ("weights", (1.0, 0.5), [gr.Textbox], ["1.0, 0.5"]),
        ("weights", (), [gr.Textbox], [""]),
        ("text", "a b", [gr.Textbox], ["a b"]),
        ("name", "7", [gr.Textbox], ["7"]),
    ],
)
def test_a_control_holds_its_value_and_gives_it_back(name, value, kinds, held):
    found = made(name, value)
    assert [type(part) for part in found.parts] == kinds
    assert [part.value for part in found.parts] == held
    assert EVERY[name].parse(found.read(*held)) == value
    assert all(part.label for part in found.parts)
    if found.number is not None:
        assert found.number.visible == found.needs_number(held[0])


@pytest.mark.parametrize("name", EVERY)
def test_no_option_is_without_a_control_and_a_description(name):
    found = made(name, EVERY[name].default)
    assert found.parts[0].info == EVERY[name].description
    assert found.parts[0].elem_id.startswith("edit-option-")


def test_what_is_wrong_is_said_in_the_known_words():
    with pytest.raises(OptionError, match="sigma must be a number from 0 to 75, or auto, not 80"):
        EVERY["sigma"].parse(made("sigma", "auto").read(False, 80))
    with pytest.raises(OptionError, match="commas separate them"):
        EVERY["weights"].parse(made("weights", ()).read("1; 2"))


def test_sliders_have_steps_that_reach_the_default():
    assert [step_of(0, 1), step_of(0, 2), step_of(0, 75), step_of(-10, 10)] == [0.01, 0.02, 0.5, 0.2]
    assert made("count", 1).parts[0].step == 1
    for low, high, default in [(0, 75, 12.3), (1, 60, 12.0), (0, 1, 0.125), (0.1, 0.9, 0.55)]:
        steps = (default - low) / step_of(low, high, default)
        assert steps == pytest.approx(round(steps))


def test_every_option_of_every_installed_operation_has_a_control():
    specs = [item.spec for item in registry().operations.qualified.values()]
    with gr.Blocks():
        for field in [field for spec in specs for field in fields(spec.options).values()]:
            found = control(field, start(field) if field.required else field.default)
            value = field.parse(found.read(*(part.value for part in found.parts)))
            assert field.required or value == field.default


def test_names_and_texts_are_for_people():
    assert (
        label(fields(registry().operations.find("style").spec.options)["preserve_color"]) == "Preserve color"
    )
    assert described("See [this](http://example.org)\x1b") == "See [this] (http://example.org)\\x1b"


@pytest.fixture
def plugged():
    """A registry with the operations of two plugins, one of which uses a name of the other."""
    found = Registry()
    for plugin, name in (("acme", "every"), ("other", "every"), ("other", "plain")):
        options = Every if name == "every" else Options
        spec = OperationSpec(name=name, summary=f"Of {plugin}.", target="x:Y", options=options)
        found.operations.add(Provided(spec, plugin, f"{plugin}-package"))
    return found


def test_operations_of_every_plugin_are_offered(plugged):
    assert operations(plugged) == [
        ("every: Of acme. (acme-package)", "every"),
        ("other:every: Of other. (other-package)", "other:every"),
        ("plain: Of other. (other-package)", "plain"),
    ]
    assert {name for _, name in operations(registry())} == {*registry().operations.bare}


def test_a_new_step_has_values_for_what_is_required(plugged):
    assert new_step(plugged, "every").options == {"count": 1}
    assert new_step(registry(), "relabel").options == {"to": "1"}
    assert new_step(registry(), "denoise").options == {}


def test_what_the_list_may_ask_for():
    document = Document().add(Step("denoise")).add(Step("vary"))
    assert acted(document, {"action": "up", "key": 1}).steps == (Step("vary"), Step("denoise"))
    assert acted(document, {"action": "switch", "key": 0, "on": False}).steps == (Step("vary"),)
    for said in (None, "x", {}, {"action": "up"}, {"action": "up", "key": "1"}, {"action": "eval", "key": 1}):
        with pytest.raises(UsageError, match="no button for"):
            acted(document, said)
    with pytest.raises(UsageError, match="has been removed"):
        acted(document, {"action": "remove", "key": 99})


def test_no_component_writes_files_beside_the_code():
    from pathlib import Path

    import vaeedit.ui

    assert "vaeedit.ui.edit.steps_panel" in sys.modules
    assert not [*Path(vaeedit.ui.__file__).parent.rglob("*.pyi")]
