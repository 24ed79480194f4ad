"""What each piece of evidence is worth: figures of every map alone, of all without it, and of other rules to fuse them.

    python benchmarks/anomaly.py TREE --vae part.vae.safetensors

TREE is laid out as for `vaeedit evaluate anomaly`; every row sees the same network outputs.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from vaeedit.evaluation.anomaly import Counts
from vaeedit.evaluation.anomaly_data import read_tree
from vaeedit.image import read
from vaeedit.session import Session
from vaeedit_anomaly.calibrate import witness_of
from vaeedit_anomaly.calibration import CEILING, WIDTH, Calibration
from vaeedit_anomaly.evidence import evidence, smoothed
from vaeedit_anomaly.operation import calibration_of
from vaeedit_anomaly.sizes import enlarged

SHARES = (0.001, 0.005, 0.02)
Maps = dict[str, np.ndarray]
Rule = Callable[[Maps], np.ndarray]


def rules(names: list[str]) -> dict[str, Rule]:
    """Ways to make one map of all."""
    found: dict[str, Rule] = {
        "mean (ours)": lambda maps: np.mean(list(maps.values()), 0),
        "largest": lambda maps: np.max(list(maps.values()), 0),
        "root mean square": lambda maps: np.sqrt(np.mean([grid**2 for grid in maps.values()], 0)),
    }
    for name in names:
        found[f"only {name}"] = lambda maps, name=name: maps[name]
    for name in names:
        found[f"without {name}"] = lambda maps, name=name: np.mean(
            [m for key, m in maps.items() if key != name], 0
        )
    return found


def surprises(grids: dict[str, torch.Tensor], calibration: Calibration) -> Maps:
    return {
        name: calibration.maps[name].surprise(grid[0, 0].double().numpy()).clip(0, CEILING)
        for name, grid in grids.items()
    }


def top(surprise: np.ndarray, share: float) -> float:
    count = max(1, round(share * surprise.size))
    return float(np.partition(surprise.ravel(), -count)[-count:].mean())


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
    images: dict[tuple[str, float], Counts] = {}
    kinds: dict[tuple[str, str], Counts] = {}
    pixels: dict[str, Counts] = {}
    with Session(device="cpu") as session:
        calibration = calibration_of(str(arguments.vae), session.vae(str(arguments.vae)).info.calibration)
        see = witness_of(session, arguments.vae, calibration.preparation)
        chosen = rules(list(calibration.maps))
        for one in tree.tests[:: arguments.every]:
            seen = see(one.path)
            if seen is None:
                continue
            maps = surprises(evidence(seen), calibration)
            frame = read(one.path)
            truth = one.truth(frame.height, frame.width)
            for name, rule in chosen.items():
                fused = smoothed(torch.from_numpy(rule(maps))[None, None], WIDTH)[0, 0].numpy()
                label = np.array([one.defective])
                for share in SHARES:
                    images.setdefault((name, share), Counts()).add(np.array([top(fused, share)]), label)
                for kind in (one.kind,) if one.defective else tree.kinds:
                    kinds.setdefault((name, kind), Counts()).add(np.array([top(fused, SHARES[1])]), label)
                large = enlarged(fused.astype(np.float32), frame.height, frame.width)
                if truth is not None:
                    pixels.setdefault(name, Counts()).add(large, truth)
    columns = [f"image AUROC, top {share:.1%}" for share in SHARES] + [
        *tree.kinds,
        "pixel AUROC",
        "AUPRO",
        "pixel AP",
    ]
    print("| rule | " + " | ".join(columns) + " |\n|" + " --- |" * (len(columns) + 1))
    for name in chosen:
        area = pixels[name].figures()
        cells = [images[name, share].figures()["auroc"] for share in SHARES]
        cells += [kinds[name, kind].figures().get("auroc", float("nan")) for kind in tree.kinds]
        cells += [area["auroc"], area["aupro"], area["ap"]]
        print(f"| {name} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
