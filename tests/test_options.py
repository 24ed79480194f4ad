"""One declaration of options gives checks, words, command line flags and the table of the docs."""

from typing import Annotated, Literal

import click
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeedit.cli.params import FieldType, click_options
from vaeedit.errors import OptionError
from vaeedit.extension.registry import registry
from vaeedit.options import Options, as_dict, bounded, describe, fields, option, parse, table, validate
from vaeedit.settings import Settings


class Sample(Options, frozen=True):
    """One option of every kind."""

    size: Annotated[int, option("Required.", ge=1)]
    both: Annotated[float, option("Between.", ge=0, le=2)] = 1.0
    at_most: Annotated[float, option("Upper only.", le=3.5)] = 0.0
    free: Annotated[float, option("Any.")] = 0.0
    large: Annotated[int, option("Large bounds.", ge=0, le=1_234_567)] = 0
    mode: Annotated[Literal["fast", "good"], option("One of.")] = "fast"
    level: Annotated[Annotated[float, bounded(ge=0, le=75)] | Literal["auto"], option("Or.")] = "auto"
    tile: Annotated[Annotated[int, bounded(ge=16)] | None, option("Perhaps.")] = None
    flag: Annotated[bool, option("On or off.")] = False
    text: Annotated[str, option("Words.")] = "a"
    widths: Annotated[tuple[int, ...], option("Several.")] = (1, 2)
    names: Annotated[list[str], option("Fresh each time.")] = []


WORDS = {
    "size": "a whole number of at least 1",
    "both": "a number from 0 to 2",
    "at_most": "a number of at most 3.5",
    "free": "a number",
    "large": "a whole number from 0 to 1234567",
    "mode": "fast or good",
    "level": "a number from 0 to 75, or auto",
    "tile": "a whole number of at least 16, or nothing",
    "flag": "true or false",
    "text": "text",
    "widths": "a list",
    "names": "a list",
}


def test_every_kind_is_described_in_words():
    found = fields(Sample)
    assert list(found) == list(WORDS)
    assert {name: field.expects for name, field in found.items()} == WORDS
    assert describe(object()) == "a value"


def test_a_field_knows_its_flag_default_and_description():
    found = fields(Sample)
    assert (found["at_most"].flag, found["at_most"].description) == ("at-most", "Upper only.")
    assert (found["size"].required, found["both"].required) == (True, False)
    assert found["both"].default == 1.0
    assert found["names"].default == []
    assert [name for name, field in found.items() if field.is_flag] == ["flag"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("both", 0, 0.0),
        ("both", 2, 2.0),
        ("both", "1.5", 1.5),
        ("at_most", 3.5, 3.5),
        ("at_most", -1e9, -1e9),
        ("large", "1234567", 1_234_567),
        ("mode", "good", "good"),
        ("level", "auto", "auto"),
        ("level", "75", 75.0),
        ("tile", 16, 16),
        ("tile", None, None),
        ("flag", "true", True),
        ("flag", False, False),
        ("text", "", ""),
        ("widths", [3, 4], (3, 4)),
        ("widths", "12", (12,)),
        ("widths", "3, 4", (3, 4)),
        ("names", "one", ["one"]),
    ],
)
def test_a_value_within_the_bounds_is_converted(name, value, expected):
    assert getattr(validate(Sample, {"size": 1, name: value}), name) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 0),
        ("size", 1.5),
        ("size", True),
        ("size", None),
        ("both", -0.001),
        ("both", 2.001),
        ("both", "nan"),
        ("both", float("nan")),
        ("both", float("inf")),
        ("both", [1]),
        ("at_most", 3.51),
        ("large", 1_234_568),
        ("mode", "best"),
        ("mode", 1),
        ("level", 76),
        ("level", "automatic"),
        ("tile", 15),
        ("flag", "perhaps"),
        ("text", 3),
        ("widths", [1.5]),
    ],
)
def test_a_value_beyond_the_bounds_is_an_error_that_says_what_is_expected(name, value):
    with pytest.raises(OptionError) as caught:
        validate(Sample, {"size": 1, name: value}, "step 3 (x)")
    flag = name.replace("_", "-")
    assert str(caught.value) == f"step 3 (x): {flag} must be {WORDS[name]}, not {value!r}."


SHIPPED = [item.spec.options for item in registry().operations.bare.values()] + [Settings]
BOUNDS = [
    (cls, field.name, info)
    for cls in SHIPPED
    for field in fields(cls).values()
    for info in getattr(field.info, "types", [field.info])
    if getattr(info, "ge", None) is not None
]


@pytest.mark.parametrize(("cls", "name", "info"), BOUNDS, ids=lambda v: v if isinstance(v, str) else "")
def test_every_declared_bound_of_what_ships_is_inclusive_and_holds(cls, name, info):
    needed = {field.name: 1 for field in fields(cls).values() if field.required}
    for bound, step in ((info.ge, -1), (info.le, 1)):
        if bound is None:
            continue
        assert getattr(validate(cls, {**needed, name: bound}), name) == bound
        for beyond in (bound + step, str(bound + step)):
            with pytest.raises(OptionError, match=name.replace("_", "[-_]")):
                validate(cls, {**needed, name: beyond})


def test_there_are_bounds_to_check():
    assert {name for _, name, _ in BOUNDS} >= {"sigma", "strength", "samples", "realism", "tile", "seed"}


def test_dashes_and_underscores_are_the_same():
    assert validate(Sample, {"size": 1, "at-most": 2}) == validate(Sample, {"size": 1, "at_most": 2})


class Between(Options, frozen=True):
    """An option that Python has a word for."""

    from_: Annotated[str, option("Where it begins.")] = ""


