"""Previews of the page: seconds from asking the desk to the reply, for a photograph of 12 megapixels.

`python benchmarks/ui_preview.py [--repeat 5] [--only denoise]`: every operation that needs one picture only, and `style`
with a style picture. The photograph is samples/images/night-tree-phone.jpg, enlarged to 4000x3000 and saved as JPEG. Views:
"fit" is the whole picture on 1000x700 pixels of the screen (933x700), "1:1" a region of 1000x700 pixels of it. "cold" is the
first answer of a process that has just started: it decodes the picture and loads the VAE. The others are medians (and
minima) of `repeat` asks with another seed each, all caches warm: "first" is the first answer, which may be coarse (its
scale), and "fine" the time until an answer as fine as the screen, all asks together, as the viewer asks; it holds the
picture before and asks for the result only. "CPU" is the time of all threads of the process in the first answer: other
work on the machine changes it little, and on idle cores an answer takes no longer than that.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec

from vaeedit import Frame, Pipeline, Step
from vaeedit.extension.registry import registry
from vaeedit.image import read, write
from vaeedit.options import fields
from vaeedit.ui.engine.desk import Desk
from vaeedit.ui.engine.preview import render
from vaeedit.ui.engine.view import Rendered, View

SAMPLES = Path(__file__).parents[1] / "samples/images"
SIZE = 4000, 3000
SCREEN = 1000, 700
MOST = 3
"""How often the viewer asks for a finer answer."""


def steps() -> Iterator[tuple[str, Step]]:
    """The operations by what is printed."""
    style = str(SAMPLES / "sunset.jpg")
    for name, item in sorted(registry().operations.bare.items()):
        required = [field for field in fields(item.spec.options).values() if field.required]
        if not item.spec.needs and not required:
            yield name, Step(name)
    yield "style --texture 0", Step("style", style=style, texture=0)
    yield "style --texture auto", Step("style", style=style)


def views() -> dict[str, View]:
    width, height = SIZE
    scale = min(SCREEN[0] / width, SCREEN[1] / height)
    across, down = SCREEN[0] / width, SCREEN[1] / height
    left, top = 0.25, 0.5
    return {
        "fit": View((0, 0, 1, 1), round(width * scale), round(height * scale)),
        "1:1": View((left, top, left + across, top + down), *SCREEN),
    }


def cpu_seconds(desk: Desk) -> float:
    """CPU time that the process of the previews has taken."""
    times = Path(f"/proc/{desk.lanes['preview'].process}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def asked(desk: Desk, source: Path, pipeline: Pipeline, view: View) -> tuple[float, Rendered]:
    started = time.perf_counter()
    shown = desk.submit("a", render, source, pipeline, view, replaces="preview").result()
    return time.perf_counter() - started, shown


def until_fine(desk: Desk, source: Path, pipeline: Pipeline, view: View) -> tuple[float, ...]:
    """Seconds of the first answer, its CPU time and scale; seconds of all answers, and the last one's scale."""
    before = cpu_seconds(desk)
    first, shown = asked(desk, source, pipeline, view)
    cpu, total, scale, finer = cpu_seconds(desk) - before, first, shown.scale, 1
    while shown.scale < 1 and finer <= MOST:
        seconds, shown = asked(desk, source, pipeline, msgspec.structs.replace(view, finer=finer))
        total, finer = total + seconds, finer + 1
    return first, cpu, scale, total, shown.scale


def ready(worker: object) -> None:
    """A task that does nothing."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photo.jpg"
        pixels = cv2.resize(
            read(SAMPLES / "night-tree-phone.jpg").pixels, SIZE, interpolation=cv2.INTER_CUBIC
        )
        write(Frame(pixels), source, quality=92)
        print("| operation | view | cold | first | CPU | scale | fine | scale |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for name, step in steps():
            if given.only in name:
                measure(name, step, source, given.repeat)


def measure(name: str, step: Step, source: Path, repeat: int) -> None:
    for label, view in views().items():
        desk = Desk()
        desk.submit("a", ready).result()
        cold, shown = asked(desk, source, Pipeline(step), view)
        view = msgspec.structs.replace(view, layers=("after",))
        if shown.error:
            print(f"| {name} | {label} | {shown.error} |", flush=True)
            desk.close()
            continue
        runs = [until_fine(desk, source, Pipeline(step, seed=seed), view) for seed in range(repeat + 1)][1:]
        desk.close()
        first, cpu, scale, fine, last = zip(*runs, strict=True)
        middle = statistics.median
        print(
            f"| {name} | {label} | {cold:.2f} | {middle(first):.2f} ({min(first):.2f}) | {middle(cpu):.2f} | "
            f"{middle(scale):.2f} | {middle(fine):.2f} ({min(fine):.2f}) | {min(last):.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
