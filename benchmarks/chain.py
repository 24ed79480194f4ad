"""Three edits in latents, with one encode and one decode of the picture, against three round trips through pixels.

python benchmarks/chain.py [PICTURE_OR_FOLDER ...] [--side 256]     (without any: samples/images)

PSNR is against the same edits of pixels, in one step; 100 dB is the very picture. Pictures have 8 bits and are cut to `side`
pixels around the middle. Encodes count the edited picture from which each `direct` learns its direction. Processor time.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from vaeedit.api import Frame, Pipeline, Session, Step, console, image_files, psnr, read
from vaeedit_photo.named import edited

Ideal = Callable[[Frame], np.ndarray]
SAMPLES = Path(__file__).parents[1] / "samples/images"


def direct(along: str, amount: float) -> Step:
    return Step("direct", along=along, amount=amount)


def after(frame: Frame, **amounts: float) -> np.ndarray:
    """The same edits of pixels, added."""
    x = frame.floats()
    return np.clip(
        x + sum(amount * (edited(frame, name).floats() - x) for name, amount in amounts.items()), 0, 1
    )


CHAINS: dict[str, tuple[list[Step], Ideal]] = {
    "brightness 1, -0.5, -0.5": ([direct("brightness", amount) for amount in (1, -0.5, -0.5)], after),
    "contrast 0.5, brightness 0.5, contrast -0.5": (
        [direct("contrast", 0.5), direct("brightness", 0.5), direct("contrast", -0.5)],
        partial(after, brightness=0.5),
    ),
    "brightness 1, warmth 1, vary 0.1": (
        [direct("brightness", 1), direct("warmth", 1), Step("vary", amount=0.1)],
        partial(after, brightness=1, warmth=1),
    ),
}


class Counted:
    """Calls of a method of an object, which goes on doing what it did."""

    def __init__(self, owner: Any, name: str) -> None:
        self.calls, method = 0, getattr(owner, name)

        def counting(*given: Any, **named: Any) -> Any:
            self.calls += 1
            return method(*given, **named)

        setattr(owner, name, counting)


def middle(frame: Frame, side: int) -> Frame:
    top, left = (max(0, (size - side) // 2) for size in (frame.height, frame.width))
    return Frame(np.ascontiguousarray(frame.as_uint8()[top : top + side, left : left + side]))


def quality(ideal: np.ndarray, found: np.ndarray) -> float:
    """PSNR in dB; 100 for the ideal itself."""
    return 100.0 if np.array_equal(ideal, found) else psnr(255 * ideal, 255 * found)


def chained(session: Session, steps: Sequence[Step], frame: Frame) -> Frame:
    return session.run(Pipeline(*steps), frame).frame


def by_round_trips(session: Session, steps: Sequence[Step], frame: Frame) -> Frame:
    for step in steps:
        frame = session.run(step, frame).frame
    return frame


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=Path, nargs="*", default=[SAMPLES])
    parser.add_argument("--side", type=int, default=256)
    arguments = parser.parse_args()
    frames = [middle(read(path), arguments.side) for path in image_files(arguments.pictures)]
    rows = []
    with Session(device="cpu", precision="float32") as session:
        network = session.vae("photo").network
        counts = Counted(network, "encode"), Counted(network, "decode")
        for name, (steps, ideal) in CHAINS.items():
            row: dict[str, Any] = {"steps": name}
            seconds = []
            for way in (chained, by_round_trips):
                for count in counts:
                    count.calls = 0
                started = time.process_time()
                found = [way(session, steps, frame) for frame in frames]
                seconds.append(time.process_time() - started)
                pairs = [(ideal(a), b.floats()) for a, b in zip(frames, found, strict=True)]
                title = way.__name__.replace("_", " ")
                row[f"{title}, dB"] = f"{fmean(quality(a, b) for a, b in pairs):.2f}"
                row[f"encodes/decodes, {title}"] = "/".join(
                    f"{count.calls / len(frames):g}" for count in counts
                )
            row["time, ratio"] = f"{seconds[0] / seconds[1]:.2f}"
            rows.append(row)
    print(f"{len(frames)} pictures")
    console.say_table(rows)


if __name__ == "__main__":
    main()
