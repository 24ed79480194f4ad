"""`interpolate` half-way between two frames of a film, against the frame that is there, beside a cross-dissolve.

python benchmarks/between.py DATA/video/{bikes,bigbuckbunny,carphone_pristine}.mp4 [--pairs 6] [--gaps 2,6,12] [--sheet FILE]

The pairs are spread evenly over each film; the gap is from the first to the second frame; the longer side is at most 640
pixels. PSNR on RGB; SSIM of gradients falls where edges are not where they are in the true frame, or show twice. `latents` is
`interpolate` without motion. `--sheet` writes a row for each pair: the two frames, the three results, the truth.
"""

import argparse
from pathlib import Path
from unittest.mock import patch

import av
import cv2
import numpy as np
from style_measures import gradient_similarity

from vaeedit import Frame, Session, Step
from vaeedit.evaluation.metrics import psnr

LONGER = 640
WAYS = ("cross-dissolve", "latents", "**vaeedit**")


def frames(path: str) -> list[np.ndarray]:
    with av.open(path) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def scaled(pixels: np.ndarray) -> np.ndarray:
    scale = min(1.0, LONGER / max(pixels.shape[:2]))
    return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def half_way(session: Session, first: np.ndarray, second: np.ndarray) -> tuple[list[np.ndarray], float]:
    """The picture between by each way, and the share of places that match."""
    step = Step("interpolate", at=0.5, other=Frame(second))
    moved = session.run(step, Frame(first))
    with patch("vaeedit_photo.interpolate.flow_of", return_value=None):
        latents = session.run(step, Frame(first))
    dissolved = np.rint((first / 2.0) + second / 2.0).astype(np.uint8)
    return [dissolved, latents.frame.pixels, moved.frame.pixels], moved.notes["interpolate"]["matched"]


def measured(found: np.ndarray, truth: np.ndarray) -> list[float]:
    values = [x.astype(np.float32) / 255 for x in (found, truth)]
    return [psnr(truth.astype(np.float64), found.astype(np.float64)), gradient_similarity(*values)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("films", nargs="+")
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--gaps", default="2,6,12")
    parser.add_argument("--sheet")
    arguments = parser.parse_args()
    shown = []
    print(f"| film | gap | matched | {' | '.join(f'{way}, dB | gradient SSIM' for way in WAYS)} |")
    print("|---" * 9 + "|")
    with Session(device="cpu", precision="float32") as session:
        for path in arguments.films:
            film = frames(path)
            for gap in map(int, arguments.gaps.split(",")):
                rows, shares = [], []
                for start in np.linspace(0, len(film) - 1 - gap, arguments.pairs).round().astype(int):
                    first, truth, second = (scaled(film[start + k]) for k in (0, gap // 2, gap))
                    made, matched = half_way(session, first, second)
                    rows.append(np.concatenate([measured(each, truth) for each in made]))
                    shares.append(matched)
                    shown.append(np.hstack([first, second, *made, truth]))
                cells = " | ".join(f"{a:.2f} | {b:.3f}" for a, b in np.mean(rows, 0).reshape(-1, 2))
                print(f"| {Path(path).stem} | {gap} | {np.mean(shares):.2f} | {cells} |", flush=True)
    if arguments.sheet:
        width = max(row.shape[1] for row in shown)
        padded = [np.pad(row, ((0, 4), (0, width - row.shape[1]), (0, 0))) for row in shown]
        cv2.imwrite(arguments.sheet, np.vstack(padded)[..., ::-1])


if __name__ == "__main__":
    main()
