"""Scores images with the operation `anomaly`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vaeedit.api import ImageError, Pipeline, Result, Session, Step
from vaeedit_anomaly.metrics import counted, curve
from vaeedit_anomaly.params import asked_of

Row = dict[str, Any]
OPERATION = "anomaly"
PIXELS = "scores"
"""The operation's map with the scores of all pixels."""


@dataclass(frozen=True)
class Scored:
    """The score of one image; `error` says why there is none."""

    path: Path
    name: str
    score: float = 0.0
    p_value: float = 1.0
    anomalous: bool = False
    threshold: float = 0.0
    false_alarms: float = 0.0
    """Share of normal images that may exceed the threshold."""
    seconds: float = 0.0
    error: str | None = None
    label: bool | None = None
    """True if the image is known to be abnormal, False if normal, None if unknown."""
    preview: str | None = None
    """File of its preview for the report."""

    @classmethod
    def of(cls, path: Path, name: str, notes: Mapping[str, Any], label: bool | None = None) -> "Scored":
        """The score in the notes of a pipeline with one step `anomaly`."""
        names = ("score", "p_value", "anomalous", "threshold", "false_alarms", "seconds")
        figures = {name: notes[OPERATION][name] for name in names}
        return cls(path, name, label=label, **figures)

    def verdict(self) -> str:
        """One line for people, of an image that has a score."""
        word = "ABNORMAL" if self.anomalous else "normal"
        return f"{self.path}  {word}  score {self.score:.3f}, p {self.p_value:.2g}"

    def row(self) -> Row:
        """The row of a table: plain values by name."""
        if self.error is not None:
            return {"file": str(self.path), "error": self.error}
        figures = {"score": self.score, "p_value": self.p_value, "anomalous": self.anomalous}
        known = {} if self.label is None else {"label": "abnormal" if self.label else "normal"}
        return {"file": str(self.path), **figures, **known, "seconds": self.seconds}


@dataclass
class Scorer:
    """Scores files with one VAE."""

    session: Session
    vae: str
    false_alarms: float | None = None
    maps: tuple[str, ...] = ()
    fast: bool = False
    _pipeline: Pipeline = field(init=False)

    def __post_init__(self) -> None:
        options = asked_of(self.false_alarms, fast=self.fast)
        self._pipeline = Pipeline(Step(OPERATION, vae=self.vae, maps=self.maps, **options))

    def __call__(self, path: Path) -> tuple[Scored, Result | None]:
        """The score of a file and the operation's result; a file that cannot be scored has an error and no result."""
        try:
            result = self.session.run(self._pipeline, path)
        except ImageError as error:
            text = str(error)
            named = text if str(path) in text else f"{path}: {text}"
            return Scored(path, path.name, error=named), None
        if result.pages:
            several = f"{path} holds {len(result.pages)} pictures; split it first, one picture a file."
            return Scored(path, path.name, error=several), None
        return Scored.of(path, path.name, result.notes), result


def roc(images: Sequence[Scored]) -> tuple[float, list[tuple[float, float]]] | None:
    """AUROC and points of the ROC curve, or None if images of both labels are not known."""
    known = [one for one in images if one.error is None and one.label is not None]
    counts = counted(np.array([one.score for one in known]), np.array([bool(one.label) for one in known]))
    figures = counts.figures()
    if "auroc" not in figures:
        return None
    return figures["auroc"], [(float(x), float(y)) for x, y in zip(*curve(counts), strict=True)]
