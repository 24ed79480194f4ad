"""Several small images as one picture, a grid, or as a file each; and the options of commands that draw them."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import (
    as_generated,
    console,
    debug_option,
    device_option,
    exists_option,
    format_of,
    make_folder,
    write,
)
from vaeedit_variants.grid import grid


def write_grids(
    paths: Sequence[Path],
    images: Sequence[NDArray[np.uint8]],
    *,
    columns: int | None = None,
    edited: bool = False,
) -> None:
    """Write images (H, W, C) of one size as a grid in the only path, or each in a path of its own.

    They say that a model has generated them or, with `edited`, a part of them.
    """
    groups = [images] if len(paths) == 1 else [[image] for image in images]
    for path, group in zip(paths, groups, strict=True):
        make_folder(path.parent)
        picture = as_generated(grid(group, columns), format_of(path), edited=edited)
        for warning in write(picture, path):
            console.warn(warning)


def output_option() -> click.Option:
    """Return -o."""
    return click.Option(
        ["-o", "--output"], required=True, metavar="FILE|DIR",
        help="Picture with a grid of all images or, without an extension, a folder with one file for each.",
    )  # fmt: skip


def draw_options() -> list[click.Option]:
    """Return the options of a command that draws images from a VAE and writes them."""
    return [
        click.Option(
            ["--temperature"], type=click.FloatRange(0, 10), default=1.0, show_default=True,
            help="Factor on the standard deviation of the latents: below 1, images are more typical and less diverse.",
        ),
        click.Option(
            ["--seed"], type=click.IntRange(0), default=0, show_default=True,
            help="Seed of the first image; each further image has the next seed.",
        ),
        exists_option(),
        device_option(),
        debug_option(),
    ]  # fmt: skip
