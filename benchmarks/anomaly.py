"""What each piece of evidence is worth: figures of every map alone, of all without it, and of other rules to fuse them.

    python benchmarks/anomaly.py TREE --vae part.vae.safetensors

TREE is laid out as for `vaeedit evaluate anomaly`, and the model was fitted on its normal images with the seed 0. Every row
sees the same network outputs; "flat" compares with no places, "one scale" only with the finest blur.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from vaeedit.evaluation.anomaly import Counts
from vaeedit.evaluation.anomaly_data import Labelled, Tree, read_tree
from vaeedit.session import Session
from vaeedit_anomaly.calibrate import See, witness_of
from vaeedit_anomaly.calibration import CEILING, Calibration, image_score
from vaeedit_anomaly.evidence import evidence
from vaeedit_anomaly.operation import calibration_of
from vaeedit_anomaly.places import Places, cells, scales
from vaeedit_anomaly.survey import survey

Maps = dict[str, np.ndarray]
Fuse = Callable[[Maps], np.ndarray]
Rule = Callable[[Maps], np.ndarray]


def mean_of(names: Sequence[str]) -> Fuse:
    return lambda maps: np.mean([maps[name] for name in names], 0, dtype=np.float32)


def surprises(see: See, path: Path, calibration: Calibration) -> Maps:
    seen = see(path)
    assert seen is not None, path
    return {
        name: calibration.maps[name].surprise(grid[0, 0].double().numpy()).clip(0, CEILING).astype(np.float16)
        for name, grid in evidence(seen).items()
    }


def placed(fuse: Fuse, normals: Sequence[Maps], count: int | None = None) -> Rule:
    """The rule with what is usual where, of the finest `count` scales."""
    places = Places.of([cells(scales(fuse(maps))) for maps in normals])

    def rule(maps: Maps) -> np.ndarray:
        return places.standardised(scales(fuse(maps)), count)

    return rule


def rules(names: Sequence[str], normals: Sequence[Maps]) -> dict[str, Rule]:
    """Ways to make one map of all."""
    every = mean_of(names)
    found: dict[str, Rule] = {
        "all (ours)": placed(every, normals),
        "flat": lambda maps: np.max(scales(every(maps)), 0),
        "one scale": placed(every, normals, 1),
        "one scale, flat": lambda maps: scales(every(maps))[0],
        "largest": placed(lambda maps: np.max(list(maps.values()), 0).astype(np.float32), normals),
    }
    for name in names:
        found[f"only {name}"] = placed(mean_of([name]), normals)
    for name in names:
        found[f"without {name}"] = placed(mean_of([other for other in names if other != name]), normals)
    return found


def row(tree: Tree, tests: Sequence[tuple[Labelled, Maps]], rule: Rule) -> list[float]:
    images = {kind: Counts() for kind in ("all", *tree.kinds)}
    pixels = Counts()
    for one, maps in tests:
        found = rule(maps)
        for kind in ("all", one.kind) if one.defective else images:
            images[kind].add(np.array([image_score(found)]), np.array([one.defective]))
        truth = one.truth(*found.shape)
        if truth is not None:
            pixels.add(found, truth)
    area = pixels.figures()
    return [counts.figures().get("auroc", float("nan")) for counts in images.values()] + [
        area[name] for name in ("auroc", "aupro", "ap")
    ]


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="Take every n-th test image.")
    arguments = parser.parse_args()
    tree = read_tree(arguments.tree)
    with Session(device="cpu") as session:
        calibration = calibration_of(str(arguments.vae), session.vae(str(arguments.vae)).info.calibration)
        see = witness_of(session, arguments.vae, calibration.preparation)
        held_out = survey(tree.normals[0].parent).held_out
        normals = [surprises(see, path, calibration) for path in held_out]
        tests = [(one, surprises(see, one.path, calibration)) for one in tree.tests[:: arguments.every]]
    columns = ["image AUROC", *tree.kinds, "pixel AUROC", "AUPRO", "pixel AP"]
    print("| rule | " + " | ".join(columns) + " |\n|" + " --- |" * (len(columns) + 1))
    for name, rule in rules(list(calibration.maps), normals).items():
        cells_ = " | ".join(f"{figure:.3f}" for figure in row(tree, tests, rule))
        print(f"| {name} | {cells_} |", flush=True)


if __name__ == "__main__":
    main()