@pytest.mark.parametrize("key", ["from", "from_"])
def test_a_word_of_python_is_a_field_with_an_underscore(key):
    assert validate(Between, {key: "a"}) == Between(from_="a")
    assert click_options(Between)[0].opts == ["--from"]
    assert "`from`" in table(Between)


def test_an_unknown_option_names_the_nearest():
    with pytest.raises(OptionError, match=r"There is no option 'at-mots'; did you mean 'at-most'\?"):
        validate(Sample, {"size": 1, "at-mots": 2})
    with pytest.raises(OptionError, match=r"step 1 has no option 'zzz'; there are: at-most, both"):
        validate(Sample, {"size": 1, "zzz": 2}, "step 1")


def test_a_required_option_is_asked_for():
    with pytest.raises(OptionError, match="Sample needs the option 'size'"):
        validate(Sample, {})


def test_all_faults_are_found_at_once():
    parsed, faults = parse(Sample, {"both": 3, "tile": 1, "sise": 1, "mode": "good"}, "here")
    assert parsed == {"mode": "good"}
    assert [fault.split(" ")[1] for fault in faults.values()] == ["both", "tile", "has", "needs"]


def test_options_cannot_be_changed_and_lists_are_not_shared():
    one, two = validate(Sample, {"size": 1}), validate(Sample, {"size": 1})
    with pytest.raises(AttributeError):
        one.size = 2
    assert one.names is not two.names


@given(
    st.builds(
        Sample,
        size=st.integers(1, 2**63),
        both=st.floats(0, 2),
        level=st.one_of(st.floats(0, 75), st.just("auto")),
        tile=st.one_of(st.none(), st.integers(16, 4096)),
        flag=st.booleans(),
        text=st.text(),
        widths=st.lists(st.integers(-5, 5)).map(tuple),
    )
)
def test_plain_values_give_equal_options_back(options):
    assert validate(Sample, as_dict(options)) == options
    assert validate(Sample, msgspec.json.decode(msgspec.json.encode(as_dict(options)))) == options


def test_the_table_of_the_docs_has_one_row_an_option():
    lines = table(Sample).splitlines()
    assert len(lines) == 2 + len(WORDS)
    assert "| `size` | a whole number of at least 1 | required | Required. |" in lines
    assert '| `level` | a number from 0 to 75, or auto | `"auto"` | Or. |' in lines
    assert "| `at-most` | a number of at most 3.5 | `0.0` | Upper only. |" in lines
    assert "| `names` | a list | `[]` | Fresh each time. |" in lines
    for cls in SHIPPED:
        assert len(table(cls).splitlines()) == 2 + len(fields(cls))


def test_every_option_becomes_a_flag_of_the_command_line():
    def parsed(*arguments):
        command = click.Command("x", params=click_options(Sample))
        return command.make_context("x", list(arguments)).params

    assert parsed("--size", "4") == {**{n: f.default for n, f in fields(Sample).items()}, "size": 4}
    given_all = parsed(
        "--size=2", "--at-most", "-3", "--flag", "--mode", "good", "--level", "7", "--tile", "32"
    )
    assert given_all["at_most"] == -3.0
    assert (given_all["flag"], given_all["mode"], given_all["level"], given_all["tile"]) == (
        True,
        "good",
        7.0,
        32,
    )
    assert parsed("--size", "4", "--no-flag")["flag"] is False
    with pytest.raises(click.BadParameter, match="--both must be a number from 0 to 2, not '9'"):
        parsed("--size", "4", "--both", "9")
    with pytest.raises(click.MissingParameter):
        parsed()


@pytest.mark.parametrize(
    ("text", "value"), [(".6", 0.6), ("+1", 1.0), ("1.", 1.0), ("-.0", 0.0), ("5e-1", 0.5)]
)
def test_numbers_as_people_write_them_are_numbers(text, value):
    class Toy(Options, frozen=True):
        amount: Annotated[float, option("How much.", ge=0, le=1)] = 0.5

    assert validate(Toy, {"amount": text}).amount == value


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "one", "", "1_0x"])
def test_what_is_no_finite_number_is_refused(text):
    class Toy(Options, frozen=True):
        amount: Annotated[float, option("How much.", ge=0)] = 0.5

    with pytest.raises(OptionError, match="amount must be"):
        validate(Toy, {"amount": text})


def test_an_option_in_two_spellings_is_refused_and_none_is_lost():
    with pytest.raises(OptionError, match="a step: 'at-most' and 'at_most' are one option"):
        validate(Sample, {"size": 1, "at-most": 2, "at_most": 1}, "a step")


class Pairs(Options, frozen=True):
    """Lists of fixed length."""

    center: Annotated[tuple[float, float], option("Center.")] = (0.5, 0.5)
    sides: Annotated[tuple[int, Literal["px", "%"]], option("Sides.")] = (1, "px")


@pytest.mark.parametrize("text", [".2,.5", "0.2, +.5", "[.2, 0.5]", ".2,5e-1"])
def test_a_list_is_written_with_commas_and_maybe_brackets(text):
    assert validate(Pairs, {"center": text}).center == (0.2, 0.5)


def test_a_list_that_is_wrong_says_what_is_in_it_and_how_it_is_written():
    with pytest.raises(
        OptionError, match=r"center must be a list of 2, each a number, not '1 2'; commas separate"
    ):
        validate(Pairs, {"center": "1 2"})
    with pytest.raises(
        OptionError, match=r"sides must be a list of 2: a whole number, % or px, not \[1\]\.$"
    ):
        validate(Pairs, {"sides": [1]})
    assert FieldType(fields(Pairs)["center"]).get_metavar(None, None) == "LIST of 2"
