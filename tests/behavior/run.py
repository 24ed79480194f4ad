"""Whether the program still does what it did: runs every case of cases.yaml and compares with expected.json.

    python tests/behavior/run.py [--write] [--only PATTERN] [--jobs N]

Hashes of pixels are exact, so they hold for one machine: `--write` records them there before a change, and the same
script tells afterwards what has changed. What differs on purpose is recorded again, with `--only` for its cases alone.
"""

import argparse
import contextlib
import difflib
import fnmatch
import io
import json
import multiprocessing
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STEADY = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "PYTHONHASHSEED": "0",
}
EXPECTED = HERE / "expected.json"
FIRST = "anomaly/fit"
"""A case whose files all others find."""
FLAGS = {"PLAIN": ["--device", "cpu", "--precision", "float32", "--threads", "1"]}
"""What a word of capitals in a command stands for."""
Case = dict[str, Any]


def main() -> int:
    """Run, then compare or record; 1 where something differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="record what the cases give")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of cases, such as 'errors/*'")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes that work side by side")
    wanted = parser.parse_args()
    expected = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    cases = {name: case for name, case in read_cases().items() if fnmatch.fnmatch(name, wanted.only)}
    found = run_all(cases, wanted.jobs)
    if wanted.write:
        whole = found if wanted.only == "*" else {**expected, **found}
        EXPECTED.write_text(json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        print(f"{len(found)} cases recorded.")
        return 0
    different = [name for name in cases if found[name] != expected.get(name)]
    gone = sorted(set(expected) - set(read_cases()))
    for name in different:
        print(f"\n{name} differs:", *differences(expected.get(name, {}), found[name]), sep="\n")
    print(
        f"{len(cases) - len(different)} of {len(cases)} cases are equal.",
        *(f"No case: {name}" for name in gone),
    )
    return 1 if different or gone else 0


def read_cases() -> dict[str, Case]:
    """Every case by its name; one that is only a text runs that."""
    import yaml

    cases = yaml.safe_load((HERE / "cases.yaml").read_text())
    return {name: {"run": case} if isinstance(case, str) else case for name, case in cases.items()}


def run_all(cases: dict[str, Case], jobs: int) -> dict[str, Any]:
    """What each case gives, by name."""
    os.environ.update(STEADY)
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as top, ProcessPoolExecutor(jobs, context) as pool:
        paths = this_tree(Path(top) / "lib")
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)  # of what the cases start,
        sys.path[:0] = paths  # and of the processes of the pool
        shared = Path(top) / "shared"
        first = pool.submit(prepare, shared, read_cases()[FIRST]).result()
        rest = [name for name in cases if name != FIRST]
        done = pool.map(partial(run_case, shared), rest, [cases[name] for name in rest])
        found = dict(zip(rest, done, strict=True))
    return {**({FIRST: first} if FIRST in cases else {}), **found}


def this_tree(folder: Path) -> list[str]:
    """Paths by which the code beside this script is tested, with its own entry points, whatever is installed."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["vaeedit"]
    installed = distribution("vaeedit")
    info = folder / f"vaeedit-{installed.version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(installed.read_text("METADATA") or "")
    (info / "entry_points.txt").write_text(
        "\n".join(["[vaeedit]", *(f"{k} = {v}" for k, v in declared.items())])
    )
    return [str(folder), str(ROOT), str(ROOT / "plugins")]


def prepare(shared: Path, case: Case) -> Any:
    """Write the inputs of all cases and run the first one among them."""
    import pictures

    shared.mkdir()
    pictures.make(shared)
    return record(shared, case)


