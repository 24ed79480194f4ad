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
        *_effort(info.training),
        _yaml(info.training),
        "## Measured figures",
        _figures(info.figures)
        if info.figures
        else "None recorded yet: run `vaeedit evaluate` with `--record`.",
        "## Recipe",
        _yaml(info.recipe),
    ]
    return "\n\n".join(parts) + "\n"


def _effort(training: dict[str, Any]) -> list[str]:
    """Hours and floating-point operations of all stages of training; nothing where no stage tells them."""
    stages: list[dict[str, Any]] = []
    stage: Any = training
    while isinstance(stage, dict):
        stages.append(stage)
        stage = stage.get("before")
    lines = []
    for name, key, unit in (("hours", "minutes", 1 / 60), ("PFLOP", "petaflop", 1.0)):
        known = [stage[key] for stage in stages if isinstance(stage.get(key), int | float)]
        if known:
            lines.append(f"- {name}: {unit * sum(known):.3g}; stages counted: {len(known)} of {len(stages)}")
    return ["\n".join(lines)] if lines else []


def _yaml(values: dict[str, Any]) -> str:
    return f"```yaml\n{msgspec.yaml.encode(values).decode()}```"


def _figures(figures: dict[str, dict[str, Any]]) -> str:
    """A table with one row for each measurement, and the protocols below it."""
    lines = table([{"data": title, **row} for title, row in figures.items()], without="protocol")
    protocols = dict.fromkeys(row["protocol"] for row in figures.values() if "protocol" in row)
    return "\n".join(lines) + "\n\n" + "\n".join(f"Protocol: {text}." for text in protocols)
