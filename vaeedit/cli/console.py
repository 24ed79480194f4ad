"""What the user sees: results on stdout, warnings, errors and progress on stderr; exit codes."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def say(text: str) -> None:
    """A result, on stdout."""
    click.echo(text)


def say_json(record: dict[str, Any]) -> None:
    """A result as one JSON line, on stdout."""
    click.echo(json.dumps(record, ensure_ascii=False))


def note(text: str) -> None:
    """A remark, on stderr."""
    click.echo(text, err=True)


def warn(text: str) -> None:
    """A warning, on stderr."""
    click.echo(f"Warning: {text}", err=True)


def complain(text: str) -> None:
    """An error, on stderr."""
    click.echo(f"Error: {text}", err=True)


@contextmanager
def progress(label: str) -> Iterator[None]:
    """A spinner on stderr while something runs; nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(label):
        yield
