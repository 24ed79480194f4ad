"""The model card: the header of a VAE file as markdown, in NAME.md beside the file."""

from pathlib import Path
from typing import Any

import msgspec

from vaeedit.image.atomic import write_whole
from vaeedit.plain import plain, table
from vaeedit.vae.files import VaeInfo


def write_card(weights: Path, info: VaeInfo) -> Path:
    """Write the card of a VAE file, Markdown beside it; returns its path. Raises ImageError if it cannot be written."""
    path = card_of(weights)
    write_whole(path, card(info).encode())
    return path


def card_of(weights: Path) -> Path:
    """The path of the card of a VAE file, which may not exist."""
    return weights.with_suffix(".md")


def card(info: VaeInfo) -> str:
    """The card as markdown, made from the header alone."""
    parts = [
        f"# {plain(info.name)}",
        plain(info.summary),
        "This page is generated from the header of the file beside it.",
        f"- architecture: {plain(info.architecture)}\n- license: {plain(info.license)}",
        "## Training",
        _yaml(info.training),
        "## Measured figures",
        _figures(info.figures)
        if info.figures
        else "None recorded yet: run `vaeedit evaluate` with `--record`.",
        "## Recipe",
        _yaml(info.recipe),
    ]
    return "\n\n".join(parts) + "\n"


def _yaml(values: dict[str, Any]) -> str:
    return f"```yaml\n{msgspec.yaml.encode(values).decode()}```"


def _figures(figures: dict[str, dict[str, Any]]) -> str:
    """A table with one row for each measurement, and the protocols below it."""
    lines = table([{"data": title, **row} for title, row in figures.items()], without="protocol")
    protocols = dict.fromkeys(row["protocol"] for row in figures.values() if "protocol" in row)
    return "\n".join(lines) + "\n\n" + "\n".join(f"Protocol: {text}." for text in protocols)
