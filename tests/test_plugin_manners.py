"""Plugins own neither stdout nor the start: what they print goes to stderr, slow ones are named, any can be switched off."""

import json
import threading
from contextlib import redirect_stdout
from io import StringIO

import pytest

from plugin_maker import make_picture, of, operation, point, put, run, states
from vaeedit.doctor import _plugins as findings
from vaeedit.extension import tables
from vaeedit.extension.prints import prints_to_stderr
from vaeedit.extension.registry import discover
from vaeedit.extension.specs import call_target

LOUD = """
import os
from vaeedit.api import CommandSpec, OperationSpec, hookimpl

print("LOUD import")
os.write(1, b"LOUD native\\n")

@hookimpl
def vaeedit_operations():
    print("LOUD hook")
    return [OperationSpec(name="loud", summary="Of a test.", uses_vae=False, target="acme_loud_work:Loud")]

@hookimpl
def vaeedit_commands():
    return [CommandSpec(name="say", summary="Say it.", target="acme_loud_work:say")]
"""
WORK = """
import os, subprocess, sys
import click
from vaeedit.api import Operation, Result, console

print("LOUD work")

class Loud(Operation):
    def before(self, frames):
        print("LOUD before")
        sys.stdout.buffer.write(b"LOUD bytes\\n")
        os.write(1, b"LOUD native\\n")
        subprocess.run([sys.executable, "-c", "print('LOUD child')"])
        return frames

    def after(self, frames, originals):
        print("LOUD after")
        return Result(frames[0].with_floats(1 - frames[0].floats()))

@click.command()
def say():
    console.say("the result")
    print("more of it")
"""
SLOW = """
import time
time.sleep(0.4)
"""


@pytest.fixture(scope="module")
def loud(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loud")
    put(folder, "acme-loud", LOUD)
    (folder / "acme_loud_work.py").write_text(WORK)
    make_picture(folder / "in.png")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("pipeline", "schema"),
        ("ops", "--json"),
        ("loud", "in.png", "--json", "--exists", "unique"),
        ("loud", "in.png", "--json", "--exists", "unique", "--workers", "2"),
    ],
    ids=" ".join,
)
def test_stdout_holds_nothing_but_json(loud, arguments):
    done = run(loud, *arguments)
    assert done.returncode == 0, done.stderr
    assert "LOUD" not in done.stdout
    assert "LOUD import" in done.stderr
    if arguments[0] == "loud":
        for text in ("work", "before", "bytes", "native", "child", "after"):
            assert f"LOUD {text}" in done.stderr
    lines = [done.stdout] if arguments[0] == "pipeline" else done.stdout.splitlines()
    assert all(json.loads(line) for line in lines)


def test_a_picture_on_stdout_is_the_picture_that_is_written(loud):
    done = run(loud, "loud", "in.png", "-o", "out.png", "--no-provenance")
    assert done.returncode == 0, done.stderr
    piped = run(loud, "loud", "in.png", "-o", "-", "--no-provenance", text=False)
    assert piped.stdout == (loud / "out.png").read_bytes()


def test_completion_offers_nothing_that_a_plugin_prints(loud):
    asked = {"_VAEEDIT_COMPLETE": "bash_complete", "COMP_WORDS": "vaeedit lou", "COMP_CWORD": "1"}
    assert run(loud, **asked).stdout == "plain,loud\n"


def test_a_command_of_a_plugin_writes_to_stdout(loud):
    done = run(loud, "say")
    assert done.stdout == "the result\nmore of it\n"
    assert "LOUD work" in done.stderr


def test_only_the_thread_of_a_plugin_prints_elsewhere(capsys):
    inside, outside = threading.Event(), threading.Event()

    def plugin():
        with prints_to_stderr():
            print("of the plugin")
            inside.set()
            outside.wait()

    thread = threading.Thread(target=plugin)
    thread.start()
    inside.wait()
    print("of the program")
    with prints_to_stderr(), prints_to_stderr():
        print("nested")
    outside.set()
    thread.join()
    print("at the end")
    assert capsys.readouterr() == ("of the program\nat the end\n", "of the plugin\nnested\n")


def test_what_is_called_by_its_name_prints_elsewhere(capsys):
    def loud(text):
        print("of the plugin")
        return text

    loaded = point("loud", loud=loud)
    assert call_target(f"{loaded.value}:loud", "it") == "it"
    assert capsys.readouterr() == ("", "of the plugin\n")


def test_what_a_program_collects_itself_stays_its_own(capsys):
    with redirect_stdout(StringIO()) as collected:
        with prints_to_stderr():
            print("of the plugin")
        print("of the program")
    print("at the end")
    assert collected.getvalue() == "of the program\n"
    assert capsys.readouterr() == ("at the end\n", "of the plugin\n")


def test_every_plugin_is_listed_with_its_version_and_the_time_of_its_import(loud):
    row = states(run(loud, "plugins", "--json"))["acme-loud"]
    assert (row["version"], row["slow"]) == ("1.0", "")
    assert row["import_time_ms"] >= 0
    (line,) = (line for line in run(loud, "plugins").stdout.splitlines() if line.startswith("acme-loud"))
    assert "loaded  acme-loud  1.0  " in line
    assert line.endswith(" ms")


