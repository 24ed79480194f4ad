"""Every check of the contract fails on a plugin that does what it forbids, and says what to do."""

import ast
from pathlib import Path

import pytest

import vaeedit.testing
from plugin_maker import changed
from vaeedit.testing import checks, parametrize_with_checks

GOOD = """
from typing import Annotated
from vaeedit.api import OperationSpec, Options, hookimpl, option

class ToyOptions(Options, frozen=True):
    amount: Annotated[float, option("How much.", ge=0, le=1)] = 0.5

@hookimpl
def vaeedit_operations():
    target = "{name}.operation:Toy"
    return [OperationSpec(name="toy", summary="A toy.", target=target, options=ToyOptions, vae="testing-tiny")]
"""
OPERATION = """
import os, random, subprocess
from dataclasses import replace
import numpy as np
import torch
from vaeedit.api import Edit, Frame, Result

class Toy(Edit):
    def edit(self, latents):
        return latents.mean()
"""
EDIT = "return latents.mean()"


def before(line):
    return "def edit", f"def before(self, frames):\n        {line}\n        return frames\n    def edit"


def after(lines):
    return (
        "def edit",
        f"def after(self, frames, originals):\n        frame = frames[0]\n        {lines}\n    def edit",
    )


def edit(line):
    return EDIT, f"{line}\n        {EDIT}"


def declared(words):
    return 'vae="testing-tiny"', f'vae="testing-tiny", {words}'


