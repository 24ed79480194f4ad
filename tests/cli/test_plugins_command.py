"""`vaeedit plugins`: lists, `new` refuses what would not work and leaves nothing half-written, `check` says what is wrong."""

import json
import os
import sys

import pytest

from vaeedit.scaffold.project import write_project


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A project that is not installed; what `check` adds to the places of modules is taken away again."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    write_project("testing-2x", "none", tmp_path / "testing-2x", "Ann")
    yield tmp_path / "testing-2x"
    for name in [name for name in sys.modules if name.startswith("vaeedit_testing_2x")]:
        del sys.modules[name]


def test_the_list_is_what_comes_without_a_command(vaeedit):
    plain, named = (vaeedit("plugins", *words, "--json") for words in ((), ("list",)))
    assert plain.code == named.code == 0
    rows = [[json.loads(line)["plugin"] for line in one.out.splitlines()] for one in (plain, named)]
    assert rows[0] == rows[1]
    assert rows[0]


def test_a_project_is_written_whole(vaeedit, tmp_path, monkeypatch):
    (tmp_path / "gitconfig").write_text("[user]\nname = Ann of git\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    done = vaeedit("plugins", "new", "testing-2x", "--vae", "none")
    assert done.code == 0, done.err
    listed = {line for line in done.out.splitlines() if line.startswith("testing-2x/")}
    found = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("testing-2x/**/*") if path.is_file()
    }
    assert listed == found
    assert "vaeedit plugins check testing-2x" in done.out
    assert "Ann of git" in (tmp_path / "testing-2x" / "LICENSE").read_text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("denoise", "my-denoise"),  # an operation
        ("compare", "my-compare"),  # a command
        ("photo", "my-photo"),  # a VAE
        ("restore", "my-restore"),  # a plugin
        ("Soft Glow", "soft-glow"),
        ("softGlow", "soft-glow"),
        ("2x", "my-2x"),
        ("soft_glow", "soft-glow"),
        ("../glow", "glow"),
        ("é", "such as"),
        ("x" * 60, "at most 30"),
        ("vaeedit-glow", "glow"),
    ],
)
def test_a_name_that_would_not_work_is_refused(name, said, vaeedit, tmp_path):
    vaeedit("plugins", "new", name, "--vae", "latent").assert_refused(2, said)
    assert list(tmp_path.iterdir()) == []


def test_the_kinds_are_named_where_none_is_given(vaeedit):
    vaeedit("plugins", "new", "testing-2x").assert_refused(2, "none, latent, own")


def test_an_existing_folder_is_left_alone(vaeedit, tmp_path):
    (tmp_path / "testing-2x").mkdir()
    vaeedit("plugins", "new", "testing-2x", "--vae", "own").assert_refused(2, "testing-2x exists already")
    assert list((tmp_path / "testing-2x").iterdir()) == []


def test_nothing_is_left_half_written(vaeedit, tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(os, "rename", full)
    vaeedit("plugins", "new", "testing-2x", "--vae", "none").assert_refused(
        1, "testing-2x cannot be written: no space left on device"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", ["testing-2x", "testing-2x/vaeedit_testing_2x"])
def test_a_plugin_is_checked_before_it_is_installed(words, written, vaeedit):
    done = vaeedit("plugins", "check", words)
    assert done.code == 0, done.out
    *lines, last = done.out.splitlines()
    assert lines
    assert all(line.startswith("ok ") for line in lines)
    assert last == f"{len(lines)} checks: {len(lines)} ok, 0 failed"


def test_a_failed_check_is_said_in_a_line(written, vaeedit):
    path = written / "vaeedit_testing_2x" / "operation.py"
    path.write_text(path.read_text().replace("x = frame.floats()", "x = frame.floats(); frame.pixels[:] = 0"))
    done = vaeedit("plugins", "check", "testing-2x")
    assert done.code == 1
    assert "FAILED  testing-2x-runs-odd: " in done.out
    lines = [
        json.loads(line) for line in vaeedit("plugins", "check", "testing-2x", "--json").out.splitlines()
    ]
    failed = {line["check"]: line["problem"] for line in lines if not line["ok"]}
    assert (
        done.out.splitlines()[-1]
        == f"{len(lines)} checks: {len(lines) - len(failed)} ok, {len(failed)} failed"
    )
    assert "input" in failed["testing-2x-runs-odd"]
    assert "Traceback" in vaeedit("plugins", "check", "testing-2x", "--debug").err


def test_a_plugin_that_cannot_be_checked(written, vaeedit):
    vaeedit("plugins", "check", "no-such-plugin").assert_refused(
        2, "no plugin called 'no-such-plugin'", "folder"
    )
    vaeedit("plugins", "check", "json").assert_refused(2, "json is no plugin")
    (written / "vaeedit_testing_2x" / "__init__.py").write_text("import no_such_package")
    vaeedit("plugins", "check", "testing-2x").assert_refused(1, "could not be imported", "no_such_package")
    (written / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    vaeedit("plugins", "check", "testing-2x").assert_refused(2, "entry point")
    (written / "pyproject.toml").write_text("[project")
    vaeedit("plugins", "check", "testing-2x").assert_refused(2, "pyproject.toml")
