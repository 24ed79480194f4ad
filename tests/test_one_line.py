"""One-line pipelines are the pipelines they look like."""

import pytest

from vaeedit.errors import PipelineError
from vaeedit.extension.registry import registry
from vaeedit.pipeline.one_line import parse_line
from vaeedit.pipeline.pipeline import Step


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("denoise", [Step("denoise")]),
        ("denoise --strength .6|denoise", [Step("denoise", strength=".6"), Step("denoise")]),
        ("denoise --strength=.6 --sigma auto", [Step("denoise", strength=".6", sigma="auto")]),
        ("a --x -3 --flag --no-other", [Step("a", x="-3", flag=True, other=False)]),
        ("a --x 'two words | bar'", [Step("a", x="two words | bar")]),
        (
            "a --vae my.safetensors --name one --maps m,n",
            [Step("a", vae="my.safetensors", name="one", maps=["m", "n"])],
        ),
        ("a --x 1 --x=2", [Step("a", x=["1", "2"])]),
        ("a --maps m --maps n,o", [Step("a", maps=["m", "n", "o"])]),
        ("  a  |  b  ", [Step("a"), Step("b")]),
    ],
)
def test_a_line_is_its_steps(line, steps):
    assert list(parse_line(line).steps) == steps


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "step 1 is empty"),
        ("denoise |", "step 2 is empty"),
        ("denoise || denoise", "step 2 is empty"),
        ("denoise strong", "'strong' does not follow an --option"),
        ("denoise --strength .5 .6", "'.6' does not follow an --option"),
        ("denoise --sigma 'open", "no closing quotation"),
        ("denoise --when", "--when needs a value"),
        ("denoise --vae --maps m", "--vae needs a value"),
        ("denoise --no-name", "--name needs a value"),
        ("denoise --no-x 5", "'5' does not follow an --option"),
        ("denoise --vae denoise --vae photo", "--vae takes one value and is given 2 times"),
        ("denoise --strength .5 --strength .6", r"strength must be a number from 0 to 2, not \['.5', '.6'\]"),
        (
            "style --style a --preserve-color --no-preserve-color",
            r"must be true or false, not \[True, False\]",
        ),
        ("denoise " + "--x " * 10_000, "has 40,008 characters; the limit for one line is 10,000"),
    ],
)
def test_what_is_no_pipeline_is_refused_in_a_sentence(line, message):
    with pytest.raises(PipelineError, match=message):
        parse_line(line).check(registry())


def test_values_are_converted_and_checked_like_any_other():
    (planned,) = parse_line("denoise --strength .6 --sigma auto").check(registry())
    assert (planned.options.strength, planned.options.sigma) == (0.6, "auto")
    with pytest.raises(PipelineError, match="did you mean 'strength'"):
        parse_line("denoise --strenght 1").check(registry())


def test_an_option_that_takes_several_keeps_all():
    (planned,) = parse_line("style --style b --weights 1 --style a --weights=3").check(registry())
    assert planned.extra_inputs["style"] == ("b", "a")
    assert planned.options.weights == (1.0, 3.0)
