"""Calibration: what normal images that were held out show, so that a score has a meaning."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Request, Session
from vaeedit_anomaly import AnomalyOptions
from vaeedit_anomaly.calibration import Array, Calibration, Tail, fused, image_score
from vaeedit_anomaly.evidence import evidence
from vaeedit_anomaly.operation import Anomaly, whole
from vaeedit_anomaly.places import Map, Places, cells, scales
from vaeedit_anomaly.sizes import Preparation, prepared
from vaeedit_anomaly.survey import Survey, readable

SAMPLE = 500_000
"""Pixels of a map that its tail is made of."""
FOLDS = 10
"""Parts of the held-out images: with fewer, the others would be too few where few are held out."""

See = Callable[[Path], dict[str, Tensor] | None]


def witness_of(session: Session, vae: Path, how: Preparation) -> See:
    """A function from a normal image's file to what the restorer sees of it, or None where it cannot be read."""
    loaded = session.vae(str(vae))

    def see(path: Path) -> dict[str, Tensor] | None:
        for frame in readable([path], {}):
            looking = Anomaly(Request(AnomalyOptions()))
            looking.vae = loaded.info
            small = prepared(frame, how)
            loaded.visit(small, partial(looking.gather, 0), precision=torch.float32)
            return whole(looking.parts)
        return None

    return see


@torch.inference_mode()
def calibrated(see: See, found: Survey, false_alarms: float) -> Calibration:
    """Each held-out image is scored by tails that were calibrated on other folds, and places on all others (cross-fitting).

    So no image's score is measured with its own pixels, and the scores together calibrate the score.
    """
    count = min(FOLDS, len(found.held_out))
    folds = [found.held_out[start::count] for start in range(count)]
    share = SAMPLE // max(len(found.held_out), 1)
    values = [_values(see, fold, share) for fold in folds]
    surprises: list[Map] = []
    for number, fold in enumerate(folds):
        tails = _tails([part for index, part in enumerate(values) if index != number])
        surprises += [fused(maps, tails) for maps in _evidence(see, fold)]
    seen = [cells(scales(surprise)) for surprise in surprises]
    scores, peaks = [], []
    for index, surprise in enumerate(surprises):
        others = Places.of(seen[:index] + seen[index + 1 :])
        deviation = others.standardised(scales(surprise))
        scores.append(image_score(deviation))
        peaks.append(float(deviation.max()))
    return Calibration(
        preparation=found.preparation,
        areas=found.areas,
        maps=_tails(values),
        places=Places.of(seen),
        scores=Tail.of(np.array(scores)),
        peaks=Tail.of(np.array(peaks)),
        held_out=len(scores),
        false_alarms=false_alarms,
    )


def _tails(values: Sequence[dict[str, Array]]) -> dict[str, Tail]:
    """The tail of every map over all folds."""
    some = [part for part in values if part]
    return {name: Tail.of(np.concatenate([part[name] for part in some])) for name in some[0]}


def _evidence(see: See, paths: Sequence[Path]) -> Iterator[dict[str, Tensor]]:
    for path in paths:
        seen = see(path)
        if seen is not None:
            yield evidence(seen)


def _values(see: See, paths: Sequence[Path], share: int) -> dict[str, Array]:
    """Of every map, at most `share` pixels of each image, drawn at random."""
    random = np.random.default_rng(0)
    found: dict[str, list[Array]] = {}
    for maps in _evidence(see, paths):
        for name, grid in maps.items():
            flat = grid.flatten().double().cpu().numpy()
            found.setdefault(name, []).append(flat if len(flat) <= share else random.choice(flat, share))
    return {name: np.concatenate(parts) for name, parts in found.items()}
