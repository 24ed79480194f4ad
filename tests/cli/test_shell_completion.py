"""The shell completes commands, options, values, names of VAEs and files; one command installs it, and asks nothing."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from click.shell_completion import get_completion_class

from vaeedit.cli import completion
from vaeedit.cli.commands import cli
from vaeedit.extension.registry import registry

HEAVY = ["torch", "numpy", "PIL", "cv2", "rich", "skimage"]


def completed(*words):
    completion.register()
    *before, incomplete = words
    found = get_completion_class("zsh")(cli, {}, "vaeedit", completion.VARIABLE).get_completions(
        before, incomplete
    )
    return [(item.type, item.value) for item in found]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["den"], [("plain", "denoise")]),
        (["models", "ver"], [("plain", "verify")]),
        (["denoise", "--sig"], [("plain", "--sigma")]),
        (["denoise", "--sigma", "a"], [("plain", "auto")]),
        (["denoise", "--exists", "u"], [("plain", "unique")]),
        (["super-resolve", "--model", ""], [("plain", "bicubic"), ("plain", "photo")]),
        (["denoise", "--device", "cu"], [("plain", "cuda")]),
        (["denoise", "--vae", "deno"], [("plain", "denoise"), ("plain", "denoise-photo")]),
        (["generate", "--vae", "mnist-pl"], [("plain", "mnist-plain")]),
        (["models", "info", "denoise-"], [("plain", "denoise-photo")]),
        (["denoise", "pho"], [("file", "pho")]),
        (["denoise", "photo.jpg", ""], [("file", "")]),
        (["denoise", "-o", "out/"], [("file", "out/")]),
        (["denoise", "--vae", "mine.sa"], [("file", "mine.sa")]),
        (["style", "--style", "look"], [("file", "look")]),
        (["run", "steps"], [("file", "steps")]),
        (["info", "a"], [("file", "a")]),
    ],
    ids=lambda value: " ".join(value) if value and isinstance(value[0], str) else "",
)
def test_what_is_completed(words, wanted):
    assert completed(*words) == wanted


def test_every_operation_and_vae_is_offered():
    assert {name for _, name in completed("")} >= set(registry().operations.bare)
    assert {name for _, name in completed("denoise", "--vae", "")} == set(registry().weights.bare)


def test_completing_imports_nothing_heavy():
    code = f"""import json, os, sys
os.environ.update(_VAEEDIT_COMPLETE="bash_complete", COMP_WORDS="vaeedit sty", COMP_CWORD="1")
from vaeedit.cli.main import call
try:
    call([])
except SystemExit:
    print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *found, heavy = done.stdout.splitlines()
    assert (found, json.loads(heavy), done.stderr) == (["plain,style"], [], "")


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", "/bin/bash")
    return tmp_path


@pytest.mark.parametrize(
    ("shell", "files"),
    [
        ("bash", [".local/share/vaeedit/completion.bash", ".bashrc"]),
        ("zsh", [".local/share/vaeedit/completion.zsh", ".zshrc"]),
        ("fish", [".config/fish/completions/vaeedit.fish"]),
    ],
)
def test_it_is_installed_once_and_the_changed_files_are_named(shell, files, home, vaeedit):
    start = home / files[-1]
    if shell != "fish":
        start.write_text("export MINE=1")  # without a line break at the end
    printed = vaeedit("completion", "install", shell, "--print")
    assert (printed.code, [*home.rglob("*.fish")]) == (0, [])
    done = vaeedit("completion", "install", shell)
    assert done.out.splitlines() == [f"changed {home / name}" for name in files]
    assert (home / files[0]).read_text() == printed.out
    if shell != "fish":
        first, second = start.read_text().splitlines()
        assert (first, str(home / files[0]) in second) == ("export MINE=1", True)
    before = start.read_text()
    again = vaeedit("completion", "install", shell)
    assert (again.code, again.out, start.read_text()) == (0, "", before)


def test_bash_completes_after_it(home, vaeedit):
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    assert vaeedit("completion", "install").code == 0  # by $SHELL
    script = '. ~/.bashrc; COMP_WORDS=(vaeedit super); COMP_CWORD=1; _vaeedit_completion vaeedit; echo "${COMPREPLY[@]}"'
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    assert done.stdout == "super-resolve\n", done.stderr


def test_another_shell_is_refused(home, monkeypatch, vaeedit):
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    vaeedit("completion", "install").assert_refused(2, "tcsh is not one of bash, zsh, fish")
    vaeedit("completion", "install", "tcsh").assert_refused(2, "bash")
