"""Suspicious pictures among the normal ones: each is compared with models of the others, before anything is trained.

The model is the texture: its distances need no training, and show chips, stains and scratches. A picture's twin (the same
part, photographed again) may be among the others, and then hides what both have.
"""

import csv
import dataclasses
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch

from vaeedit.api import UsageError, cell, write_whole
from vaeedit_anomaly.calibration import image_score
from vaeedit_anomaly.jets import jets
from vaeedit_anomaly.layouts import Layout
from vaeedit_anomaly.learning import picture_of
from vaeedit_anomaly.places import Map
from vaeedit_anomaly.remember import SEEN
from vaeedit_anomaly.sizes import Preparation
from vaeedit_anomaly.survey import FEWEST, Survey, held_out_of, readable
from vaeedit_anomaly.texture import Texture

TOP = 0.002
"""Share of a picture's places whose mean distance is its score."""
FOLDS = 5
"""Models; each is of the pictures of all folds but one, with which those of that one are compared."""


class Suspect(msgspec.Struct, frozen=True):
    """A picture and how much it differs from the others."""

    file: str
    score: float
    """Mean of the largest distances from what the others are at the same places."""


def ranked(paths: Iterable[Path], how: Preparation, layout: Layout = "aligned") -> list[Suspect]:
    """The pictures that can be read, the most suspicious first; at least three."""
    files, described = list[str](), list[Map]()
    for path in paths:
        for frame in readable([path], {}):
            files.append(str(path))
            described.append(jets(picture_of(frame, how)))
    scores = [
        image_score(distance, TOP) for distance in cross_fitted(np.stack(described), how.channels, layout)
    ]
    found = [Suspect(file, round(score, 5)) for file, score in zip(files, scores, strict=True)]
    return sorted(found, key=lambda suspect: (-suspect.score, suspect.file))


@torch.inference_mode()
def cross_fitted(described: Map, channels: int, layout: Layout = "aligned") -> Map:
    """For the `jets` (N, GRID, GRID, channels) of pictures, distances (N, GRID, GRID) from models of pictures of other folds.

    There must be at least three pictures; `channels` are those of the pictures.
    """
    order = np.random.default_rng(0).permutation(len(described))
    fold_of = np.empty(len(described), np.int64)
    fold_of[order] = np.arange(len(described)) % min(FOLDS, len(described))
    found = np.empty(described.shape[:3], np.float32)
    for fold in range(int(fold_of.max()) + 1):
        others = [index for index in order if fold_of[index] != fold]
        model = Texture(channels, layout=layout)
        model.fill(described[others[:SEEN]])
        found[fold_of == fold] = model.distances(described[fold_of == fold])
    return found


def without_worst(survey: Survey, suspects: Sequence[Suspect], share: float) -> Survey:
    """The survey without this share of its images, those that are most suspicious.

    Raises UsageError if too few remain.
    """
    left_out = {suspect.file for suspect in suspects[: round(share * len(suspects))]}
    kept = [path for path in (*survey.held_out, *survey.learned) if str(path) not in left_out]
    if len(kept) < FEWEST:
        raise UsageError(
            f"Without the most suspicious {share:.0%} there are {len(kept)} images; at least {FEWEST} are needed. "
            "Leave out fewer, or add normal images."
        )
    count = held_out_of(len(kept))
    return dataclasses.replace(survey, held_out=tuple(kept[:count]), learned=tuple(kept[count:]))


def write_suspects(suspects: Sequence[Suspect], share: float, path: Path) -> None:
    """Write the ranking as CSV: file, score, the share of pictures with at least this score, and whether it is left out.

    Raises ImageError if the file cannot be written.
    """
    count, text = len(suspects), io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["rank", "file", "score", "share", "left_out"])
    for rank, suspect in enumerate(suspects, 1):
        left_out = rank <= round(share * count)
        writer.writerow([rank, cell(suspect.file), suspect.score, round(rank / count, 4), left_out])
    write_whole(path, text.getvalue().encode("utf-8", "surrogateescape"))
