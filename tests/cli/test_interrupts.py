"""Signals end the command line once and in order."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def run(tmp_path, body, **settings):
    """`vaeedit` with a command `test` whose callback has this body, as a process."""
    (tmp_path / "program.py").write_text(
        "import os, signal, sys\n"
        "from vaeedit.cli import interrupts, main\n"
        "def send(number=signal.SIGINT):\n"
        "    os.kill(os.getpid(), number)\n"
        "def call(arguments):\n"
        "    from vaeedit.cli import commands\n"
        "    import click\n"
        "    @click.command()\n"
        "    def test():\n" + textwrap.indent(textwrap.dedent(body), " " * 8) + "\n"
        "    commands.FIXED['test'] = test\n"
        "    return real(['test'])\n"
        "real, main.call = main.call, call\n"
        "main.main()\n"
    )
    return subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path[1:]]),
        },
        **settings,
    )


def assert_interrupted(done, number):
    assert done.returncode == 128 + number, done
    assert done.stderr.strip() == "Error: interrupted; nothing partial was left behind."


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_has_its_exit_code(tmp_path, number):
    done = run(tmp_path, f"send({int(number)})\nprint('after')")
    assert_interrupted(done, number)
    assert done.stdout == ""


def test_what_cleans_up_is_not_interrupted(tmp_path):
    body = """
    try:
        send()
    finally:
        for _ in range(4):
            send()
        print("clean")
    """
    done = run(tmp_path, body)
    assert_interrupted(done, signal.SIGINT)
    assert done.stdout == "clean\n"


def test_one_that_a_library_swallows_comes_again(tmp_path):
    body = """
    import time
    send()
    time.sleep(60)
    """
    swallowed = """
    import time
    for _ in range(3):
        try:
            send() if _ == 0 else time.sleep(60)
        except BaseException:
            print("swallowed")
    time.sleep(60)
    """
    assert_interrupted(run(tmp_path, body), signal.SIGINT)
    done = run(tmp_path, swallowed)
    assert_interrupted(done, signal.SIGINT)
    assert done.stdout == "swallowed\n" * 3


def test_one_that_becomes_another_error_counts(tmp_path):
    body = """
    try:
        send()
    except KeyboardInterrupt:
        pass
    raise ImportError("failed to import")
    """
    assert_interrupted(run(tmp_path, body), signal.SIGINT)


def test_one_in_a_destructor_counts_afterwards(tmp_path):
    body = """
    class Loud:
        def __del__(self):
            send()
    Loud()
    import time
    time.sleep(60)
    """
    assert_interrupted(run(tmp_path, body), signal.SIGINT)


def test_an_import_is_finished_first(tmp_path):
    (tmp_path / "slow_module.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nprint('imported')\n"
    )
    done = run(tmp_path, "import slow_module\nimport time\ntime.sleep(60)")
    assert_interrupted(done, signal.SIGINT)
    assert done.stdout == "imported\n"


def test_while_the_commands_are_loading_it_ends_at_once(tmp_path):
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    assert_interrupted(run(tmp_path, "pass"), signal.SIGTERM)


def test_a_signal_that_is_ignored_from_the_start_stays_ignored(tmp_path):
    done = run(
        tmp_path,
        f"send({int(signal.SIGHUP)})\nprint('after')",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "after\n", "")


def test_a_closed_terminal_is_survived(tmp_path):
    body = "import sys\nos.close(2)\nsend(signal.SIGHUP)"
    assert run(tmp_path, body).returncode == 128 + signal.SIGHUP
