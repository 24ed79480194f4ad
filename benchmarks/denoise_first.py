"""What `denoise` before `super-resolve` is worth on small pictures stored as JPEG: PSNR on luma over bicubic enlarging.

python benchmarks/denoise_first.py DATA/test/set14 [--scale 4] [--jpeg 50 85] [--first denoise-photo]

The protocol is that of `vaeedit evaluate super-resolve --jpeg Q`; the last row is without JPEG.
"""

import argparse
from pathlib import Path
from statistics import fmean

from vaeedit import Frame, Pipeline, Session, Step
from vaeedit.evaluation.metrics import psnr
from vaeedit_restore.tasks import Enlarging


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=int, default=4)
    parser.add_argument("--jpeg", type=int, nargs="+", default=[50, 85])
    parser.add_argument("--first", default="denoise-photo", help="VAE of the first step")
    asked = parser.parse_args()
    enlarging = Step("super-resolve", scale=asked.scale)
    ways = {
        "super-resolve": Pipeline(enlarging),
        "denoise, super-resolve": Pipeline(Step("denoise", vae=asked.first, detail=0), enlarging),
    }
    print(f"| quality | bicubic | {' | '.join(ways)} |\n" + "| --- " * (len(ways) + 2) + "|")
    with Session(device="cpu") as session:
        for quality in [*asked.jpeg, None]:
            task = Enlarging(asked.scale, "photo", jpeg=quality)
            found: dict[str, list[float]] = {name: [] for name in ("bicubic", *ways)}
            for pair in task.pairs(asked.folder):
                results = {name: session.run(way, pair.observed).frame for name, way in ways.items()}
                assert isinstance(pair.baseline, Frame)
                for name, frame in {"bicubic": pair.baseline, **results}.items():
                    compared = (task.compared(each.as_uint8()) for each in (pair.reference, frame))
                    found[name].append(psnr(*compared))
            cells = " | ".join(f"{fmean(values):.2f}" for values in found.values())
            print(f"| {quality or 'no JPEG'} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
