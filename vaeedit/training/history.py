"""What the folder of a run keeps of its training: logged values, the PSNR of held-out images, pictures of samples.

Values and pictures are kept at milestones, whose distances grow with the step: the beginning of a run, where most
changes, is seen as well as its end, and long runs stay small on the disk.
"""

import csv
import io
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from vaeedit.errors import UsageError
from vaeedit.image.atomic import write_whole
from vaeedit.limits import LIST, read_regular

METRICS = "metrics.jsonl"
"""File with a line of JSON, a `Logged`, for each milestone."""
CURVE = "curve.csv"
"""File of the table of held-out images: hours, steps and PSNR in dB."""
SNAPSHOTS = "snapshots"
"""Folder of pictures of samples, each named after its step."""


class Logged(msgspec.Struct, frozen=True):
    """Averages of all logged values since the line before."""

    step: int
    minutes: float
    """Time of training so far."""
    done: float
    """Share of the budget that was used up."""
    unit: str
    """Unit of the losses; empty where they have none."""
    values: dict[str, float | None]
    """By name; None for what is no finite number."""


class HeldOut(NamedTuple):
    """The mean PSNR of the held-out images, in dB, by the averaged weights."""

    step: int
    minutes: float
    psnr: float


def milestone(step: int, per_doubling: int) -> bool:
    """Whether to keep something at this step: at each of the first ones, then `per_doubling` times until the step doubles."""
    return step < 2 or int(per_doubling * math.log2(step)) > int(per_doubling * math.log2(step - 1))


def read_metrics(folder: Path) -> list[Logged]:
    """The logged values of a run, by step; empty where it kept none. A last line that is cut off is left out.

    Raises UsageError for a damaged file.
    """
    path = folder / METRICS
    if not path.is_file():
        return []
    *lines, _ = read_regular(path, LIST, UsageError).split(b"\n")
    try:
        return [msgspec.json.decode(line, type=Logged) for line in lines]
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path} is damaged ({error}); remove it, or name another run.") from None


def write_metrics(folder: Path, rows: Iterable[Logged]) -> None:
    """Replace the logged values of a run."""
    write_whole(folder / METRICS, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def read_curve(folder: Path) -> list[HeldOut]:
    """The measurements on held-out images, in the order of training; empty where there are none. Raises UsageError."""
    path = folder / CURVE
    if not path.is_file():
        return []
    text = read_regular(path, LIST, UsageError).decode("utf-8", "replace")
    try:
        return [
            HeldOut(int(row["steps"]), 60 * float(row["hours"]), float(row["psnr"]))
            for row in csv.DictReader(io.StringIO(text))
        ]
    except (KeyError, TypeError, ValueError, csv.Error):
        raise UsageError(f"{path} is damaged; remove it, or name another run.") from None


def read_snapshots(folder: Path) -> list[tuple[int, Path]]:
    """The steps at which samples were kept, and their pictures; empty where there are none."""
    inside = (folder / SNAPSHOTS).glob("*.png")
    return sorted((int(path.stem), path) for path in inside if re.fullmatch(r"[0-9]+", path.stem))