OTHER = 'extra_inputs={"other": "Another picture."}'
FAULTS = {
    "heavy import": ("imports-light", "imports numpy; do that in", [("\n", "\nimport numpy\n")]),
    "printing import": ("imports-light", "prints 'hello", [("\n", "\nprint('hello')\n")]),
    "reserved option": ("is-admitted", "name seed already", [("amount: Ann", "seed: Ann")]),
    "undescribed option": ("is-admitted", "no description", [('option("How much.", ge=0, le=1)', "1")]),
    "default out of bounds": ("is-admitted", "must be a number from 0 to 1", [("] = 0.5", "] = 7.0")]),
    "illegal name": ("is-admitted", "lower-case", [('name="toy"', 'name="Toy_1"')]),
    "taken name": ("names-free", "belongs to restore.*Rename it", [('name="toy"', 'name="denoise"')]),
    "no edit": ("toy-target", "does not define edit; define it", [("def edit", "def edits")]),
    "another base": ("toy-target", "does not derive from Edit", [("Toy(Edit)", "Toy")]),
    "no example": ("toy-yaml", "declare it with option", [("] = 0.5", "]"), ("ge=0, le=1", "")]),
    "changing options": (
        "toy-yaml",
        "amount=1 becomes",
        [
            (
                "] = 0.5",
                "] = 0.5\n    def __post_init__(self):\n        import msgspec\n"
                "        if self.amount > 0.9: msgspec.structs.force_setattr(self, 'amount', self.amount - 0.01)",
            )
        ],
    ),
    "undescribed map": ("toy-help", "--heat has no description; add", [declared('maps={"heat": ""}')]),
    "renamed option": (
        "toy-schema",
        "lacks amount",
        [("frozen=True", "frozen=True, rename='upper'"), ("] = 0.5", "]")],
    ),
    "pixels": (
        "toy-runs-odd",
        "changes the pixels of the picture in place; change a copy",
        [before("torch.from_numpy(frames[0].pixels).zero_()")],
    ),
    "alpha": (
        "toy-runs-rgba",
        "changes the alpha of the picture in place; change a copy",
        [before("frames[0].alpha is not None and torch.from_numpy(frames[0].alpha).zero_()")],
    ),
    "pixels that are refused": ("toy-runs-odd", "must change a copy", [before("frames[0].pixels[:] = 0")]),
    "latents": ("toy-runs-odd", "must change a copy", [edit("latents.levels[0].mean.add_(1)")]),
    "nan": (
        "toy-runs-16-bit",
        "not finite",
        [after("return Result(frame.with_floats(frame.floats() * np.float32('nan')))")],
    ),
    "shape": (
        "toy-runs-rgba",
        r"has alpha of \(25, 32\), which does not fit",
        [after("return Result(replace(frame, pixels=frame.pixels[:, ::2]))")],
    ),
    "depth": ("toy-runs-16-bit", "8 bits for one of 16", [after("return Result(frame.as_depth(8))")]),
    "missing map": ("toy-runs-gray", "no map heat", [declared('maps={"heat": "Heat."}')]),
    "one pixel": ("toy-runs-1x1", "failed: IndexError", [after("return Result(replace(frame, std=frame.pixels[1]))")]),
    "no film": ("toy-runs-odd", r"return Result\(film=", [declared("film=True")]),
    "prints": ("toy-prints", "prints 'hello.*use logging", [edit("print('hello')")]),
    "prints below Python": ("toy-prints", "prints 'hello", [edit("os.write(1, b'hello')")]),
    "programs that print": ("toy-prints", "prints 'hello", [edit("subprocess.run(['echo', 'hello'])")]),
    "files": ("toy-files", "writes heat.txt; return", [edit("open('heat.txt', 'w').close()")]),
    "seeds random": ("toy-generators", "of random; use", [edit("random.seed(0)")]),
    "seeds numpy": ("toy-generators", "numpy.random; use", [edit("np.random.seed(0)")]),
    "seeds torch": ("toy-generators", "torch; use", [edit("torch.manual_seed(0)")]),
    "uses torch": ("toy-generators", "torch; use", [edit("torch.rand(1)")]),
    "random": (
        "toy-same-seed",
        "gives another pixels; draw from self.request.seed",
        [(EDIT, "return latents.sample(random.SystemRandom().randrange(10**6))")],
    ),
    "random map": (
        "toy-same-seed",
        "gives another map heat",
        [
            declared('maps={"heat": "Heat."}'),
            after("return Result(frame, {'heat': Frame(np.full((2, 2, 1), os.urandom(1)[0], np.uint8))})"),
        ],
    ),
    "bound": ("toy-options", "with amount=1.*1 // 0|with amount=0", [edit("1 / self.options.amount")]),
    "choice": (
        "toy-options",
        "with kind='b'",
        [
            ("] = 0.5", "] = 0.5\n    kind: Annotated[Literal['a', 'b'], option('Which.')] = 'a'"),
            ("import Annotated", "import Annotated, Literal"),
            edit("{'a': 1}[self.options.kind]"),
        ],
    ),
    "extra input": (
        "toy-extra-inputs",
        "changes the pixels of the extra input other in place",
        [
            declared(OTHER),
            edit("[torch.from_numpy(f.pixels).zero_() for f in self.request.extra_inputs.get('other', ())]"),
        ],
    ),
    "extra input of another size": (
        "toy-extra-inputs",
        "with other of another size.*ValueError.*fit it with like",
        [
            declared(OTHER),
            after("[frame.pixels + f.pixels for f in self.request.extra_inputs.get('other', ())]\n"
                  "        return Result(frame)"),
        ],
    ),
    "tiles": (
        "toy-tiles",
        "use `gather` for statistics",
        [
            (
                EDIT,
                "drawn = latents.sample(3).levels\n"
                "        levels = (level.at(level.mean / level.mean.abs().max()) for level in drawn)\n"
                "        return replace(latents, levels=tuple(levels))",
            )
        ],
    ),
    "once": (
        "toy-chains",
        "used before",
        [edit("assert not hasattr(Toy, 'used'), 'used before'\n        Toy.used = 1")],
    ),
    "chained before": (
        "toy-chains",
        "changes the image in `before`",
        [declared("latent=True"), before("frames = [replace(frames[0])]")],
    ),
    "chained after": (
        "toy-chains",
        "changes the image in `after`",
        [declared("latent=True"), after("return Result(replace(frame))")],
    ),
}  # fmt: skip
OTHERS = """
import click
from vaeedit.api import CommandSpec, EvaluationSpec, ObjectiveSpec, RecipeSpec, hookimpl

@hookimpl
def vaeedit_commands():
    return [CommandSpec(name="toy-say", summary="Says.", target="{name}.operation:say")]

@hookimpl
def vaeedit_evaluations():
    return [EvaluationSpec(name="toy-judge", summary="Judges.", target="{name}.operation:say")]

@hookimpl
def vaeedit_objectives():
    return [ObjectiveSpec(name="toy-aim", summary="Aims.", target="{name}.operation:Aim")]

@hookimpl
def vaeedit_recipes():
    return [RecipeSpec(name="toy-made", summary="Made.", resource="{name}:recipe.yaml")]
"""
PARTS = """
import click
from vaeedit.api import Losses, Objective

@click.command()
@click.option("--loud", is_flag=True, help="Say it loudly.")
def say(loud):
    "Say it."

class Aim(Objective):
    def losses(self, vae, x, done):
        terms = vae.elbo_terms(vae.encode(x, {}), x)
        return Losses({"error": (terms.sample - x).square().mean()})
"""
RECIPE = """
name: toy
summary: Toy.
architecture: testing-tiny
objective: {kind: toy-aim}
"""
OTHER_FAULTS = {
    "help that fails": ("toy-say-command", "'int' object", [("command()", "command(epilog=3)")]),
    "missing command": ("toy-say-command", "lists x and has no such command; make it", [
        ("class Aim", "class Group(click.Group):\n    def list_commands(self, ctx):\n        return ['x']\n"
                      "say = Group('say')\n\nclass Aim")]),
    "no command": ("toy-judge-evaluation", "is not a click command", [("@click.command()", "")]),
    "no objective": ("toy-aim-objective", "does not derive from Objective; derive it", [("(Objective)", "")]),
    "no losses": ("toy-aim-objective", "does not define losses; define it", [("def losses", "def loss")]),
    "infinite loss": ("toy-aim-objective", "the loss is not finite; bound", [(".mean()})", ".mean() / 0})")]),
    "detached loss": ("toy-aim-objective", "the loss depends on no weight; do not", [(".mean()})", ".mean().detach()})")]),
    "unknown objective": ("toy-made-recipe", "no objective called 'toy-game'", [("kind: toy-aim", "kind: toy-game")]),
    "unknown options": ("toy-made-recipe", "no option 'width'", [("summary: Toy.", "summary: Toy.\nconfig: {width: 3}")]),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_good_plugins_pass_every_check(toy_package):
    for module in (toy_package(GOOD, OPERATION), toy_package(OTHERS, PARTS, recipe_yaml=RECIPE)):
        names = dict(checks(module))
        assert len(names) > 6
        for check in names.values():
            check()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_the_check_for_a_fault_of_an_operation_fails(toy_package, fault):
    name, message, changes = FAULTS[fault]
    own = [change for change in changes if change[0] in GOOD or change[0] not in OPERATION]
    (light,) = changed([GOOD], own)
    (heavy,) = changed([OPERATION], [change for change in changes if change not in own])
    with pytest.raises(Exception, match=f"(?s){message}"):
        dict(checks(toy_package(light, heavy)))[name]()


@pytest.mark.parametrize("fault", OTHER_FAULTS)
def test_the_check_for_a_fault_of_another_part_fails(toy_package, fault):
    name, message, changes = OTHER_FAULTS[fault]
    heavy, recipe = changed([PARTS, RECIPE], changes)
    with pytest.raises(Exception, match=message):
        dict(checks(toy_package(OTHERS, heavy, recipe_yaml=recipe)))[name]()


def test_each_check_of_an_operation_has_a_fault(toy_package):
    light = GOOD.replace('vae="testing-tiny"', f'vae="testing-tiny", {OTHER}')
    names = {name for name, _ in checks(toy_package(light, OPERATION))}
    assert names == {name for name, _, _ in FAULTS.values()}


def test_every_assertion_says_what_to_do():
    for path in Path(vaeedit.testing.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, ast.Assert) or node.msg, f"{path.name}:{node.lineno}"


def test_an_operation_may_have_an_option_that_must_be_given(toy_package):
    module = toy_package(GOOD.replace("] = 0.5", "]"), OPERATION)
    for name in ("toy-yaml", "toy-runs-odd", "toy-options"):
        dict(checks(module))[name]()


def test_a_value_that_is_refused_in_a_sentence_is_no_fault(toy_package):
    heavy = OPERATION.replace(
        EDIT, f'if self.options.amount == 1: raise UsageError("Not here.")\n        {EDIT}'
    )
    module = toy_package(GOOD, "from vaeedit.api import UsageError\n" + heavy)
    dict(checks(module))["toy-options"]()


def test_an_operation_without_a_vae_of_its_own_runs_with_a_given_one(toy_package, monkeypatch):
    module = toy_package(GOOD.replace('vae="testing-tiny"', ""), OPERATION)
    assert "toy-runs-odd" not in dict(checks(module))
    dict(checks(module, vaes={"toy": "testing-tiny"}))["toy-runs-odd"]()
    monkeypatch.chdir(Path(vaeedit.testing.__file__).parent)
    dict(checks(module, vaes={"toy": "tiny.safetensors"}))["toy-prints"]()
    with pytest.raises(ValueError, match="no operation of the plugin: toys"):
        list(checks(module, vaes={"toys": "testing-tiny"}))


def test_an_expected_failure_must_name_a_check(toy_package):
    with pytest.raises(ValueError, match="no-such-check"):
        parametrize_with_checks(toy_package(GOOD, OPERATION), expected_failures={"no-such-check": "typo"})


PIXELS = """
from vaeedit.api import Operation, Result

class Toy(Operation):
    def after(self, frames, originals):
        return Result(frames[0])
"""


def test_an_operation_without_a_vae_has_all_checks_but_that_of_tiles(toy_package):
    light = GOOD.replace('vae="testing-tiny"', f"uses_vae=False, {OTHER}")
    found = dict(checks(toy_package(light, PIXELS)))
    assert set(found) == {name for name, _, _ in FAULTS.values()} - {"toy-tiles"}
    for check in found.values():
        check()
    loud = dict(checks(toy_package(light, PIXELS.replace("return R", "print('hello')\n        return R"))))
    with pytest.raises(AssertionError, match="prints 'hello"):
        loud["toy-prints"]()


SIZES = """
from vaeedit.api import Edit, Join

class Toy(Join):
    def before(self, frames):
        (self.other,) = self.request.extra_inputs["other"]
        return [frames[0], self.other]

    def join(self, latents):
        return latents[0].lerp(latents[1], 0.5)
"""
TO_EDIT = [
    ("Join)", "Edit)"),
    ("[frames[0], self.other]", "frames"),
    ("def join", "def edit"),
    ("[0].lerp(latents[1], 0.5)", ""),
]


@pytest.mark.parametrize(("changes", "more"), [([], (0, 0)), (TO_EDIT, (5, 9))], ids=["join", "edit"])
def test_extra_inputs_have_the_size_that_the_page_says(toy_package, changes, more):
    (heavy,) = changed([SIZES], changes)
    heavy += (
        "\n    def after(self, frames, originals):"
        "\n        sides = (self.other.height - originals[0].height, self.other.width - originals[0].width)"
        f"\n        assert sides == {more}, sides"
        "\n        return super().after(frames, originals)"
    )
    light = GOOD.replace('vae="testing-tiny"', f'vae="testing-tiny", needs=("other",), {OTHER}')
    for name, check in checks(toy_package(light, heavy)):
        if name.startswith("toy-"):
            check()
