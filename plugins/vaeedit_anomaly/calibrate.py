"""Calibration: what normal images that were held out show, so that a score has a meaning."""

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
from vaeedit_anomaly.operation import Anomaly
from vaeedit_anomaly.places import Map, Places, cells
from vaeedit_anomaly.scales import Scales
from vaeedit_anomaly.sizes import Preparation, prepared
from vaeedit_anomaly.survey import Survey, readable

SAMPLE = 500_000
"""Pixels of a map that its tail is made of."""
COLLAPSED = 0.01
"""Nats at a place of a level that tells nothing."""
FOLDS = 10
"""Parts of the held-out images: with fewer, the others would be too few where few are held out."""

See = Callable[[Path], dict[str, Tensor] | None]


def inspector_of(session: Session, vae: Path, how: Preparation) -> See:
    """A function from a normal image's file to what the restorer sees of it, or None where it cannot be read."""
    loaded = session.vae(str(vae))

    def see(path: Path) -> dict[str, Tensor] | None:
        for frame in readable([path], {}):
            looking = Anomaly(Request(AnomalyOptions()))
            looking.vae = loaded.info
            small = prepared(frame, how)
            loaded.visit(small, partial(looking.gather, 0), precision=torch.float32)
            return looking.seen()
        return None

    return see


@torch.inference_mode()
def calibrated(see: See, found: Survey, false_alarms: float) -> Calibration:
    """Each held-out image is compared with places of all others, and with tails of other folds (cross-fitting).

    So no image's score is measured with its own pixels, and the scores together calibrate the score.
    """
    paths, rows = [], []
    for path in found.held_out:
        look = see(path)
        if look is not None:
            paths.append(path)
            rows.append({name: cells(plane(grid)) for name, grid in pixel_maps(look).items()})
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
    joined = [scales.joined(neg_log_p) for neg_log_p in neg_log_ps]
    return Calibration(
        preparation=found.preparation,
        areas=found.areas,
        maps={name: Usual(Places.of(seen[name]), _tail(parts)) for name, parts in values.items()},
        scales=scales,
        scores=Tail.of(np.array([image_score(one) for one in joined])),
        held_out=len(joined),
        false_alarms=false_alarms,
    )


def _collapsed(name: str, grids: Sequence[Map]) -> bool:
    """Whether it is the KL of a level whose posterior is its prior: what such a level shows is rounding."""
    return name.startswith("kl_") and float(np.mean(grids)) < COLLAPSED


def _tails(values: dict[str, list[Map]]) -> list[dict[str, Tail]]:
    """For every image the tails of the images of other folds."""
    count = len(next(iter(values.values())))
    folds = min(FOLDS, count)
    found = [
        {name: _tail(parts[k] for k in range(count) if k % folds != fold) for name, parts in values.items()}
        for fold in range(folds)
    ]
    return [found[index % folds] for index in range(count)]


def _pixel_maps(see: See, paths: Sequence[Path]) -> Iterator[dict[str, Tensor]]:
    """Of one image after the other: all of it at once would not fit into memory."""
    for path in paths:
        seen = see(path)
        assert seen is not None
        yield pixel_maps(seen)


def _by_name(rows: Iterable[dict[str, Map]]) -> dict[str, list[Map]]:
    """Every name's arrays, in the order of the images."""
    found: dict[str, list[Map]] = {}
    for row in rows:
        for name, values in row.items():
            found.setdefault(name, []).append(values)
    return found


def _tail(parts: Iterable[Map]) -> Tail:
    return Tail.of(np.concatenate(list(parts)).astype(np.float64))


def _some(values: Map, count: int) -> Map:
    """At most so many values, drawn at random, always the same places."""
    flat = values.ravel()
    return flat if flat.size <= count else np.random.default_rng(0).choice(flat, count)
