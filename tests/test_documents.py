"""YAML is read in one pass and within bounds; whatever a text holds, a fault is a sentence with its line."""

import os
from pathlib import Path

import pytest

from vaeedit.documents import DEPTH, VALUES, read_yaml
from vaeedit.errors import OptionError, PipelineError, UsageError, VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.options import as_dict
from vaeedit.pipeline.pipeline import STEPS, Pipeline, Step
from vaeedit.training.recipe import describe_recipe, load_recipe
from vaeedit.vae.files import find_vae

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
FAULTS = {
    "30,000 brackets": ("[" * 30_000, f"line 1: lists and mappings are nested more than {DEPTH}"),
    "30,000 lists, line by line": ("- " * 30_000, f"lists and mappings are nested more than {DEPTH}"),
    "a billion laughs": (LAUGHS, f"line 4: the document has more than {VALUES:,} values"),
    "a cycle": ("a: &a\n  b: *a", "line 2: the alias *a refers to no value before it"),
    "an alias of nothing": ("a: *b", "line 1: the alias *b refers to no value"),
    "too many values": ("[" + "1," * VALUES + "1]", "line 1: the document has more than 10,000 values"),
    "too long a text": ("a: " + "x" * 20_000, "line 1: a text of 20,000 characters is too long"),
    "too large": ("#" * (1 << 21), "over the limit of 1,048,576; VAEEDIT_MAX_TEXT_BYTES"),
    "a key that is a list": ("? [a, b]\n: c", "line 1: a key must be a single word"),
    "the same key twice": ("a: 1\na: 2", "line 2: the key 'a' is given twice"),
    "a number that is none": ("a: 0b_", "line 1: '0b_' is not a valid int"),
    "a truth that is none": ("a: !!bool maybe", "line 1: 'maybe' is not a valid bool"),
    "infinity": ("a:\n  - .inf", "line 2: '.inf' is not a finite number"),
    "no number": ("a: .nan", "line 1: '.nan' is not a finite number"),
    "a sum of powers of sixty": ("a: !!float 1" + ":59" * 2000, "a number of 6,001 characters is too long"),
    "another type": ("a: !!binary aGk=", "line 1: the tag 'tag:yaml.org,2002:binary' is not known"),
    "a set": ("a: !!set {b}", "line 1: the tag 'tag:yaml.org,2002:set' is not known"),
    "Python": ("a: !!python/object:os.system {}", "line 1: the tag"),
    "two documents": ("a: 1\n---\nb: 2", "line 2: a second document begins"),
    "a control character": ("a: \x01", "not valid YAML"),
    "half a character": ("a: \ud800", "not text"),
    "no YAML": ("a: b: c", "line 1: this is not valid YAML"),
}


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS)
def test_a_text_that_no_person_would_write_is_refused_by_a_sentence(text, message):
    with pytest.raises(ValueError) as fault:
        read_yaml(text)
    assert message in str(fault.value)
    with pytest.raises(PipelineError) as faults:
        Pipeline.from_yaml(text)
    assert message in str(faults.value)


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS)
def test_and_so_is_a_recipe(text, message, tmp_path):
    (tmp_path / "r.yaml").write_text(text, errors="surrogatepass")
    with pytest.raises((OptionError, UsageError)):
        load_recipe(str(tmp_path / "r.yaml"), registry())


def test_dates_are_text_and_so_are_long_numbers():
    found = read_yaml(f"[2024-01-01, 2024-99-99, 0x1f, 1_000, 1:30, {'9' * 101}, 1.5, ~, yes]").value
    assert found == ["2024-01-01", "2024-99-99", 31, 1000, 90, "9" * 101, 1.5, None, True]


def test_a_tab_at_the_end_and_aliases_are_read():
    found = read_yaml("a: &a {b: 1}\t\nc: *a\nd: [*a, *a]\t\n")
    assert found.value == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}, {"b": 1}]}
    assert found.lines[("d", 1)] == 3


def test_files_may_begin_with_a_bom_and_must_be_regular(tmp_path):
    good = tmp_path / "p.yaml"
    good.write_bytes(b"\xef\xbb\xbf" + Pipeline(Step("denoise")).to_yaml().encode())
    assert Pipeline.from_file(good) == Pipeline(Step("denoise"))
    recipe = tmp_path / "r.yaml"
    recipe.write_bytes(b"\xef\xbb\xbf" + describe_recipe(load_recipe("denoise", registry())).encode())
    assert as_dict(load_recipe(str(recipe), registry())) == as_dict(load_recipe("denoise", registry()))
    pipe, large = tmp_path / "pipe.yaml", tmp_path / "large.yaml"
    os.mkfifo(pipe)
    large.touch()
    os.truncate(large, 1 << 40)
    for read in (Pipeline.from_file, lambda path: load_recipe(str(path), registry())):
        for path, message in ((pipe, "not a regular file"), (large, "over the limit")):
            with pytest.raises(UsageError, match=message):
                read(path)
    with pytest.raises(UsageError, match="not a regular file"):
        Pipeline.from_file(Path("/dev/zero"))
    good.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a text file"):
        Pipeline.from_file(good)


@pytest.mark.parametrize(
    "step",
    [
        Step("denoise", strength=float("nan")),
        Step("denoise", strength=float("inf")),
        Step("denoise", strength=10**5000),
        Step("denoise", strength="1e999"),
        Step("denoise", strength="9" * 5000),
        Step("denoise", strength=[[[]]]),
        Step("denoise", **{"x" * 50_000: 1}),
        Step("x" * 50_000),
        Step("denoise", vae="x" * 50_000),
        Step("denoise", when="a" * 1_000_000 + ".b"),
        Step("denoise", when="denoise.x > 1e999"),
    ],
)
def test_no_value_of_an_option_is_unexpected(step):
    with pytest.raises(PipelineError) as caught:
        Pipeline(Step("denoise"), step).check(registry())
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("vae", ["x/" + "y" * 50_000, "a\0b/c", "a\0b.safetensors", "/dev/zero", "/"])
def test_no_path_of_a_vae_is_unexpected(vae):
    Pipeline(Step("denoise", vae=vae)).check(registry())
    with pytest.raises(VaeeditError):
        find_vae(vae, registry())


def test_no_seed_and_no_number_of_steps_is_unexpected():
    with pytest.raises(PipelineError, match="The seed has more than 100 digits"):
        Pipeline(Step("denoise"), seed=10**5000).check(registry())
    with pytest.raises(PipelineError, match=r"has 30,000 steps; the limit is 200"):
        Pipeline(*[Step("denoise")] * 30_000).check(registry())
    assert len(Pipeline(*[Step("denoise")] * STEPS).check(registry())) == STEPS
