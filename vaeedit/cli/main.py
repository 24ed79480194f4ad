"""The entry point of `vaeedit`. Every error becomes a message and an exit code; the commands are in `commands`."""

import io
import os
import sys
from contextlib import suppress

from vaeedit.cli import interrupts


def main() -> None:
    """Run the command line of this process, and exit."""
    interrupts.listen()
    _keep_stdout()
    code: int | str | None = None
    try:
        code = call(sys.argv[1:])
        interrupts.stop_listening()
    except KeyboardInterrupt:  # after the end of all work
        interrupts.stop_listening()
        code = interrupts.exit_code()
    except SystemExit as ended:  # by a library
        interrupts.stop_listening()
        code = interrupts.exit_code() or ended.code
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        # the terminal was closed; Python would exit with 120 if it failed to flush it
        sys.stderr = None
    sys.exit(code)


def _keep_stdout() -> None:
    """Let `sys.stdout` alone write to stdout: what libraries in C and programs of plugins print there goes to stderr."""
    if os.name != "posix" or sys.stdout is None or sys.stderr is None:
        return
    with suppress(OSError, ValueError):  # one of the two is closed
        sys.stderr.fileno()
        how = {
            name: getattr(sys.stdout, name)
            for name in ("encoding", "errors", "line_buffering", "write_through")
        }
        buffering = -1 if hasattr(sys.stdout.buffer, "raw") else 0  # with PYTHONUNBUFFERED there is no buffer
        own = os.dup(sys.stdout.fileno())
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        sys.stdout = io.TextIOWrapper(open(own, "wb", buffering), **how)  # noqa: SIM115
        sys.__stdout__ = sys.stdout  # type: ignore[misc]  # where shutil looks for the width of the terminal


def call(arguments: list[str]) -> int:
    """Run the command line with these arguments and return the exit code."""
    import click

    from vaeedit.cli import completion, console
    from vaeedit.cli.commands import cli
    from vaeedit.errors import VaeeditError, is_out_of_memory, unexpected

    debug = "--debug" in arguments
    interrupts.raise_from_here_on()
    if completion.VARIABLE in os.environ:
        completion.register()
    try:
        with console.warnings_shown():
            code = cli.main(arguments, prog_name="vaeedit", standalone_mode=False)
        return code if isinstance(code, int) else console.OK
    except (KeyboardInterrupt, click.exceptions.Abort):
        interrupts.say()
        return interrupts.exit_code() or console.INTERRUPTED
    except click.ClickException as error:
        console.complain_of_usage(error)
        return error.exit_code
    except Exception as error:
        if interrupts.exit_code():  # some libraries raise an error of their own when they are interrupted
            interrupts.say()
            return interrupts.exit_code()
        if debug:
            raise
        if isinstance(error, VaeeditError):
            console.complain(*error.lines)
            return error.exit_code
        short = is_out_of_memory(error)
        console.complain("there is not enough memory; try a smaller --tile." if short else unexpected(error))
        return console.FAILED
