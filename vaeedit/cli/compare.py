"""`vaeedit compare`: the difference of two pictures in figures, as a picture, and as a page with a divider."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaeedit.cli import console
from vaeedit.cli.params import debug_option, exists_option, refuse_existing
from vaeedit.errors import UsageError

if TYPE_CHECKING:
    from vaeedit.image import Frame


def _compare(
    first: str, second: str, output: str | None, page: str | None, exists: str, as_json: bool, debug: bool
) -> int:
    from vaeedit.batch.clashes import Uses
    from vaeedit.evaluation.difference import difference
    from vaeedit.image import format_of, working
    from vaeedit.limits import PICTURE, read_regular

    uses = Uses()
    for name in (first, second):
        uses.read(Path(name), "a picture that is compared")
    for what, target in (("the difference", output), ("the page", page)):
        if target is not None:
            uses.write(Path(target), what)
            refuse_existing([Path(target)], exists)
    if output is not None:
        format_of(output)
    data = [read_regular(name, PICTURE) for name in (first, second)]
    a, b = (_decoded(content, name) for content, name in zip(data, (first, second), strict=True))
    same = (a.width, a.height) == (b.width, b.height)
    if not same and (output is not None or page is None):
        raise UsageError(
            f"{first} has {a.width}x{a.height} pixels and {second} {b.width}x{b.height}, so nothing can be measured; "
            "--html FILE shows them over each other."
        )
    seen = working(a), working(b)
    found = difference(*seen) if same else None
    lines = [
        f"{first}: {a.title}",
        f"{second}: {b.title}",
        *(found.lines() if found else ["The sizes differ."]),
    ]
    if output is not None:
        lines.append(f"{output}: the difference, times {_write_difference(*seen, output)}")
    if page is not None:
        _write_page((first, second), (a, b), data, page, lines)
    if as_json:
        console.say_json({"first": first, "second": second, **(found.row() if found else {})})
    else:
        console.say(*lines)
    return console.OK


def _decoded(data: bytes, name: str) -> Frame:
    """A picture of the bytes of a file; prints what of it is left out or changed."""
    from vaeedit.image import read_bytes

    frame = read_bytes(data, name)
    for warning in frame.warnings:
        console.warn(f"{name}: {warning}")
    return frame


def _write_difference(a: Frame, b: Frame, path: str) -> int:
    """Write the picture of the difference; returns the factor that it is brightened by."""
    from vaeedit.evaluation.difference import difference_picture
    from vaeedit.image import write

    picture, times = difference_picture(a, b)
    for warning in write(picture, path):
        console.warn(warning)
    return times


def _write_page(
    names: tuple[str, str], frames: tuple[Frame, Frame], data: list[bytes], path: str, lines: list[str]
) -> None:
    from vaeedit.evaluation.divider import data_url, divider_page
    from vaeedit.image import FORMATS, write_whole

    urls = [
        data_url(frame, content, FORMATS.get(Path(name).suffix.lower()))
        for name, frame, content in zip(names, frames, data, strict=True)
    ]
    larger = max(frames, key=lambda frame: frame.width * frame.height)
    text = divider_page(*names, (urls[0], urls[1]), (larger.width, larger.height), lines)
    write_whole(Path(path), text.encode())


compare = click.Command(
    "compare",
    callback=_compare,
    params=[
        click.Argument(["first"], metavar="A"),
        click.Argument(["second"], metavar="B"),
        click.Option(
            ["-o", "--output"],
            metavar="FILE",
            help="Also write a picture of the difference: black where equal, brightened by a whole number.",
        ),
        click.Option(
            ["--html", "page"],
            metavar="FILE",
            help="Also write a page with both pictures and a divider between them; it works offline.",
        ),
        exists_option(),
        click.Option(["--json", "as_json"], is_flag=True, default=False, help="Print one JSON line."),
        debug_option(),
    ],
    help="Measure the difference of two pictures: PSNR, SSIM, and the largest difference and its place.",
    epilog="Example: vaeedit compare before.jpg after.jpg --html difference.html",
)
