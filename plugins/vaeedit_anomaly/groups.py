"""Groups of images that belong together, such as pictures of one part, from a table or from a pattern of their names."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from vaeedit.api import LIST, UsageError, console, read_regular
from vaeedit_anomaly.resampling import Flags, Numbers
from vaeedit_anomaly.trees import Tree

FOLDERS = 2
"""Folders before the name of a file by which a table may tell it from others, as in test/good/1.png."""


def grouped(tree: Tree, given: str | None) -> tuple[Numbers, Flags]:
    """The number of the group of each test image, and whether training images belong to it; both (images,).

    `given` is a table (CSV) with the name of a file and its group in each line, or a pattern that is searched in
    FOLDER/NAME; without it every image is a group. Raises UsageError if it is neither, or groups no test image.
    """
    tests = [one.path for one in tree.tests]
    found = {} if given is None else _found(given, tests, tree.normals)
    if given is not None and (named := sum(path in found for path in tests)) < len(tests):
        if not named:
            raise UsageError(f"--groups {given} groups no test image, not even {_in_folder(tests[0])}.")
        console.warn(f"--groups {given} groups {named} of {len(tests)} test images; the others stand alone.")
    numbers: dict[tuple[str, Path | None], int] = {}
    keys = [(found[path], None) if path in found else ("", path) for path in (*tests, *tree.normals)]
    of_all = np.array([numbers.setdefault(key, len(numbers)) for key in keys])
    of_tests, of_normals = np.split(of_all, [len(tests)])
    return of_tests, np.isin(of_tests, of_normals)


def _found(given: str, tests: Sequence[Path], normals: Sequence[Path]) -> dict[Path, str]:
    """The groups of the files that `given` concerns."""
    if Path(given).is_file() or given.lower().endswith(".csv"):
        return _of_table(Path(given), tests, normals)
    try:
        pattern = re.compile(given)
    except re.error as error:
        raise UsageError(f"--groups {given} is neither a file nor a pattern: {error}.") from None
    matches = {path: pattern.search(_in_folder(path)) for path in (*tests, *normals)}
    return {path: "/".join(match.groups("")) or match[0] for path, match in matches.items() if match}


def _of_table(table: Path, tests: Sequence[Path], normals: Sequence[Path]) -> dict[Path, str]:
    """The groups in a table; names of other files, such as those of columns, are passed over."""
    text = read_regular(table, LIST, UsageError).decode("utf-8-sig", "surrogateescape")
    files = (_by_name(tests), _by_name(normals))
    found: dict[Path, str] = {}
    for number, row in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
        if len(row) == 1:
            raise UsageError(f"Line {number} of {table} names no group; write FILE,GROUP.")
        paths = next((names[row[0]] for names in files if row and row[0] in names), [])
        if len(paths) > 1:
            raise UsageError(
                f"Line {number} of {table} names {len(paths)} files; write {_in_folder(paths[0])}."
            )
        found |= dict.fromkeys(paths, row[1] if row else "")
    return found


def _by_name(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """The files by their names, without and with folders."""
    names: dict[str, list[Path]] = {}
    for path in paths:
        for count in range(FOLDERS + 1):
            names.setdefault("/".join(path.parts[-1 - count :]), []).append(path)
    return names


def _in_folder(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
