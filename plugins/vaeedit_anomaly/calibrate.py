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
from vaeedit_anomaly.sizes import Preparation, prepared
from vaeedit_anomaly.survey import Survey, readable

SAMPLE = 2_000_000
"""Pixels of a map that its tail is made of."""

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
    """Two halves of the held-out images calibrate each other's maps; their scores together calibrate the score.

    So no image's score is measured with its own pixels (cross-fitting).
    """
    halves = [found.held_out[::2], found.held_out[1::2]]
    share = SAMPLE // max(len(found.held_out), 1)
    values = [_values(see, half, share) for half in halves]
    tails = [{name: Tail.of(pixels) for name, pixels in part.items()} for part in values]
    scores, peaks = [], []
    for half, other in zip(halves, reversed(tails), strict=True):
        for maps in _evidence(see, half):
            surprise = fused(maps, other)
            scores.append(image_score(surprise))
            peaks.append(float(surprise.max()))
    return Calibration(
        preparation=found.preparation,
        areas=found.areas,
        maps={name: Tail.of(np.concatenate([part[name] for part in values])) for name in values[0]},
        scores=Tail.of(np.array(scores)),
        peaks=Tail.of(np.array(peaks)),
        held_out=len(scores),
        false_alarms=false_alarms,
    )


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
