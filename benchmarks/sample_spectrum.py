"""Whether samples of `super-resolve` hold a grid: the highest peak in the spectrum of sample minus mean, for every factor.

python benchmarks/sample_spectrum.py PICTURE ... [--side 200] [--sheet FILE]

The middle of each picture, `--side` pixels, is enlarged in float32 with the seed 0; the spectrum is that of luma. A peak is
the power of a frequency over the median of its 9x9 neighbors; below 3 there is none. `--sheet` writes a row for
each factor: mean, sample, spectrum.
"""

import argparse

import cv2
import numpy as np

from vaeedit import Frame, Session, Step, read
from vaeedit.api import luma
from vaeedit_restore.periodicity import highest_peak, spectrum


def middle(path: str, side: int) -> Frame:
    values = read(path).floats()
    top, left = ((length - side) // 2 for length in values.shape[:2])
    return Frame(
        np.ascontiguousarray(np.broadcast_to(values, (*values.shape[:2], 3))[top:, left:][:side, :side])
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--side", type=int, default=200)
    parser.add_argument("--sheet")
    arguments = parser.parse_args()
    rows = []
    print("| picture | factor | deviation, of 255 | highest peak |\n|---|---|---|---|")
    with Session(precision="float32") as session:
        for path in arguments.pictures:
            for scale in (2, 3, 4):
                steps = [Step("super-resolve", scale=scale, realism=realism) for realism in (0.0, 1.0)]
                mean, sample = (
                    session.run(step, middle(path, arguments.side)).frame.floats() for step in steps
                )
                added = luma(sample) - luma(mean)
                print(
                    f"| {path} | {scale} | {255 * added.std():.2f} | {highest_peak(added):.2f} |", flush=True
                )
                power = np.log10(np.fft.fftshift(spectrum(added)) + 1e-9)
                shown = np.clip((power - power.max() + 4) / 4, 0, 1).astype(np.float32)
                crops = [x[: 2 * arguments.side, : 2 * arguments.side] for x in (mean, sample)]
                grid = cv2.resize(shown, crops[0].shape[1::-1], interpolation=cv2.INTER_NEAREST)
                rows.append(np.hstack([*crops, np.repeat(grid[..., None], 3, 2)]))
    if arguments.sheet:
        cv2.imwrite(arguments.sheet, np.rint(np.vstack(rows).clip(0, 1) * 255).astype(np.uint8)[..., ::-1])


if __name__ == "__main__":
    main()
