"""Measures `fuse` on a folder of picture sets: there is no reference, so metrics say how much of the sources is preserved."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import click
import numpy as np

from vaeedit.api import (
    Array,
    Frame,
    ImageError,
    Session,
    Step,
    UsageError,
    console,
    luma,
    pictures,
    read,
    rows_command,
    ssim,
    working,
)
from vaeedit_fuse import metrics

FusionMode = Literal["focus", "infrared", "exposure"]
MODES: tuple[FusionMode, ...] = ("focus", "infrared", "exposure")
LAYOUTS = {
    "focus": "pictures called NAME-A and NAME-B (and NAME-C, ...)",
    "infrared": "the folders visible and ir with pictures of the same names",
    "exposure": "pictures called NAME1, NAME2, ... (a name and a number)",
}
"""Content of the folder for each mode."""
SMALLEST = 41
"""Pixels a side that the windows of VIF need at its four scales."""
PROTOCOL = (
    "luma (BT.601, 0 to 255) of 8-bit pictures; Q_AB/F weighs every source's edges; VIF and MI (bits) are sums over two "
    "sources, SCD and SSIM (half the sum) likewise, of three sources or more the means over pairs of them"
)


@dataclass(frozen=True)
class PictureSet:
    """Pictures of one scene; the first is edited, the others are extra inputs."""

    name: str
    paths: tuple[Path, ...]


def picture_sets(folder: Path, mode: FusionMode) -> list[PictureSet]:
    """The sets of a folder, sorted; raises UsageError if there is none in the mode's layout."""
    sets = [candidate for candidate in _sets(folder, mode) if len(candidate.paths) > 1]
    if not sets:
        raise UsageError(f"For the mode {mode} the folder {folder} must hold {LAYOUTS[mode]}.")
    return sets


def _sets(folder: Path, mode: FusionMode) -> Iterator[PictureSet]:
    if mode == "infrared":
        if (folder / "visible").is_dir():
            for path in pictures(folder / "visible"):
                other = folder / "ir" / path.name
                if other.is_file():
                    yield PictureSet(path.stem, (path, other))
        return
    ending = re.compile(r"(.+)-[A-Z]" if mode == "focus" else r"(.*\D)\d+")
    groups: dict[str, list[Path]] = {}
    for path in pictures(folder):
        if match := ending.fullmatch(path.stem):
            groups.setdefault(match[1], []).append(path)
    for name, paths in groups.items():
        yield PictureSet(name, tuple(paths))


def measured(sources: Sequence[Array], fused: Array) -> dict[str, float]:
    """All metrics of a fused picture and its sources, gray values (H, W) from 0 to 255; the units are in `metrics`."""
    pairs = list(combinations(sources, 2))
    return {
        "q_abf": metrics.edge_preservation(sources, fused),
        "vif": fmean(metrics.visual_information(a, b, fused) for a, b in pairs),
        "scd": fmean(metrics.sum_of_correlated_differences(a, b, fused) for a, b in pairs),
        "ssim": fmean(ssim(x[..., None], fused[..., None]) for x in sources),
        "mi": fmean(metrics.mutual_information(a, b, fused) for a, b in pairs),
        "entropy": metrics.entropy(fused),
        "mef_ssim": metrics.exposure_structure(sources, fused),
    }


def gray(frame: Frame) -> Array:
    """Luma (H, W) of a frame converted to 8 bits: float64 from 0 to 255, not rounded."""
    return luma(frame.as_uint8().astype(np.float64))


def evaluate_fusion(session: Session, vae: str, folder: str, mode: FusionMode) -> Iterator[dict[str, Any]]:
    """Metrics averaged over the sets of a folder, one row.

    Raises UsageError for a folder of another layout, and ImageError for a picture that is too small for VIF.
    """
    rows: list[dict[str, float]] = []
    seconds = megapixels = 0.0
    for scene in picture_sets(Path(folder), mode):
        sources = [gray(working(read(path))) for path in scene.paths]
        for path, source in zip(scene.paths, sources, strict=True):
            if min(source.shape) < SMALLEST:
                raise ImageError(f"{path} is too small to be measured: VIF needs {SMALLEST} pixels a side.")
        started = time.perf_counter()
        options: dict[str, Any] = {"mode": mode, "with": [str(path) for path in scene.paths[1:]]}
        fused = session.run(Step("fuse", vae=vae, **options), scene.paths[0]).frame
        seconds += time.perf_counter() - started
        megapixels += fused.width * fused.height / 1e6
        rows.append(measured(sources, gray(working(fused))))
        console.progress(f"{len(rows)}: {scene.name} Q_AB/F {rows[-1]['q_abf']:.3f}")
    means = {name: round(fmean(row[name] for row in rows), 4) for name in rows[0]}
    speed = {"seconds_per_megapixel": round(seconds / megapixels, 3)}
    yield {"protocol": PROTOCOL, "mode": mode, "sets": len(rows), **means, **speed}


fuse = rows_command(
    evaluate_fusion,
    [
        click.Argument(["folder"], metavar="DIR"),
        click.Option(
            ["--mode"],
            type=click.Choice(MODES),
            required=True,
            help="Mode of `fuse` and layout of DIR: NAME-A and NAME-B; the folders visible and ir; or NAME1, NAME2, ...",
        ),
    ],
    vae="photo",
    epilog="Example: vaeedit evaluate fuse lytro/ --mode focus",
)
