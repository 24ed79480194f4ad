"""Damages the journal of a batch, and some of the outputs, and resumes it.

Lines are cut, lost, doubled, shuffled and replaced by other JSON, bits flipped, bytes made invalid; outputs are removed,
cut or replaced by other files; the options may change. Every third trial is in place, where the end of the
journal is not cut and no record is lost: only the journal records replaced files. It is a failure if a file that
vaeedit did not write changes, if a picture is edited twice, if `finished` is said of other bytes, or if the run ends with
neither the right outputs nor a sentence.
"""

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
from harness import main
from PIL import Image

import vaeedit.run.session  # before processes are forked
from vaeedit.cli.main import call

assert vaeedit.run.session
JOURNAL = "vaeedit-journal.jsonl"
PICTURES = [f"{letter}.png" for letter in "abcde"]
OTHER = b"somebody else's"
OPTIONS = (["--strength", "0.3"], ["--strength", "0.9"])
Lines, Contents = list[bytes], dict[str, bytes]
OUT = ("out", "out of other options")


def trial(rng: random.Random) -> str:
    with tempfile.TemporaryDirectory(dir=_home()) as folder:
        os.chdir(folder)  # paths in journals are relative
        return _in_place(rng) if rng.random() < 1 / 3 else _into_a_folder(rng)


def _into_a_folder(rng: random.Random) -> str:
    shutil.copytree(_home() / "in", "in")
    shutil.copytree(_home() / "out", "out")
    options, exists = rng.randrange(2), rng.choice(["error", "skip"])
    replaced = {name for name in PICTURES if _harm(rng, Path("out", name))}
    _damage(rng, Path("out", JOURNAL), [_flip, _garble, _cut, _lose, _double, _shuffle, _foreign])
    before = _contents("out")
    code, records, errors = _run(options, "-o", "out", "--resume", "--exists", exists)
    after, right = _contents("out"), _contents(_home() / OUT[options])
    for name in replaced:
        assert after[name] == before[name], f"{name} was replaced, although it is not an output"
    if code == 2:
        return _refused(errors, before, after)
    assert code == 0, f"exit code {code}: {errors[-300:]}"
    for name in set(PICTURES) - replaced:
        left = exists == "skip" and after[name] == before.get(name)
        assert left or after[name] == right[name], f"{name} is wrong"
    for record in records:
        name = Path(record["output"]).name
        assert record["status"] != "finished" or after[name] == right[name], f"{name} is not finished"
    assert after.keys() == right.keys(), "files are missing or were left"
    return "resumed"


def _in_place(rng: random.Random) -> str:
    """Some of the pictures are done and recorded in the journal, as after a killed run."""
    shutil.copytree(_home() / "in", "in")
    done = rng.randrange(len(PICTURES) + 1)
    for name in PICTURES[:done]:
        shutil.copy(_home() / OUT[0] / name, Path("in", name))
    lines = (_home() / JOURNAL).read_bytes().splitlines(keepends=True)
    Path(JOURNAL).write_bytes(b"".join(lines[: done + 1]))
    _damage(rng, Path(JOURNAL), [_flip, _garble, _double, _shuffle, _foreign])
    before, right = _contents("in"), _contents(_home() / OUT[0])
    code, _, errors = _run(0, "--in-place", "--journal", JOURNAL, "--resume")
    after = _contents("in")
    if code == 2:
        return _refused(errors, before, after) + " in place"
    assert code == 0, f"exit code {code}: {errors[-300:]}"
    assert after == right, "a picture was edited twice, or not at all"
    return "resumed in place"


def _refused(errors: str, before: Contents, after: Contents) -> str:
    assert errors.count("Error: ") == 1, f"no sentence: {errors}"
    assert after == before, "a refused run changed something"
    return "refused"


def _harm(rng: random.Random, path: Path) -> bool:
    """Leave an output alone, remove it, or put another file there, and return True if the file is not an output."""
    match rng.randrange(6):
        case 0:
            path.unlink()
        case 1:
            path.write_bytes(OTHER)
            return True
        case 2:
            path.write_bytes(path.read_bytes()[: rng.randrange(40)])
            return True
    return False


def _damage(rng: random.Random, journal: Path, kinds: list[Callable[[random.Random, Lines], None]]) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    for _ in range(rng.randint(1, 3)):
        if lines:
            rng.choice(kinds)(rng, lines)
    journal.write_bytes(b"".join(lines))


def _flip(rng: random.Random, lines: Lines) -> None:
    _edit(rng, lines, lambda byte: byte ^ 1 << rng.randrange(8))


def _garble(rng: random.Random, lines: Lines) -> None:
    _edit(rng, lines, lambda byte: rng.choice((0xFF, 0xC0, 0x80, 0x00)))


def _edit(rng: random.Random, lines: Lines, change: Callable[[int], int]) -> None:
    number = rng.randrange(len(lines))
    line = bytearray(lines[number])
    if line:
        place = rng.randrange(len(line))
        line[place] = change(line[place])
    lines[number] = bytes(line)


def _cut(rng: random.Random, lines: Lines) -> None:
    data = b"".join(lines)
    lines[:] = data[: rng.randrange(len(data) + 1)].splitlines(keepends=True)


def _lose(rng: random.Random, lines: Lines) -> None:
    lines.pop(rng.randrange(len(lines)))


def _double(rng: random.Random, lines: Lines) -> None:
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))


def _shuffle(rng: random.Random, lines: Lines) -> None:
    rng.shuffle(lines)


def _foreign(rng: random.Random, lines: Lines) -> None:
    texts = (
        b"[]",
        b"{}",
        b"null",
        b'{"journal":1}',
        b'{"input":"a","output":"b","status":"done"}',
        b"[" * 2000,
        b"",
    )
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(texts) + b"\n")


def _run(options: int, *flags: str) -> tuple[int, list[dict[str, str]], str]:
    out, errors = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        code = call(["denoise", "in", "--sigma", "9", *OPTIONS[options], "--json", *flags])
    assert "unexpected" not in errors.getvalue(), errors.getvalue()[-300:]
    return code, list(map(json.loads, out.getvalue().splitlines())), errors.getvalue()


def _contents(folder: Path | str) -> Contents:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.name != JOURNAL}


@cache
def _home() -> Path:
    return Path(tempfile.mkdtemp(prefix="journals"))


def _prepare() -> None:
    """The inputs, the outputs of both options, and a journal of a run in place."""
    os.chdir(_home())
    Path("in").mkdir()
    for number, name in enumerate(PICTURES):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(Path("in", name))
    shutil.copytree("in", "originals")
    for options, out in enumerate(OUT):
        assert _run(options, "-o", out)[0] == 0
    assert _run(0, "--in-place", "--journal", JOURNAL)[0] == 0
    shutil.rmtree("in")
    Path("originals").rename("in")


if __name__ == "__main__":
    try:
        _prepare()
        main("journals", trial, trials=1000)
    finally:
        os.chdir("/")
        shutil.rmtree(_home())
