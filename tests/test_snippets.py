"""Code blocks and commands of README and docs: what can run on tiny pictures runs, the rest is checked against the code."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

import vaeedit
from snippets import GENERATED, PAGES, ROOT, commands, snippets
from vaeedit import api
from vaeedit.cli.commands import cli
from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.training.objective import objective_of
from vaeedit.training.plan import Plan
from vaeedit.training.recipe import Recipe, parsed

SNIPPETS = [one for page in PAGES if page not in GENERATED for one in snippets(page)]
BLOCKS = [one for one in SNIPPETS if one.language != "inline"]
SHELL = {"vaeedit", "pip", "python", "python3", "make", "cat", "dask", "."}
ELSEWHERE = {"soften", "soft-glow", "acme-grain"}
"""Commands of plugins that the pages install (tests run soften and soft-glow)."""
RECIPE = "name: a\nsummary: A.\narchitecture: plain\n"
PICTURES_OF = "denoise super-resolve style fuse reconstruct vary interpolate direct chain"
RUN_PAGES = ("README.md", "docs/guide.md", "docs/style.md", "docs/fuse.md")
NEEDS_MORE = {"-", "--vae", "--watch", "--align", "--frames"}
"""Words of commands that need a pipe, a VAE of the reader, a live folder, one scene in two pictures, or time for a film."""


def is_shell(block):
    words = block.text.removeprefix("$ ").split()
    return block.language == "bash" or (block.language == "indented" and words[0] in SHELL)


def lines_of_shell():
    """Each command of the blocks, and of the text, with its place and whether it is whole."""
    for one in SNIPPETS:
        if one.language == "inline" and re.match(r"(vaeedit|make) [\w-]", one.text):
            yield from ((one, words, False) for words in commands(one.text))
        elif one.language != "inline" and is_shell(one):
            yield from ((one, words, True) for words in commands(one.text) if words[0] in SHELL)


def arguments(words):
    """The arguments of a command without redirections."""
    return [after for before, after in pairwise(words) if not {before, after} & {"<", ">", ">>"}]


def parse(words, whole):
    """Parse a command line as click does, without running it; raises UsageError."""
    command, context, words = cli, click.Context(cli, info_name="vaeedit"), list(words)
    while isinstance(command, click.Group) and words and words[0][0] != "-":
        command = command.get_command(context, name := words.pop(0))
        context = click.Context(command, info_name=name, parent=context)
    values, rest, _ = command.make_parser(context).parse_args(words)
    assert not rest, f"too many arguments: {rest}"
    for param in command.params:
        value = values.get(param.name)
        given = value is not None and value != () and "UNSET" not in repr(value)
        if given and not isinstance(param.type, click.Path | click.File):
            param.type_cast_value(context, value)
        assert given or not (whole and param.required), f"{param.name} is missing"


def test_every_command_can_be_parsed():
    count = 0
    for place, words, whole in lines_of_shell():
        mentioned = any(re.fullmatch(r"\.\.\.|NAME|FOLDER", word) for word in words)
        if words[0] != "vaeedit" or words[1] in ELSEWHERE or mentioned:
            continue
        try:
            parse(arguments(words), whole)
        except (click.UsageError, AssertionError) as error:
            pytest.fail(f"{place}: {' '.join(words)}: {error}")
        count += 1
    assert count > 200


def test_programs_targets_and_extras_of_the_pages_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for place, words, _ in lines_of_shell():
        if words[0] == "make":
            assert words[1] in targets, place
        elif words[0] == "python" and words[1] != "-m":
            assert (ROOT / words[1]).is_file(), place
        elif words[0] == "pip":
            named = re.findall(r"\[([\w,]+)\]", words[-1])
            assert set(",".join(named).split(",")) - {""} <= set(extras), place


def fitting(words):
    """Make tiny pictures where a command line expects pictures; False if it needs something else."""
    if NEEDS_MORE & set(words):
        return False
    rng = np.random.default_rng(0)
    for before, word in pairwise(words):
        path, expected = Path(word), before not in ("-o", "--compare", "--mask") and "{" not in word
        names = [path / "one.png", path / "two.png"] if word.endswith("/") else [path]
        if "{stem}" in word:
            names = [Path(word.format(stem=stem)) for stem in ("one", "two")]
        if (expected or before == "--mask") and names[0].suffix in (".jpg", ".png", ".tif", ".gif"):
            for name in names:
                name.parent.mkdir(parents=True, exist_ok=True)
                small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
                Image.fromarray(small).resize((32, 24), Image.Resampling.BICUBIC).save(name)
    return True


@pytest.mark.parametrize("page", RUN_PAGES)
def test_the_commands_of_the_guides_run(page, tmp_path, monkeypatch, capsys):
    done, seen = 0, set()
    for place, words, whole in lines_of_shell():
        if place.page != page or not whole or words[1] not in PICTURES_OF.split() or str(words) in seen:
            continue
        seen.add(str(words))
        (folder := tmp_path / str(len(seen))).mkdir()
        monkeypatch.chdir(folder)
        if "|" not in place.text.splitlines()[0] and fitting(words):
            assert call(arguments(words)) == 0, f"{place}: {' '.join(words)}: {capsys.readouterr().err}"
            done += 1
    assert done


def test_every_pipeline_recipe_and_plan_is_valid():
    count = 0
    for block in BLOCKS:
        first = block.text.split(":")[0]
        if first in ("steps", "version"):
            assert Pipeline.from_yaml(block.text).steps, block
        elif first in ("objective", "data"):
            recipe = parsed(Recipe, RECIPE + block.text, str(block))
            assert first == "data" or objective_of(recipe, registry())
        elif first == "runs":
            assert parsed(Plan, block.text, str(block)).runs
        else:
            continue
        count += 1
    assert count >= 7


def python(page):
    return [one for one in snippets(page) if one.language == "python"]


@pytest.mark.parametrize("page", ["README.md", "docs/guide.md"])
def test_the_python_of_the_guides_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    array = np.full((12, 16, 3), 90, np.uint8)
    for name in ("photo.jpg", "in.jpg"):
        Image.fromarray(array).save(name)
    names = {"vaeedit": vaeedit, "np": np, "array": array}
    for block in python(page):
        exec(compile(block.text, str(block), "exec"), names)
    made = {path.name for path in tmp_path.iterdir()} - {"photo.jpg", "in.jpg"}
    assert made == {name for block in python(page) for name in re.findall(r'(?:save\()"(.+?)"', block.text)}


def test_the_python_of_show_runs(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    rng = np.random.default_rng(0)
    for number in range(8):
        Image.fromarray(rng.integers(0, 256, (28, 28), dtype=np.uint8)).save(f"mnist/{number}.png")
    Path("digits.safetensors").symlink_to(ROOT / "plugins/vaeedit_variants/weights/mnist-plain.safetensors")
    from vaeedit.training.history import Logged, write_metrics

    for name in ("runs/a", "runs/b"):
        Path(name).mkdir(parents=True)
        write_metrics(Path(name), [Logged(1, 0.1, 0.01, "nats per image", {"loss": 9.0, "kl": 3.0})])
    for block in python("docs/show.md"):
        exec(compile(block.text, str(block), "exec"), {})


def test_the_objective_of_the_authors_guide_can_be_made():
    (block,) = (one for one in BLOCKS if one.text.startswith("class SquaredError"))
    names = {name: getattr(api, name) for name in ("Objective", "Losses", "Options")}
    exec(compile(block.text, str(block), "exec"), names)
    assert names["SquaredError"](api.Options()).needs == (api.TrainableVAE,)


def test_no_block_is_left_out():
    """Blocks of the other kinds: formulas, trees, what a command prints, and code for a cluster, which none of this runs."""
    tested = {"README.md", "docs/guide.md", "docs/show.md", "docs/plugins.md", "docs/vaes.md"}
    left = [
        block
        for block in BLOCKS
        if not is_shell(block)
        and block.text.split(":")[0] not in ("steps", "version", "objective", "data", "runs")
        and not block.text.startswith("class SquaredError")
        and not (block.language in ("python", "toml") and block.page in tested)
    ]
    found = {(one.page, one.text.split()[0]) for one in left}
    assert found == {
        ("docs/architecture.md", "vaeedit/"),
        ("docs/architecture.md", "errors"),
        ("docs/batch.md", "from"),  # a cluster of SLURM
        ("docs/pictures.md", "log"),
        ("docs/plugins.md", "operation"),  # an error
        ("docs/uncertainty.md", "Var[x]"),
    }, "Run the new block in a test above, or list it here if nothing can run it."
