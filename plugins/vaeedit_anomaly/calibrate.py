"""Calibration: measures held-out normal images, so that a score becomes a p-value."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Request, Session
from vaeedit_anomaly import AnomalyOptions
from vaeedit_anomaly.calibration import Calibration, Tail, Usual, fused, image_score, plane
from vaeedit_anomaly.maps import pixel_maps
from vaeedit_anomaly.operation import DIGITS, Anomaly
from vaeedit_anomaly.places import Map, Places, cells
from vaeedit_anomaly.scales import Scales
from vaeedit_anomaly.sizes import Preparation, prepared
from vaeedit_anomaly.survey import Survey, readable

SAMPLE = 500_000
"""Number of pixels, over all images, from which the tail of a map is made."""
COLLAPSED = 0.01
"""A level with fewer nats at a place has collapsed: its posterior is the prior."""
FOLDS = 10
"""Folds of cross-fitting; with fewer folds, few held-out images would leave too few for each tail."""

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
def calibrated(see: See, survey: Survey, false_alarms: float) -> Calibration:
    """The calibration by the held-out images of a survey.

    Each image is compared with the places of all other images and with the tails of other folds (cross-fitting): no image's
    score depends on its own pixels, so the distribution of these scores calibrates the score.
    """
    paths, rows = [], []
    for path in survey.held_out:
        maps = see(path)
        if maps is not None:
            paths.append(path)
            rows.append({name: cells(plane(grid)) for name, grid in pixel_maps(maps).items()})
    seen = {name: grids for name, grids in _by_name(rows).items() if not _collapsed(name, grids)}
    others = [
        {name: Places.of(grids[:index] + grids[index + 1 :]) for name, grids in seen.items()}
        for index in range(len(paths))
    ]
    share = SAMPLE // len(paths)
    values = _by_name(
        {name: _some(usual.standardized(plane(maps[name])), share) for name, usual in places.items()}
        for places, maps in zip(others, _pixel_maps(see, paths), strict=True)
    )
    neg_log_ps = [
        fused(maps, {name: Usual(places[name], tails[name]) for name in places})
        for places, tails, maps in zip(others, _tails(values), _pixel_maps(see, paths), strict=True)
    ]
    scales = Scales.of(neg_log_ps)
    scores = [image_score(scales.joined(neg_log_p)) for neg_log_p in neg_log_ps]
    return Calibration(
        preparation=survey.preparation,
        areas=survey.areas,
        maps={name: Usual(Places.of(seen[name]), _tail(parts)) for name, parts in values.items()},
        scales=scales,
        scores=Tail.of(np.array(scores)),
        held_out=len(scores),
        false_alarms=false_alarms,
        held_out_scores=tuple(round(score, DIGITS) for score in scores),
    )


def _collapsed(name: str, grids: Sequence[Map]) -> bool:
    """True for the KL of a level whose posterior is its prior: such a map holds only rounding errors."""
    return name.startswith("kl_") and float(np.mean(grids)) < COLLAPSED


def _tails(values: dict[str, list[Map]]) -> list[dict[str, Tail]]:
    """For each image, the tails of the images of all other folds."""
    count = len(next(iter(values.values())))
    folds = min(FOLDS, count)
    tails = [
        {name: _tail(parts[k] for k in range(count) if k % folds != fold) for name, parts in values.items()}
        for fold in range(folds)
    ]
    return [tails[index % folds] for index in range(count)]


def _pixel_maps(see: See, paths: Sequence[Path]) -> Iterator[dict[str, Tensor]]:
    """The anomaly maps of one image after another; those of all images together may not fit into memory."""
    for path in paths:
        seen = see(path)
        assert seen is not None
        yield pixel_maps(seen)


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
