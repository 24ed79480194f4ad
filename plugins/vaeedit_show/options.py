"""Options that several commands share, and how these write what they show."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaeedit.api import FILMS, console, format_of, make_folder, refuse_existing
from vaeedit_show import defaults

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vaeedit.api import Result


VAE = click.Option(["--vae"], required=True, help="Name or file of the VAE.")
DATA = click.Argument(["data"], metavar="DATA")
SPLIT = click.Option(
    ["--split"], default="test", show_default=True, help="Part of the data: train, validation or test."
)
SEED = click.Option(
    ["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Seed of what is drawn."
)
SCALE = click.Option(
    ["--scale"], type=click.IntRange(1, 64), metavar="N", show_default="so that an image is visible",
    help="Enlarge every pixel to a square of N x N pixels.",
)  # fmt: skip
RATE = click.Option(
    ["--rate"], type=click.FloatRange(0.5, 50), default=defaults.RATE, show_default=True, help="Frames per second of a film."
)  # fmt: skip


def label(default: str) -> click.Option:
    """The option --label; `default` says what it is without one."""
    return click.Option(
        ["--label"], metavar="CLASS", show_default=default, help="For a VAE that knows classes: name or number of the class."
    )  # fmt: skip


def steps(default: int) -> click.Option:
    """The option --steps of a command whose pictures have so many values by default."""
    return click.Option(
        ["--steps"], type=click.IntRange(2, 200), default=default, show_default=True,
        help=f"Number of values in a picture; in a film, each step is divided into {defaults.FINER}.",
    )  # fmt: skip


def output(kinds: str) -> click.Option:
    """The option -o of a command that writes one of these kinds of files."""
    return click.Option(["-o", "--output"], required=True, metavar="FILE", help=f"File to write: {kinds}.")


PICTURE, FILM, FIGURE = "a picture", "a picture, or a film if it ends in .gif or .mp4", "a .png, .svg or .pdf"


def picture_target(output: str, exists: str, *, film: bool) -> Path:
    """The path of a picture or, with `film`, maybe of a film; raises UsageError before any work."""
    path = Path(output)
    if not (film and path.suffix.lower() in FILMS):
        format_of(path)
    refuse_existing([path], exists)
    return path


def save_picture(made: "Result", path: Path) -> int:
    """Write a picture or a film, and say so; returns the exit code."""
    make_folder(path.parent)
    made.save(path, exists="overwrite")  # `picture_target` has checked it
    film = made.film if path.suffix.lower() in FILMS else None
    first = film.frames[0] if film else made.frame
    count = f"{len(film.frames)} frames of " if film else ""
    console.say(f"{path}  ({count}{first.width}x{first.height} pixels)")
    return console.OK


def figure_target(output: str, exists: str) -> Path:
    """The path of a figure; raises UsageError before any work."""
    from vaeedit_show.style import require_figure

    path = Path(output)
    require_figure(path)
    refuse_existing([path], exists)
    return path


def save_figure(drawn: "Figure", path: Path) -> int:
    """Write a figure, and say so; returns the exit code."""
    from vaeedit_show.style import save

    make_folder(path.parent)
    save(drawn, path)
    console.say(str(path))
    return console.OK
