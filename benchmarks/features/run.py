"""The 38 features that the users of similar programs ask for: each as a real command, with yes, or no and why.

python benchmarks/features/run.py [--only WORD] [--write docs/features.md] [--list]

Every row has an empty folder with a picture of 96x64 pixels; "yes" means that all its commands ended as they should and
that the fact beside it holds. Exit code 1 if there is a "no".
"""

import argparse
import sys
import tempfile
from datetime import date
from importlib import import_module
from pathlib import Path

from world import ROWS, Refused, Row, World

for rows in ("pictures_and_batches", "formats", "models"):
    import_module(rows)

HEAD = """<!-- Written by benchmarks/features/run.py; do not edit. -->

# Features that users ask for

What the users of other restoration and VAE programs ask for in their issue trackers, as commands.
`python benchmarks/features/run.py --write docs/features.md` ran every command below on {day}. Each row has an empty folder
with a picture of 96x64 pixels (and what the row needs); the fact in the second column was checked.
{yes} of {all} rows are yes.

| feature | what was checked | yes? | commands |
| --- | --- | --- | --- |
"""


def answer(row: Row) -> tuple[str, list[str]]:
    """yes, or no with the reason, and the commands that were run."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            row(world)
        except Refused as refused:
            return f"no: {str(refused).partition(';')[0][:160]}", world.commands
        return "yes", world.commands


def named(row: Row) -> tuple[str, str]:
    """The feature, and what is checked."""
    name, _, checked = (row.__doc__ or "").strip().partition("\n")
    return name.strip(), checked.strip()


def line(row: Row, found: str, commands: list[str]) -> str:
    code = "<br>".join(f"`{command}`" for command in commands)
    cells = [text.replace("|", "\\|") for text in (*named(row), found, code)]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--write")
    parser.add_argument("--list", action="store_true", help="print the features, and run nothing")
    asked = parser.parse_args()
    if asked.list:
        print(*(named(row)[0] for row in ROWS), sep="\n")
        return
    lines = []
    for row in ROWS:
        if asked.only in (row.__doc__ or ""):
            lines.append(line(row, *answer(row)))
            print(lines[-1], flush=True)
    yes = sum("| yes |" in text for text in lines)
    print(f"{yes} of {len(lines)} are yes.")
    if asked.write:
        head = HEAD.format(day=date.today(), yes=yes, all=len(lines))
        Path(asked.write).write_text(head + "\n".join(lines) + "\n")
    sys.exit(yes < len(lines))


if __name__ == "__main__":
    main()
