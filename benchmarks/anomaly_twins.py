"""Finds pictures of one part in a labeled data set, and prints a table for `--groups`.

    python benchmarks/anomaly_twins.py TREE > twins.csv
    vaeedit evaluate anomaly TREE --vae part.vae.safetensors --groups twins.csv

TREE is laid out as for `vaeedit evaluate anomaly`. Fine structure, such as grinding marks, is correlated between all pairs of
pictures, which may be shifted. On the magnetic tiles, correlations from .35 on are of pictures whose numbers are close (of
97 % of the pairs, and of 1 % of the others); hardly any are between .25 and .35. Where all parts have fine structure in
common, as the wires of solar cells, all pictures become one group.
"""

import argparse
import csv
import sys
from pathlib import Path

import cv2
import numpy as np
from scipy.sparse.csgraph import connected_components

from vaeedit.image import read
from vaeedit_anomaly.trees import read_tree

SIDE = 96
"""Pixels along each side at which pictures are compared."""
FINE = 4.0
"""Standard deviation in pixels of the blur that is removed: what is coarser, most parts of a kind share."""
SHIFT = 6
"""Largest shift in pixels along each axis, in both directions."""
ALIKE = 0.35
"""Smallest correlation of two pictures of one part."""


def spectrum(path: Path) -> np.ndarray:
    """The Fourier transform of the fine structure of a picture, whose autocorrelation is 1 without a shift."""
    gray = np.log(255 * read(path).floats().mean(2) + 8)
    x = cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    x = x - cv2.GaussianBlur(x, (0, 0), FINE)
    x = x - x.mean(0, keepdims=True)  # vertical lines are those of the light and of the tool
    contrast = np.sqrt(cv2.GaussianBlur(x * x, (0, 0), 2 * FINE))
    window = np.hanning(SIDE)
    x = x / (contrast + 0.02) * np.outer(window, window)
    return np.fft.rfft2(x / np.linalg.norm(x))


def correlations(spectra: np.ndarray) -> np.ndarray:
    """The largest correlation (N, N) of every two pictures over all shifts."""
    found = []
    for one in spectra:
        shifted = np.fft.irfft2(one * spectra.conj(), s=(SIDE, SIDE))
        near = np.roll(shifted, (SHIFT, SHIFT), (1, 2))[:, : 2 * SHIFT + 1, : 2 * SHIFT + 1]
        found.append(near.max((1, 2)))
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    tree = read_tree(parser.parse_args().tree)
    paths = [*tree.normals, *(one.path for one in tree.tests)]
    alike = correlations(np.array([spectrum(path) for path in paths])) >= ALIKE
    _, groups = connected_components(alike, directed=False)
    table = csv.writer(sys.stdout)
    for path, group in zip(paths, groups, strict=True):
        table.writerow(["/".join(path.parts[-3:]), group])


if __name__ == "__main__":
    main()
