"""Whatever one file causes is that file's failure, in every engine."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trouble
from trouble import CRASHES, EXITS, GOOD, HANGS, KILLED, RAISING, SLEEPS, STOPPED

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.engines import choose
from vaeedit.batch.journal import NAME
from vaeedit.extension.registry import registry
from vaeedit.extension.specs import OperationSpec
from vaeedit.extension.tables import Provided
from vaeedit.options import Options
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.pipeline.plan import plan_alone

SCRIPT = Path(sys.executable).with_name("vaeedit")
ENGINES = {"here": [], "workers": ["--workers", "2"], "dask": ["--workers", "2", "--engine", "dask"]}


@pytest.fixture(params=ENGINES)
def engine(request):
    if request.param == "dask":
        pytest.importorskip("cryptography")
    return ENGINES[request.param]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return trouble.install(tmp_path_factory.mktemp("packages"))


def run(folder, environment, *flags, seconds=3600):
    command = [SCRIPT, "trouble", folder / "in", "-o", folder / "out", "--threads", "1", *flags]
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env=environment, timeout=seconds
    )


@pytest.fixture(scope="module")
def limit(environment, tmp_path_factory):
    """Seconds that are plenty for a good picture however busy the machine: twice those of a run with one."""
    folder = tmp_path_factory.mktemp("limit")
    trouble.picture(folder / "in", "good.png")
    started = time.monotonic()
    assert run(folder, environment, "--workers", "2").returncode == 0
    return round(2 * (time.monotonic() - started)) + 2


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


def test_code_of_others_that_ends_its_process_costs_its_own_file(tmp_path, environment):
    for width in (10, EXITS, 99):
        trouble.picture(tmp_path / "in", f"{width}.png", width)
    done = run(tmp_path, environment)
    assert done.returncode == 1, done.stderr
    assert "2 of 3 done, 1 failed." in done.stderr
    found = records(tmp_path)
    failed = found[f"{EXITS}.png"]
    assert "two worker processes died while they did it (exit code 0)" in failed["error"]
    assert failed["error"].endswith("packages: trouble (acme-trouble 1.0).")
    assert failed["steps"] == found["10.png"]["steps"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["10.png", "99.png", NAME]


def test_code_of_others_is_named_also_without_a_vae():
    grain = OperationSpec(name="grain", summary="", target="acme:Grain", uses_vae=False)
    given = {"vae": None, "maps": (), "extra_inputs": {}, "registry": registry()}
    plan = plan_alone(Provided(grain, "grain", "acme-grain"), Options(), **given)
    assert BatchSpec(plan).foreign == ["grain (acme-grain)"]


@pytest.mark.parametrize(
    ("foreign", "flags", "elsewhere"),
    [
        (["grain (acme 1)"], {"apart": True}, True),
        (["grain (acme 1)"], {"apart": True, "debug": True}, False),
        (["grain (acme 1)"], {}, False),
        ([], {"apart": True}, False),
    ],
)
def test_only_batches_with_code_of_others_leave_this_process(monkeypatch, foreign, flags, elsewhere):
    spec = BatchSpec(Pipeline(Step("denoise")).check(registry()))
    assert spec.foreign == []
    spec.__dict__["foreign"] = foreign
    monkeypatch.setattr("vaeedit.batch.processes.records_of_processes", lambda *given: "processes")
    assert (choose("local", **flags)(spec, []) == "processes") == elsewhere


@pytest.mark.parametrize(("name", "slow"), [("workers", [SLEEPS, STOPPED]), ("dask", [HANGS])])
def test_what_takes_too_long_or_kills_its_worker_is_given_up(tmp_path, environment, limit, name, slow):
    if name == "dask":
        pytest.importorskip("cryptography")
    for width in (10, *slow, KILLED, 99):
        trouble.picture(tmp_path / "in", f"{width}.png", width)
    done = run(tmp_path, environment, *ENGINES[name], "--time-limit", f"{limit}s")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    failed = len(slow) + 1
    assert f"2 of {2 + failed} done, {failed} failed." in done.stderr
    found = records(tmp_path)
    for width in slow:
        assert f"longer than {limit} seconds" in found[f"{width}.png"]["error"]
    assert "died" in found[f"{KILLED}.png"]["error"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["10.png", "99.png", NAME]


def test_a_file_that_kills_its_worker_takes_no_other_with_it(tmp_path, environment):
    pytest.importorskip("cryptography")
    for width in (10, 11, KILLED, 12, 99):
        trouble.picture(tmp_path / "in", f"{width}.png", width)
    slow = {"DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "1ms"}  # as if its replacement took long
    done = run(tmp_path, environment | slow, "--engine", "dask", "--workers", "1", seconds=200)
    assert "4 of 5 done, 1 failed." in done.stderr
    assert "died" in records(tmp_path)[f"{KILLED}.png"]["error"]


@pytest.mark.parametrize("width", [STOPPED, CRASHES])
def test_a_worker_that_is_lost_is_replaced_while_pictures_arrive(tmp_path, environment, limit, width):
    trouble.picture(tmp_path / "in", f"{width}.png", width)
    flags = ["--watch", "--json", *(["--time-limit", f"{limit}s"] if width == STOPPED else [])]
    command = [SCRIPT, "trouble", tmp_path / "in", "-o", tmp_path / "out", *flags]
    process = subprocess.Popen([str(p) for p in command], stdout=subprocess.PIPE, env=environment, text=True)
    try:
        assert json.loads(process.stdout.readline())["status"] == "failed"
        trouble.picture(tmp_path / "in", "later.png")
        assert json.loads(process.stdout.readline())["status"] == "done"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 1


def test_what_another_version_of_a_plugin_made_is_made_again(tmp_path):
    (tmp_path / "packages").mkdir()
    environment = trouble.install(tmp_path / "packages")
    trouble.picture(tmp_path / "in", "a.png")
    assert run(tmp_path, environment).returncode == 0
    assert run(tmp_path, environment, "--resume").stdout == ""
    facts = tmp_path / "packages" / "acme_trouble-1.0.dist-info" / "METADATA"
    facts.write_text(facts.read_text().replace("1.0", "2.0"))
    assert "a.png" in run(tmp_path, environment, "--resume").stdout
    assert records(tmp_path)["a.png"]["steps"][0]["package"] == "acme-trouble 2.0"


def test_streams_have_no_limit_of_time(tmp_path, environment):
    trouble.picture(tmp_path, "in.png")
    command = [SCRIPT, "trouble", tmp_path / "in.png", "-o", "-", "--time-limit", "9s"]
    done = subprocess.run([str(p) for p in command], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--time-limit" in done.stderr


def test_debug_shows_the_traceback_of_a_worker_too(tmp_path, environment):
    trouble.picture(tmp_path / "in", "31.png", 31)
    trouble.picture(tmp_path / "in", "99.png")
    done = run(tmp_path, environment, "--workers", "2", "--debug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "raise Odd()" in done.stderr
    assert "1 of 2 done, 1 failed." in done.stderr
