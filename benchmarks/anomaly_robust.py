"""What anomaly scores withstand: unseen normal images, recompression, defects among the normal images; and how fast they are.

    python benchmarks/anomaly_robust.py TREE --vae part.vae.safetensors
    python benchmarks/anomaly_robust.py TREE --hidden 0.05 --minutes 5

The second line fits twice for that long: on the normal images, and on the same with so large a share of defective ones hidden
among them, which neither is tested on. TREE is laid out as for `vaeedit evaluate anomaly`.
"""

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.stats import binomtest, spearmanr

from vaeedit.api import Budget
from vaeedit.image import Frame, read, write
from vaeedit.run.session import Session
from vaeedit_anomaly.fit import fit
from vaeedit_anomaly.groups import grouped
from vaeedit_anomaly.measured import evaluate, outcomes
from vaeedit_anomaly.scoring import PIXELS, Scored, Scorer
from vaeedit_anomaly.trees import Tree, read_tree


def scored(session: Session, vae: str, paths: Sequence[Path], rate: float | None = None) -> list[Scored]:
    score = Scorer(session, vae, rate)
    return [score(path)[0] for path in paths]


def false_alarms(session: Session, vae: str, tree: Tree) -> None:
    normals = [one.path for one in tree.tests if not one.defective]
    for rate in (0.01, 0.05, 0.1):
        alarms = sum(one.anomalous for one in scored(session, vae, normals, rate))
        interval = binomtest(alarms, len(normals)).proportion_ci(0.95)
        print(
            f"stated {rate:.0%}: {alarms} of {len(normals)} unseen normal images are called abnormal, "
            f"95 % interval {interval.low:.1%} to {interval.high:.1%}"
        )


def recompressed(session: Session, vae: str, tree: Tree) -> None:
    paths = [one.path for one in tree.tests]
    with tempfile.TemporaryDirectory() as folder:
        again = [Path(folder, f"{number}.jpg") for number in range(len(paths))]
        for path, target in zip(paths, again, strict=True):
            pixels = np.ascontiguousarray(read(path).as_uint8()[..., ::-1])
            cv2.imwrite(str(target), pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
        before, after = scored(session, vae, paths), scored(session, vae, again)
    a, b = (np.array([one.score for one in found]) for found in (before, after))
    turned = sum(x.anomalous != y.anomalous for x, y in zip(before, after, strict=True))
    print(
        f"JPEG at quality 90: rank correlation {spearmanr(a, b).statistic:.4f}, scores change by "
        f"{np.median(np.abs(b / a - 1)):.1%} in the median, {turned} of {len(paths)} verdicts turn"
    )


def speed(session: Session, vae: str, tree: Tree, side: int = 256) -> None:
    pictures = []
    with tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(tree.tests[:40]):
            pixels = cv2.resize(read(one.path).as_uint8(), (side, side)).reshape(side, side, -1)
            pictures.append(Path(folder, f"{number}.png"))
            write(Frame(pixels), pictures[-1])
        scored(session, vae, pictures[:5])
        started = time.perf_counter()
        found = scored(session, vae, pictures)
        spent = time.perf_counter() - started
    assert all(one.error is None for one in found), found
    print(f"{side}x{side}: {len(pictures) / spent:.1f} images a second on {torch.get_num_threads()} threads")


def hidden(tree: Tree, share: float, minutes: float) -> None:
    chosen = random.Random(0).sample(
        [one for one in tree.tests if one.defective], round(share * len(tree.normals) / (1 - share))
    )
    left = replace(tree, tests=tuple(one for one in tree.tests if one not in chosen))
    for name, extra in (("clean", []), (f"{len(chosen)} defective ones hidden", chosen)):
        with tempfile.TemporaryDirectory() as work:
            folder, vae = Path(work, "normals"), Path(work, "part.vae.safetensors")
            folder.mkdir()
            for path in (*tree.normals, *(one.path for one in extra)):
                shutil.copy(path, folder / f"{path.parent.name}-{path.name}")
            fit(folder, vae, Budget(60 * minutes))
            with Session(device="cpu") as session:
                scored_images = outcomes(left, Scorer(session, str(vae), maps=(PIXELS,)))
            rows = evaluate([scored_images], *grouped(left, None))
        everything, good = rows[-2], rows[-1]
        print(
            f"{name}: image AUROC {everything['image_auroc']}, pixel AUROC {everything['pixel_auroc']}, "
            f"AUPRO {everything['aupro']}, alarms {everything['alarms']} of the defective and {good['alarms']} of the normal",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--vae")
    parser.add_argument("--hidden", type=float, metavar="SHARE")
    parser.add_argument("--minutes", type=float, default=5.0)
    arguments = parser.parse_args()
    tree = read_tree(arguments.tree)
    if arguments.vae:
        with Session(device="cpu") as session:
            false_alarms(session, arguments.vae, tree)
            recompressed(session, arguments.vae, tree)
            speed(session, arguments.vae, tree)
    if arguments.hidden:
        hidden(tree, arguments.hidden, arguments.minutes)


if __name__ == "__main__":
    main()
