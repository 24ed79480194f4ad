"""Without noise, and with fine grain instead: the same photograph at realism 0, 0.5 and 1, side by side.

python samples/gallery/realism.py samples/images/box-iso1600.jpg realism.png
"""

import sys

import numpy as np

import vaeedit
from vaeedit import Pipeline, Session, Step


def main(source: str, target: str) -> None:
    with Session(seed=1) as session:
        steps = [Step("denoise", realism=realism) for realism in (0.0, 0.5, 1.0)]
        frames = [session.run(Pipeline(step), source).frame for step in steps]
    height, width = frames[0].height // 3, frames[0].width // 3
    crops = [frame.pixels[height : 2 * height, width : 2 * width] for frame in frames]
    vaeedit.write(vaeedit.Frame(np.concatenate(crops, axis=1)), target)


if __name__ == "__main__":
    main(*sys.argv[1:3])
