"""What each piece of anomaly map is worth: figures of every map alone, of all without it, and of other rules to fuse them.

    python benchmarks/anomaly.py TREE --vae part.vae.safetensors

TREE is laid out as for `vaeedit evaluate anomaly`, and the model was fitted on its normal images; of several models, with
other seeds, the figures are means over those that have the map. Every row of a model sees the same network outputs. "the
product" is the rule of `vaeedit anomaly score`, with the scales of the model; "only" and "without" are the same rule on fewer
maps; "all maps alike" weighs all maps the same; "one scale" takes the finest blur alone.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from vaeedit.run.session import Session
from vaeedit_anomaly.calibrate import See, inspector_of
from vaeedit_anomaly.calibration import Tail, Usual, image_score, mean_neg_log_p, plane
from vaeedit_anomaly.maps import pixel_maps
from vaeedit_anomaly.metrics import Counts
from vaeedit_anomaly.operation import calibration_of
from vaeedit_anomaly.places import CELLS, Places
from vaeedit_anomaly.scales import Scales
from vaeedit_anomaly.survey import survey
from vaeedit_anomaly.trees import Labeled, Tree, read_tree

Maps = dict[str, np.ndarray]
Fuse = Callable[[Maps], np.ndarray]
Rule = Callable[[Maps], np.ndarray]


def product(names: Sequence[str]) -> Fuse:
    """The weighted mean that the product takes, of some of the maps."""
    return lambda maps: mean_neg_log_p({name: maps[name].astype(np.float32) for name in names})


def alike(maps: Maps) -> np.ndarray:
    return np.mean(list(maps.values()), 0, dtype=np.float32)


def largest(maps: Maps) -> np.ndarray:
    return np.max(list(maps.values()), 0).astype(np.float32)


def maps_of(see: See, path: Path) -> Maps:
    seen = see(path)
    assert seen is not None, path
    return {name: plane(grid).astype(np.float16) for name, grid in pixel_maps(seen).items()}


def neg_log_ps(maps: Maps, usual: dict[str, Usual]) -> Maps:
    """Of the maps that the model compares; it leaves out levels whose posterior is their prior."""
    return {
        name: known.neg_log_p(maps[name].astype(np.float32)).astype(np.float16)
        for name, known in usual.items()
    }


def scaled(fuse: Fuse, normals: Sequence[Maps], count: int | None = None) -> Rule:
    """The rule at the finest `count` scales."""
    scales = Scales.of([fuse(maps) for maps in normals])
    return lambda maps: scales.joined(fuse(maps), count)


def rules(names: Sequence[str], normals: Sequence[Maps], scales: Scales | None = None) -> dict[str, Rule]:
    """Ways to make one map of all; `scales` are those of the model, where its places are used."""
    every = product(names)
    found: dict[str, Rule] = {
        "the product": scaled(every, normals) if scales is None else lambda maps: scales.joined(every(maps)),
        "one scale": scaled(every, normals, 1),
        "all maps alike": scaled(alike, normals),
        "largest": scaled(largest, normals),
    }
    for name in names:
        found[f"only {name}"] = scaled(product([name]), normals)
    for name in names:
        found[f"without {name}"] = scaled(product([other for other in names if other != name]), normals)
    return found


def everywhere(names: Iterable[str], normals: Sequence[Maps]) -> dict[str, Usual]:
    """What is usual, were all places the same."""
    found = {}
    for name in names:
        planes = [maps[name].astype(np.float32) for maps in normals]
        flat = Places.of([np.full((CELLS, CELLS), grid.mean(), np.float32) for grid in planes])
        values = [flat.standardized(grid).ravel()[::16].astype(np.float64) for grid in planes]
        found[name] = Usual(flat, Tail.of(np.concatenate(values)))
    return found


def rows(tree: Tree, session: Session, vae: Path, every: int) -> Iterator[tuple[str, list[float]]]:
    """The name of every rule, and its figures for one model."""
    info = session.vae(str(vae)).info
    calibration = calibration_of(str(vae), info.calibration)
    see = inspector_of(session, vae, calibration.preparation)
    held_out = survey(tree.normals[0].parent, info.recipe["seed"]).held_out
    normals = [maps_of(see, path) for path in held_out]
    tests = [(one, maps_of(see, one.path)) for one in tree.tests[::every]]
    for title, usual, scales in (
        ("", calibration.maps, calibration.scales),
        ("no places: ", everywhere(calibration.maps, normals), None),
    ):
        known = [neg_log_ps(maps, usual) for maps in normals]
        scored = [(one, neg_log_ps(maps, usual)) for one, maps in tests]
        for name, rule in rules(list(calibration.maps), known, scales).items():
            if not title or not name.startswith(("only", "without")):
                yield title + name, figures(tree, scored, rule)


def figures(tree: Tree, tests: Sequence[tuple[Labeled, Maps]], rule: Rule) -> list[float]:
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
    values = [counts.figures().get("auroc") for counts in images.values()]
    values += [area.get(name) for name in ("auroc", "aupro", "ap")]
    return [float("nan") if value is None else value for value in values]


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--vae", type=Path, required=True, nargs="+")
    parser.add_argument("--every", type=int, default=1, help="Take every n-th test image.")
    arguments = parser.parse_args()
    tree = read_tree(arguments.tree)
    seen = defaultdict(list)
    with Session(device="cpu") as session:
        for vae in arguments.vae:
            for name, found in rows(tree, session, vae, arguments.every):
                seen[name].append(found)
    columns = ["image AUROC", *tree.kinds, "pixel AUROC", "AUPRO", "pixel AP"]
    print("| rule | " + " | ".join(columns) + " |\n|" + " --- |" * (len(columns) + 1))
    for name, several in seen.items():
        print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in np.mean(several, 0)) + " |")


if __name__ == "__main__":
    main()
