"""Prints for the user: results on stdout; warnings, errors and progress on stderr. Defines the exit codes.

Every line goes through `plain`, so that a file name with control characters cannot forge another line.
"""

import json
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from vaeedit.errors import VaeeditWarning
from vaeedit.plain import plain, plain_json, table

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def say(*lines: str) -> None:
    """Print lines of a result on stdout."""
    for line in lines:
        _print(plain(line))


def say_json(record: dict[str, Any]) -> None:
    """Print a result as one JSON line on stdout."""
    say_json_text(json.dumps(record, ensure_ascii=False))


def say_json_text(text: str) -> None:
    """Print a line of JSON on stdout."""
    _print(plain_json(text))


def say_table(rows: Sequence[Mapping[str, Any]], without: str = "") -> None:
    """Print results as a Markdown table on stdout; the column `without` is left out."""
    say(*table(rows, without))


def say_measurements(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print measurements as a table, below the protocols that they name."""
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        say(f"protocol: {protocol}")
    say_table(rows, without="protocol")


def progress(text: str) -> None:
    """Print progress on stderr, if that is a terminal."""
    if sys.stderr.isatty():
        note(text)


def note(*lines: str) -> None:
    """Print remarks on stderr."""
    for line in lines:
        _print(plain(line), err=True)


def warn(text: str) -> None:
    """Print a warning on stderr."""
    note(f"Warning: {text}")


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Inside the `with` block, a `VaeeditWarning` is printed like the others."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", VaeeditWarning)
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
            if issubclass(category, VaeeditWarning):
                warn(str(message))
            else:
                usual(message, category, *place)

        warnings.showwarning = show  # type: ignore[assignment]
        yield


def complain(first: str, *more: str) -> None:
    """Print an error on stderr."""
    note(f"Error: {first}", *more)


def complain_of_usage(error: click.ClickException) -> None:
    """Print a usage error on stderr, in the way of click."""
    context = getattr(error, "ctx", None)
    if context is not None:
        hint = f"Try '{context.command_path} --help' for help."
        note(*context.get_usage().splitlines(), hint, "")
    complain(error.format_message().replace("\n\t", " "))  # click lists choices one below the other


def _print(line: str, *, err: bool = False) -> None:
    """Print one line; characters that the stream cannot encode are escaped."""
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    click.echo(line.encode(encoding, "backslashreplace").decode(encoding), err=err)
