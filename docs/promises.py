"""The record of what plugins may rely on: `tests/contract/surface.txt`, a line for each name behind the version it came in.

`python docs/generate.py` adds new lines. It refuses to change or remove one, unless `CONTRACT` was raised.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import vaeedit
from vaeedit.extension.specs import CONTRACT

RECORD = Path(__file__).parents[1] / "tests" / "contract" / "surface.txt"
HEAD = "# What plugin contract {} promises, recorded by docs/generate.py: since, name, what it is."
CURE = """Plugin contract {} promises what has changed or is gone:
{}
Keep it. If every caller of the old signature still works, edit its line in tests/contract/surface.txt. Otherwise raise
CONTRACT in vaeedit/extension/specs.py, which breaks plugins (docs/plugins.md, "What is promised, and for how long")."""


class BrokenPromise(Exception):
    """The contract is the recorded one, but a recorded line has changed or is gone."""


def recorded(record: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The contract of a record, and its lines: name -> (since, line)."""
    head, *rows = record.splitlines()
    pairs = (row.split(" ", 1) for row in rows)
    return int(head.split("contract ")[1].split()[0]), {name_in(row): (since, row) for since, row in pairs}


def name_in(row: str) -> str:
    """The name with which a line begins."""
    return row.split("(")[0].split(":")[0].split(" ")[0]


def broken(old: Mapping[str, tuple[str, str]], now: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each recorded line that does not hold now."""
    for name, (_, row) in old.items():
        if now.get(name) != row:
            yield f"- {row}\n  is now: {now[name]}" if name in now else f"- {row}\n  is gone"


def updated(
    record: str, now: Mapping[str, str], version: str = vaeedit.__version__, contract: int = CONTRACT
) -> str:
    """The record with the lines of now; raises BrokenPromise."""
    promised, old = recorded(record)
    if contract == promised and (faults := list(broken(old, now))):
        raise BrokenPromise(CURE.format(contract, "\n".join(faults)))
    rows = {name: (since, row) for name, (since, row) in old.items() if now.get(name) == row}
    rows = {name: rows.get(name, (version, row)) for name, row in sorted(now.items())}
    return "\n".join([HEAD.format(contract), *(f"{since} {row}" for since, row in rows.values())]) + "\n"
