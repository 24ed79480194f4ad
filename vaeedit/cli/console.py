"""What the user sees: results on stdout, warnings, errors and progress on stderr; exit codes.

Every text goes through `plain`, a line each, so that no name of a file can forge a line.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from vaeedit.plain import plain, plain_json, table

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def say(*lines: str) -> None:
    """A result, on stdout."""
    for line in lines:
        _print(plain(line))


def say_json(record: dict[str, Any]) -> None:
    """A result as one JSON line, on stdout."""
    say_json_text(json.dumps(record, ensure_ascii=False))


def say_json_text(text: str) -> None:
    """A result that is one line of JSON already, on stdout."""
    _print(plain_json(text))


def say_table(rows: Sequence[Mapping[str, Any]], without: str = "") -> None:
    """Results as a table in markdown, on stdout, but one column."""
    say(*table(rows, without))


def say_measurements(rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of figures as a table; the protocols that they name stand above it."""
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        say(f"protocol: {protocol}")
    say_table(rows, without="protocol")


def progress(text: str) -> None:
    """A remark that only somebody who watches needs."""
    if sys.stderr.isatty():
        note(text)


def note(*lines: str) -> None:
    """A remark, on stderr."""
    for line in lines:
        _print(plain(line), err=True)


def warn(text: str) -> None:
    """A warning, on stderr."""
    note(f"Warning: {text}")


def complain(first: str, *more: str) -> None:
    """An error, on stderr."""
    note(f"Error: {first}", *more)


def complain_of_usage(error: click.ClickException) -> None:
    """What click found wrong, on stderr, as click itself shows it."""
    context = getattr(error, "ctx", None)
    if context is not None:
        hint = f"Try '{context.command_path} --help' for help."
        note(*context.get_usage().splitlines(), hint, "")
    complain(error.format_message())


def _print(line: str, *, err: bool = False) -> None:
    """One line; characters that the stream cannot hold are escaped."""
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    click.echo(line.encode(encoding, "backslashreplace").decode(encoding), err=err)
