"""Run again what depends on the shipped weights: the commands of docs/benchmarks.md, and the programs that make pictures.

python docs/figures.py DATA [--only TEXT] [--record] [--list] [-o build/figures.md]

DATA is the folder that docs/benchmarks.md calls DATA. Each command's output, time and exit status go to a page, to be
compared with docs/benchmarks.md; the page names the weights. With --record, evaluations also write
their figures into headers and model cards. A command that needs a file that is not there is named, and passed over.
"""

import argparse
import hashlib
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURES = ("docs/rows.py docs/images", "docs/edits.py docs/images", "docs/failures.py docs/images")
FOLDERS = {
    "CBSD68": "test/cbsd68",
    "CC15": "test/real-noise-cc",
    "LPIPS": "metrics/lpips-squeeze",
    "MNIST": "mnist",
    "Set14": "test/set14",
    "Set5": "test/set5",
}
"""Folders in DATA, by their names in the commands."""
COMMAND = re.compile(
    r"^ {4}((?:vaeedit evaluate|python benchmarks/).+)$|`((?:vaeedit evaluate [^`]*/|python benchmarks/)[^`]+)`",
    re.MULTILINE,
)
"""A command of a block, or one in the text, which names a folder or is a program of its own."""


def commands(page: str) -> Iterator[list[str]]:
    """The words of each command of a page of Markdown, indented or in the text, once."""
    found = (" ".join((block or inline).split()) for block, inline in COMMAND.findall(page))
    for text in dict.fromkeys(found):
        yield shlex.split(text, comments=True)
    for text in PICTURES:
        yield ["python", *text.split()]


def located(words: list[str], data: Path) -> list[str]:
    """The words, with the folders of DATA in place of their names."""
    return [_located(word, data) for word in words]


def _located(word: str, data: Path) -> str:
    first, _, rest = word.partition("/")
    if first == "DATA":
        return str(data / rest)
    return str(data / FOLDERS[first] / rest) if first in FOLDERS else word


def missing(words: list[str], data: Path) -> str | None:
    """What a command needs and this machine does not have: a path in DATA, or a word in capitals such as TREE or FILE."""
    for word in words[1:]:
        gone = word.startswith(str(data)) and not Path(word).exists()
        if gone or re.fullmatch(r"[A-Z]{3,}|\.\.\.|.*\.safetensors", word):
            return word
    return None


def run(words: list[str]) -> tuple[int, float, str]:
    """Exit status, seconds, and output of a command."""
    program = {"python": [sys.executable], "vaeedit": [sys.executable, "-m", "vaeedit"]}[words[0]]
    started = time.perf_counter()
    done = subprocess.run(
        [*program, *words[1:]], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.returncode, time.perf_counter() - started, done.stdout


def weights() -> str:
    """The shipped weights with their checksums, a line for each file."""
    files = sorted(ROOT.glob("plugins/*/weights/*.safetensors"))
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", default="", metavar="TEXT", help="run commands that contain this text")
    parser.add_argument("--record", action="store_true", help="write figures into headers and model cards")
    parser.add_argument("--list", action="store_true", help="print the commands, and run none")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "build" / "figures.md")
    asked = parser.parse_args()
    data = asked.data.resolve()
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    failed = 0
    with asked.output.open("w") as page:
        page.write(f"# Figures of the shipped weights\n\n```\n{weights()}```\n")
        for words in commands((ROOT / "docs" / "benchmarks.md").read_text()):
            if asked.only not in (text := shlex.join(words)):
                continue
            words = located(words, data) + ["--record"] * (asked.record and words[0] == "vaeedit")
            if gone := missing(words, data):
                print(f"passed over, as {gone} is not there: {text}")
                continue
            print(text, flush=True)
            if asked.list:
                continue
            status, seconds, output = run(words)
            failed += status != 0
            page.write(f"\n## `{text}`\n\n{seconds:.0f} s, exit status {status}\n\n```\n{output}```\n")
            page.flush()
    print(f"{failed} of the commands failed." if failed else f"All is in {asked.output}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
