"""`vaeedit data`: what a data source holds."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.params import debug_option, json_option

SHOWN = 10
"""Classes, sizes and damaged images of a split that are shown; --json has all."""


def _data(source: str, as_json: bool, debug: bool) -> int:
    from pathlib import Path

    from vaeedit.training.sources.describe import describe
    from vaeedit.training.sources.find import open_source

    description = describe(open_source(Path(source)))
    if as_json:
        console.say_json(description)
        return console.OK
    console.say(f"{description['data']}: {description['format']}", *description["notes"])
    for name, split in description["splits"].items():
        console.say(*_lines(name, split))
    return console.OK


def _lines(name: str, split: Mapping[str, Any]) -> Iterator[str]:
    """A split in words."""
    yield f"{name}: {split['images']:,} images"
    part = "" if split["checked"] == split["images"] else f" ({split['checked']} images were checked)"
    yield f"  sizes: {_shown(list(split['sizes']), '; ')}{part}"
    labels = [f"{label} ({count:,})" for label, count in split["labels"].items()]
    yield f"  {len(labels)} classes: {_shown(labels, ', ')}" if labels else "  no labels"
    if split["damaged"]:
        yield f"  cannot be read: {_shown(split['damaged'], ' ')}"


def _shown(texts: list[str], between: str) -> str:
    more = [f"and {len(texts) - SHOWN:,} more"] if len(texts) > SHOWN else []
    return between.join([*texts[:SHOWN], *more])


data = click.Command(
    "data",
    callback=_data,
    params=[click.Argument(["source"], metavar="DATA"), json_option(), debug_option()],
    help="Describe data to train on: a folder of images, idx files (MNIST), CIFAR-10 or tar shards.",
    epilog="Example: vaeedit data photos/",
)