def run_case(shared: Path, name: str, case: Case) -> Any:
    """Run a case in a copy of the shared folder."""
    folder = shared.parent / name.replace("/", "-")
    # models are large, and written anew rather than changed
    shutil.copytree(
        shared,
        folder,
        copy_function=lambda a, b: (os.link if a.endswith(".safetensors") else shutil.copyfile)(a, b),
    )
    for path, text in case.get("files", {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    try:
        return record(folder, case)
    finally:
        shutil.rmtree(folder)


def record(folder: Path, case: Case) -> Any:
    """Run it; its exit codes, what it printed, and the files that it added, changed or removed."""
    import texts

    how = {"numbers": case.get("numbers", True), "order": case.get("order", True)}
    before = contents(folder)
    os.chdir(folder)
    kind = next(kind for kind in RUN if kind in case)
    codes, printed = RUN[kind](case[kind])
    os.chdir(HERE)
    after = contents(folder)
    changed = [path for path, content in after.items() if before.get(path) != content]
    files = {path: texts.described(folder / path, folder, **how) for path in changed}
    files |= {path: "removed" for path in before if path not in after}
    return {"exit": codes, **texts.kept(texts.normalized(printed, folder, **how)), "files": files}


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of every file below a folder, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def commands(lines: str) -> tuple[list[int], str]:
    """Each line as arguments of vaeedit, in this process."""
    from vaeedit.cli.main import call

    codes, printed = [], []
    for line in lines.strip().splitlines():
        arguments = [word for part in shlex.split(line) for word in FLAGS.get(part, [part])]
        with captured() as (out, err):
            codes.append(call(arguments))
        printed.append(transcript(line, out.getvalue(), err.getvalue()))
    return codes, "\n".join(printed)


def shell(script: str) -> tuple[list[int], str]:
    """A script of bash, in which vaeedit is a process of its own."""
    environment = {**os.environ, "PYTHON": sys.executable} | {name: " ".join(f) for name, f in FLAGS.items()}
    function = 'vaeedit() { "$PYTHON" -m vaeedit "$@"; }\n'
    with subprocess.Popen(
        ["bash", "-c", function + script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as running:
        try:
            out, err = running.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            out, err = running.communicate()
            err += "\nstopped after two minutes"
    return [running.returncode], transcript(script.strip(), out, err)


def snippet(code: str) -> tuple[list[int], str]:
    """Python, in this process; an exception is printed as its kind and its text."""
    with captured() as (out, err):
        try:
            exec(code, {"__name__": "snippet"})
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
    return [], transcript("python", out.getvalue(), err.getvalue())


RUN = {"run": commands, "shell": shell, "python": snippet}


class Stream(io.TextIOWrapper):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8", write_through=True)

    def getvalue(self) -> str:
        """All of it; what is no text is shown as escapes."""
        return self.buffer.getvalue().decode("utf-8", "backslashreplace")


@contextlib.contextmanager
def captured() -> Iterator[tuple[Stream, Stream]]:
    """Standard output and standard error."""
    out, err = Stream(), Stream()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield out, err


def transcript(command: str, out: str, err: str) -> str:
    """A command, what it printed, and what it complained of."""
    return "\n".join([f"$ {command}", *out.splitlines(), *(f"! {line}" for line in err.splitlines())])


def differences(expected: Case, found: Case) -> Iterator[str]:
    """What differs between two records of a case, a line each."""
    if not expected:
        yield "  it is not recorded yet"
    elif expected["exit"] != found["exit"]:
        yield f"  exit codes {expected['exit']} -> {found['exit']}"
    yield from _changed_text("its messages", expected, found)
    before, after = expected.get("files", {}), found["files"]
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path, "not written"), after.get(path, "not written")
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _changed_text(path, old, new)
        elif old != new:
            yield f"  {path}: {old if isinstance(old, str) else 'a text'} -> {new if isinstance(new, str) else 'a text'}"


def _changed_text(what: str, old: Case, new: Case) -> Iterator[str]:
    """A short diff of two texts, or of what is kept of them."""
    if {key: old.get(key) for key in ("text", "hash")} == {key: new.get(key) for key in ("text", "hash")}:
        return
    yield f"  {what}:"
    diff = difflib.unified_diff(_pieces(old), _pieces(new), lineterm="", n=0)
    yield from (f"    {line}" for line in list(diff)[2:32] if not line.startswith("@@"))


def _pieces(kept: Case) -> list[str]:
    """Lines of a text; long ones, such as JSON, are cut at their commas. Of a hash what there is."""
    lines = kept["text"] if "text" in kept else [*kept.get("begins", []), f"... {kept.get('hash')}"]
    return [piece for line in lines for piece in (line.split(",") if len(line) > 200 else [line])]


if __name__ == "__main__":
    sys.exit(main())
