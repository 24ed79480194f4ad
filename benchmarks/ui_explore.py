"""How long a move of the tab Explore takes, from the control's event to the PNG for the browser, which draws it then.

python benchmarks/ui_explore.py [--moves 30]

Each kind of move is made so often, to another place each time, so that nothing comes from a cache; pictures are encoded
before. "Coarse" is what is seen while a control moves (256 pixels), "at rest" what follows (512 pixels). Milliseconds:
median and slowest.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from vaeedit.settings import Settings
from vaeedit.ui.engine.desk import Desk
from vaeedit.ui.engine.view import View
from vaeedit.ui.explore.scene import LatentStep, Move, Scene
from vaeedit.ui.explore.tasks import moved, opened, rendered

IMAGES = Path(__file__).parents[1] / "samples/images"
PHOTOS = tuple(str(IMAGES / f"{name}.jpg") for name in ("mountain", "sunset", "osprey", "skyline"))
KINDS: dict[str, tuple[Scene, Callable[[float], Move]]] = {
    "photo, walk between four": (Scene("photo", PHOTOS), lambda at: Move(x=at, y=1 - at)),
    "photo, direction": (Scene("photo", PHOTOS), lambda at: Move(along=(at,))),
    "photo, direct": (
        Scene("photo", PHOTOS),
        lambda at: Move(steps=(LatentStep("direct", {"along": "warmth", "amount": at}),), details=True),
    ),
    "photo, nine samples": (Scene("photo", PHOTOS), lambda at: Move(samples=9, temperature=1 + at)),
    "denoise, one sample": (Scene("denoise", PHOTOS[:1]), lambda at: Move(samples=1, temperature=1 + at)),
    "mnist-conditional, sixteen draws": (
        Scene("mnist-conditional"),
        lambda at: Move(samples=16, temperature=1 + at),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--moves", type=int, default=30)
    moves = parser.parse_args().moves
    desk = Desk(Settings())
    print(f"{'':34}{'coarse':>16}{'at rest':>16}")
    for name, (scene, move_at) in KINDS.items():
        desk.submit("benchmark", opened, scene).result()
        times = [seconds(desk, scene, move_at(number / (moves + 2))) for number in range(1, moves + 3)][2:]
        columns = [[round(1000 * one) for one in column] for column in zip(*times, strict=True)]
        shown = [f"{statistics.median(column):.0f} ({max(column)})" for column in columns]
        print(f"{name:34}{shown[0]:>16}{shown[1]:>16}", flush=True)
    desk.close()


def seconds(desk: Desk, scene: Scene, move: Move) -> tuple[float, float]:
    """Of the coarse picture, and of the one at rest alone."""
    started = time.perf_counter()
    known = desk.submit("benchmark", moved, scene, move).result()
    views = [View((0.0, 0.0, 1.0, 1.0), known.width, known.height, ("after",), finer) for finer in (0, 1)]
    desk.submit("benchmark", rendered, scene, move, views[0]).result()
    coarse = time.perf_counter()
    desk.submit("benchmark", rendered, scene, move, views[1]).result()
    return coarse - started, time.perf_counter() - coarse


if __name__ == "__main__":
    main()
