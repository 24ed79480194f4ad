"""The core names no operation, and a plugin sees of vaeedit and of other plugins only what they declare public."""

import ast
import re
from pathlib import Path

import pytest

from vaeedit.extension.registry import registry

ROOT = Path(__file__).parents[1]
STUB = ROOT / "vaeedit/run/edit.pyi"
"""Generated from the specs of the operations: for editors, never imported."""
FILES = {path for path in (ROOT / "vaeedit").rglob("*") if path.suffix in (".py", ".pyi", ".yaml")}
CORE = sorted(FILES - {STUB})
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
WORDS = {
    "classifier",
    "complete",
    "completion",
    "conditional",
    "direct",
    "fuse",
    "generate",
    "interpolate",
    "ladder",
    "photo",
    "predict",
    "reconstruct",
    "restore",
    "show",
    "style",
    "third-party",
    "uncertainty",
    "variants",
    "vary",
}
"""Names that are also words of English or of libraries: these count where they stand as a name."""
OWN = {"completion", "plain", "vae"}
"""Names that also are words of the core's own: the evaluations `completion` and `vae`, the architecture `plain`."""
CITED = "Seven ways to improve example-based single image super resolution"
"""The title of a paper."""


def names():
    """What plugins of vaeedit are called, and their operations, commands, VAEs, architectures and evaluations."""
    found = registry()
    tables = (found.operations, found.commands, found.weights, found.architectures, found.evaluations)
    own = {name for table in tables for name, item in table.bare.items() if item.distribution == "vaeedit"}
    own |= {report.plugin for report in found.reports if report.distribution == "vaeedit"}
    return sorted(own - OWN)


def pattern(name):
    """Where a name stands: anywhere, whatever joins or ends its words; a word of English, only as a name."""
    joined = name.replace("-", "[-_ ]?")
    if name not in WORDS:
        return re.compile(rf"(?<![a-z]){joined[:-1]}", re.IGNORECASE)
    places = (
        rf"[\"'`]{joined}[\"'`]",  # a quoted name
        rf"\w:{joined}\b|\b{joined}:\w",  # a qualified one
        rf"\bvaeedit (\w+ )?{joined}\b|--vae {joined}\b",  # on the command line
        rf"\bvaeedit_{name.replace('-', '_')}\b",  # a module
        rf"^\s*- {joined}\b",  # a step in YAML
        rf"\b{joined}\.\w+ *[<>=]",  # a condition on a note
    )
    return re.compile("|".join(places), re.MULTILINE)


@pytest.mark.parametrize("name", names())
def test_the_core_names_no_operation(name):
    wanted = pattern(name)
    lines = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in CORE
        for number, line in enumerate(path.read_text().replace(CITED, "").splitlines(), 1)
        if wanted.search(line)
    ]
    assert lines == []


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("denoise", "a denoiser", True),
        ("super-resolve", "SuperResolver", True),
        ("style", 'rich.Text(style="bold")', False),
        ("style", 'Step("style")', True),
        ("vary", "photo:vary", True),
        ("direct", "vaeedit direct a.jpg", True),
        ("photo", "import vaeedit_photo", True),
        ("restore", "restore the file", False),
    ],
)
def test_what_counts_as_naming(name, line, found):
    assert bool(pattern(name).search(line)) == found


def imported(path):
    """Modules of vaeedit and of its plugins that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        found = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (module for module in found if module.partition("_")[0].partition(".")[0] == "vaeedit")


def test_a_plugin_imports_its_own_modules_and_the_public_ones_of_others():
    for path in PLUGINS:
        own = path.relative_to(ROOT / "plugins").parts[0]
        others = {module for module in imported(path) if module.partition(".")[0] != own}
        private = {module for module in others if module.partition(".")[2] != "api"}
        assert private == set(), f"{path.relative_to(ROOT)} imports {private}"


def test_the_core_imports_neither_the_facade_nor_a_plugin():
    for path in CORE:
        if path.suffix == ".py":
            wrong = {m for m in imported(path) if m == "vaeedit.api" or m.startswith("vaeedit_")}
            assert wrong == set(), f"{path.relative_to(ROOT)} imports {wrong}"


def test_files_of_tests_have_names_of_their_own():
    """Pytest cannot import two files of one name."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
