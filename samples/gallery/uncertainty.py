"""Where the model is unsure, and whether it is right to be: noisy, restored, predicted deviation, true error.

python samples/gallery/uncertainty.py samples/images/box-iso1600.jpg uncertainty.png

The photograph is made four times smaller, which leaves little of its own noise; Gaussian noise of 25 is added. Prints the
share of values whose error lies within the predicted 90 % interval.
"""

import sys

import numpy as np
import torch

import vaeedit
from vaeedit import Frame, Session, Step
from vaeedit.api import bicubic_down

SIGMA = 25


def main(source: str, target: str) -> None:
    large = torch.from_numpy(vaeedit.read(source).floats()).permute(2, 0, 1)[None]
    height, width = (size // 4 * 4 for size in large.shape[2:])
    clean = bicubic_down(large[..., :height, :width], 4)[0].permute(1, 2, 0).numpy().clip(0, 1)
    noise = np.random.default_rng(0).normal(0, SIGMA / 255, clean.shape)
    noisy = Frame((clean + noise).astype(np.float32))
    with Session() as session:
        result = session.run(Step("denoise", sigma=SIGMA, maps=["uncertainty"]), noisy)
    white = result.notes["denoise"]["white_uncertainty"] / 255
    predicted = result.maps["uncertainty"].floats() * white
    error = np.abs(result.frame.floats() - clean)
    inside = float((error <= 1.645 * predicted).mean())
    print(f"{inside:.1%} of the errors lie within the predicted 90 % interval")
    panels = [
        noisy.floats(),
        result.frame.floats(),
        predicted / white,
        error.mean(axis=2, keepdims=True) / white,
    ]
    row = [np.broadcast_to(panel.clip(0, 1), clean.shape) for panel in panels]
    vaeedit.write(Frame(np.rint(np.concatenate(row, axis=1) * 255).astype(np.uint8)), target)


if __name__ == "__main__":
    main(*sys.argv[1:])
