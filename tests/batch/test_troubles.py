"""Whatever one file causes is that file's failure, in every engine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import trouble
from trouble import GOOD, RAISING

from vaeedit.batch.journal import NAME

SCRIPT = Path(sys.executable).with_name("vaeedit")
ENGINES = {"here": [], "workers": ["--workers", "2"], "dask": ["--workers", "2", "--engine", "dask"]}


@pytest.fixture(params=ENGINES)
def engine(request):
    if request.param == "dask":
        pytest.importorskip("distributed")
    return ENGINES[request.param]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return trouble.install(tmp_path_factory.mktemp("packages"))


def run(folder, environment, *flags, seconds=300):
    command = [SCRIPT, "trouble", folder / "in", "-o", folder / "out", "--threads", "1", *flags]
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env=environment, timeout=seconds
    )


def records(folder):
    """Status and error by name of the input."""
    lines = [json.loads(line) for line in (folder / "out" / NAME).read_text().splitlines()]
    return {Path(line["input"]).name: line for line in lines if "status" in line}


def test_what_one_file_raises_is_its_failure(tmp_path, environment, engine):
    names = {f"{width}.png": width for width in RAISING} | {"0.png": GOOD, "99.png": GOOD}
    for name, width in names.items():
        trouble.picture(tmp_path / "in", name, width)
    done = run(tmp_path, environment, *engine)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert f"2 of {len(names)} done, {len(RAISING)} failed." in done.stderr
    found = records(tmp_path)
    assert {name for name, record in found.items() if record["status"] == "done"} == {"0.png", "99.png"}
    for width, kind in RAISING.items():
        error = found[f"{width}.png"]["error"]
        assert f"{width}.png" in error, (kind, error)
        assert f"Error: {error}" in done.stderr
    assert "does not fit into memory" in found["36.png"]["error"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.png", "99.png", NAME]