def test_a_slow_import_is_named(tmp_path, monkeypatch):
    put(tmp_path, "acme-slow", SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    for_people = run(tmp_path, "plugins").stdout
    sentence = "ms, more than 300 ms, and every command waits for it; its module should import nothing heavy"
    assert sentence in next(line for line in for_people.splitlines() if line.startswith("acme-slow"))
    monkeypatch.setattr(tables, "SLOW", -1.0)
    (finding,) = findings(discover([point("slow", vaeedit_operations=of(operation()))]))
    assert finding.fine
    assert "slow of unknown: loaded, its import took 0 ms" in finding.text


def test_a_plugin_is_switched_off_by_name(tmp_path):
    off = {"VAEEDIT_PLUGINS_OFF": "photo, style"}
    listed = states(run(tmp_path, "plugins", "--json", **off))
    assert {name for name, row in listed.items() if row["state"] == "off"} == {"photo", "style"}
    assert listed["photo"]["reason"] == "it is in VAEEDIT_PLUGINS_OFF"
    done = run(tmp_path, "vary", "in.png", **off)
    assert done.returncode == 2
    assert done.stderr.endswith(
        "The plugin photo of the package vaeedit, which provides it, is off: it is in VAEEDIT_PLUGINS_OFF. "
        "Remove it from VAEEDIT_PLUGINS_OFF.\n"
    )
    both = states(run(tmp_path, "plugins", "--json", VAEEDIT_PLUGINS="photo,ladder", **off))
    assert {name for name, row in both.items() if row["state"] == "loaded"} == {"ladder"}


def test_names_that_no_plugin_has_are_warned_of(tmp_path):
    done = run(tmp_path, "ops", VAEEDIT_PLUGINS="photo,stile", VAEEDIT_PLUGINS_OFF="shwo")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "Warning: VAEEDIT_PLUGINS names 'stile', which is no plugin; did you mean 'style'?",
        "Warning: VAEEDIT_PLUGINS_OFF names 'shwo', which is no plugin; did you mean 'show'?",
    ]
    assert "reconstruct" in done.stdout
    assert run(tmp_path, "ops", VAEEDIT_PLUGINS="photo").stderr == ""


GRAIN = """
from vaeedit.api import OperationSpec, hookimpl

@hookimpl
def vaeedit_operations():
    return [OperationSpec(name="grainy", summary="Of a test.", vae="{vae}", target="acme_work:Work")]
"""


@pytest.mark.parametrize(("vae", "owner"), [("photo", "photo"), ("denoise", "restore")])
def test_a_plugin_alone_says_which_plugin_has_its_vae_and_how_to_add_it(tmp_path, vae, owner):
    put(tmp_path, "grain", GRAIN.format(vae=vae))
    (tmp_path / "in.png").write_bytes(b"")
    done = run(tmp_path, "grainy", "in.png", VAEEDIT_PLUGINS="grain")
    assert done.returncode == 2
    assert f"There is no VAE called '{vae}'. The plugin {owner} of the package vaeedit" in done.stderr
    assert "it is not in VAEEDIT_PLUGINS. Add it to VAEEDIT_PLUGINS, or unset that variable." in done.stderr


def test_the_cures_of_doctor_are_those_of_discovery():
    clash = discover([point(name, vaeedit_operations=of(operation())) for name in ("a", "b")])
    broken = discover([point("c", vaeedit_operations=of(operation("run")))], off=["x"])
    (_, second), (third, warned) = findings(clash), findings(broken)
    assert (
        second.cure == clash.reports[1].cure == "Use the full name, or remove it with: pip uninstall unknown"
    )
    assert third.cure == broken.reports[0].cure
    assert "VAEEDIT_PLUGINS_OFF names 'x', which is no plugin" in warned.text
    assert not warned.fine


AWAY = """
import os
from vaeedit.api import Operation, OperationSpec, Result, hookimpl

@hookimpl
def vaeedit_operations():
    names = ("away", "large")
    return [OperationSpec(name=n, summary="Of a test.", uses_vae=False, target=f"acme_away:{n.title()}") for n in names]

class Away(Operation):
    def after(self, frames, originals):
        os.chdir("elsewhere")
        return Result(frames[0].with_floats(1 - frames[0].floats()))

class Large(Operation):
    def after(self, frames, originals):
        raise MemoryError
"""


def test_outputs_are_where_the_user_is_and_memory_is_not_a_matter_of_tiles_without_a_vae(tmp_path):
    put(tmp_path, "acme-away", AWAY)
    make_picture(tmp_path / "in.png")
    (tmp_path / "elsewhere").mkdir()
    done = run(tmp_path, "away", "in.png", "-o", "out.png")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").is_file()
    assert not [*(tmp_path / "elsewhere").iterdir()]
    assert "in.png does not fit into memory.\n" in run(tmp_path, "large", "in.png").stderr
