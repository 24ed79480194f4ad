"""Calibration: measures held-out normal images, so that a score becomes a p-value."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaeedit.api import Request, Session
from vaeedit_anomaly import AnomalyOptions
from vaeedit_anomaly.calibration import (
    FAST,
    Calibration,
    Fusion,
    Tail,
    Usual,
    image_score,
    mean_neg_log_p,
    plane,
)
from vaeedit_anomaly.layouts import Layout
from vaeedit_anomaly.maps import pixel_maps
from vaeedit_anomaly.operation import DIGITS, Anomaly
from vaeedit_anomaly.places import Map, Places, cells
from vaeedit_anomaly.scales import Scales
from vaeedit_anomaly.sizes import Preparation, prepared
from vaeedit_anomaly.survey import Survey, readable
from vaeedit_anomaly.texture import TEXTURE

SAMPLE = 500_000
"""Number of pixels, over all images, from which the tail of a map is made."""
FOLDS = 10
"""Folds of cross-fitting; with fewer folds, few held-out images would leave too few for each tail."""

LARGEST = 60_000.0
"""Largest value of an anomaly map that 16 bits hold, rounded down."""

Planes = dict[str, NDArray[np.float16]]
"""Blurred anomaly maps (H, W) by name."""
See = Callable[[Path], dict[str, Tensor] | None]


def inspector_of(session: Session, vae: Path, how: Preparation) -> See:
    """A function from an image file to its anomaly maps (see `Anomaly.seen`), or None if the file cannot be read."""
    loaded = session.vae(str(vae))

    def see(path: Path) -> dict[str, Tensor] | None:
        for frame in readable([path], {}):
            operation = Anomaly(Request(AnomalyOptions()))
            operation.vae = loaded.info
            loaded.visit(prepared(frame, how), partial(operation.gather, 0), precision=torch.float32)
            return operation.seen()
        return None

    return see


@torch.inference_mode()
def calibrated(
    see: See,
    survey: Survey,
    false_alarms: float,
    paths: Iterable[Path] | None = None,
    layout: Layout = "aligned",
) -> Calibration:
    """The calibration by the held-out images of a survey, or by those of its held-out images that `paths` names."""
    rows = [planes_of(maps) for path in paths or survey.held_out if (maps := see(path)) is not None]
    return calibration_by(rows, survey, false_alarms, layout)


def planes_of(seen: dict[str, Tensor]) -> Planes:
    """The blurred anomaly maps (H, W) of one image, which `Anomaly.seen` has returned.

    They are kept in 16 bits: those of 400 images take about 1 GB.
    """
    return {
        name: plane(grid).clip(-LARGEST, LARGEST).astype(np.float16)
        for name, grid in pixel_maps(seen).items()
    }


def calibration_by(
    rows: Sequence[Planes], survey: Survey, false_alarms: float, layout: Layout = "aligned"
) -> Calibration:
    """The calibration by the anomaly maps of some normal images; at least two.

    Each image is compared with the places of all other images and with the tails of other folds (cross-fitting): no image's
    score depends on its own pixels, so the distribution of these scores calibrates the score. Of free images (see `Layout`),
    distances of texture are left out: one Gaussian does not hold all parts.
    """
    grids = _by_name({name: cells(_wide(grid)) for name, grid in row.items()} for row in rows)
    seen = {name: found for name, found in grids.items() if not (layout == "free" and name == TEXTURE)}
    others = [
        {name: Places.of(found[:index] + found[index + 1 :], layout) for name, found in seen.items()}
        for index in range(len(rows))
    ]
    share = SAMPLE // len(rows)
    values = _by_name(
        {name: _some(usual.standardized(_wide(row[name])), share) for name, usual in places.items()}
        for places, row in zip(others, rows, strict=True)
    )
    full, fast = list[Map](), list[Map]()
    for places, tails, row in zip(others, _tails(values), rows, strict=True):
        neg_log_ps = {name: Usual(places[name], tails[name]).neg_log_p(_wide(row[name])) for name in places}
        full.append(mean_neg_log_p(neg_log_ps))
        if some := {name: neg_log_p for name, neg_log_p in neg_log_ps.items() if name in FAST}:
            fast.append(mean_neg_log_p(some))
    fusion = fusion_of(full)
    return Calibration(
        preparation=survey.preparation,
        areas=survey.areas,
        maps={name: Usual(Places.of(seen[name], layout), _tail(parts)) for name, parts in values.items()},
        scales=fusion.scales,
        scores=fusion.scores,
        held_out=len(rows),
        false_alarms=false_alarms,
        held_out_scores=fusion.held_out_scores,
        fast=fusion_of(fast) if fast else None,
    )


def fusion_of(neg_log_ps: Sequence[Map]) -> Fusion:
    """Statistics of the mean -log10 p (H, W) of the same anomaly maps of each normal image."""
    scales = Scales.of(neg_log_ps)
    scores = [image_score(scales.joined(neg_log_p)) for neg_log_p in neg_log_ps]
    rounded = tuple(round(score, DIGITS) for score in scores)
    return Fusion(scales, Tail.of_few(np.array(scores)), rounded)


def _wide(grid: NDArray[np.float16]) -> Map:
    return grid.astype(np.float32)


def _tails(values: dict[str, list[Map]]) -> list[dict[str, Tail]]:
    """For each image, the tails of the images of all other folds."""
    count = len(next(iter(values.values())))
    folds = min(FOLDS, count)
    tails = [
        {name: _tail(parts[k] for k in range(count) if k % folds != fold) for name, parts in values.items()}
        for fold in range(folds)
    ]
    return [tails[index % folds] for index in range(count)]


def _by_name(rows: Iterable[dict[str, Map]]) -> dict[str, list[Map]]:
    """The arrays of each name, in the order of the images."""
    columns: dict[str, list[Map]] = {}
    for row in rows:
        for name, values in row.items():
            columns.setdefault(name, []).append(values)
    return columns


def _tail(parts: Iterable[Map]) -> Tail:
    return Tail.of(np.concatenate(list(parts)).astype(np.float64))


def _some(values: Map, count: int) -> Map:
    """At most `count` values, drawn at random with a fixed seed."""
    flat = values.ravel()
    return flat if flat.size <= count else np.random.default_rng(0).choice(flat, count)
