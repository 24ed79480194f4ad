"""Scores images with the operation `anomaly`, and computes metrics of a data set from the scores."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vaeedit.api import Frame, ImageError, Pipeline, Result, Session, Step
from vaeedit_anomaly.metrics import Counts, counted, curve
from vaeedit_anomaly.trees import GOOD, Labeled, Tree

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
    seconds: float = 0.0
    error: str | None = None
    label: bool | None = None
    """True if the image is known to be abnormal, False if normal, None if unknown."""
    preview: str | None = None
    """File of its preview for the report."""

    @classmethod
    def of(cls, path: Path, name: str, notes: Mapping[str, Any], label: bool | None = None) -> "Scored":
        """The score in the notes of a pipeline with one step `anomaly`."""
        figures = {
            key: notes[OPERATION][key] for key in ("score", "p_value", "anomalous", "threshold", "seconds")
        }
        return cls(path, name, label=label, **figures)

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
    _pipeline: Pipeline = field(init=False)

    def __post_init__(self) -> None:
        options: Row = {} if self.false_alarms is None else {"false_alarms": self.false_alarms}
        self._pipeline = Pipeline(Step(OPERATION, vae=self.vae, maps=self.maps, **options))

    def __call__(self, path: Path) -> tuple[Scored, Result | None]:
        """The score of a file and the operation's result; a file that cannot be scored has an error and no result."""
        try:
            result = self.session.run(self._pipeline, path)
        except ImageError as error:
            text = str(error)
            named = text if str(path) in text else f"{path}: {text}"
            return Scored(path, path.name, error=named), None
        return Scored.of(path, path.name, result.notes), result


@dataclass
class Tally:
    """Counts of one kind of test images: scores of images, scores of pixels, and alarms."""

    images: Counts = field(default_factory=Counts)
    pixels: Counts = field(default_factory=Counts)
    count: int = 0
    alarms: int = 0
    without_mask: int = 0

    def add(self, one: Labeled, scored: Scored, scores: Frame) -> None:
        """Add an image; if a defect has no mask, only the image's score counts."""
        self.count += 1
        self.alarms += scored.anomalous
        self.images.add(np.array([scored.score]), np.array([one.defective]))
        truth = one.truth(scores.height, scores.width)
        if truth is None:
            self.without_mask += 1
        else:
            self.pixels.add(scores.pixels[..., 0], truth)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def with_normals(self, normals: "Tally") -> Row:
        """Metrics of this kind against the normal images, rounded to 4 digits."""
        images, pixels = (self.images + normals.images).figures(), (self.pixels + normals.pixels).figures()
        figures = {f"image_{name}": round(value, 4) for name, value in images.items()}
        for name, value in pixels.items():  # AUPRO is always of pixels
            figures[name if name == "aupro" else f"pixel_{name}"] = round(value, 4)
        missing = {"without_mask": self.without_mask} if self.without_mask else {}
        alarms = round(self.alarms / max(self.count, 1), 4)
        return {"images": self.count, **figures, "alarms": alarms, **missing}


def evaluate_tree(
    tree: Tree, score: Scorer, progress: Callable[[str], None] = lambda text: None
) -> Iterator[Row]:
    """A row of metrics for each kind of defect, for all kinds together, and for the normal test images.

    Raises ImageError for an image that cannot be scored: metrics of the others would belong to another data set.
    """
    tallies = {kind: Tally() for kind in (GOOD, *tree.kinds)}
    seconds = []
    for number, one in enumerate(tree.tests, start=1):
        scored, result = score(one.path)
        if result is None:
            raise ImageError(str(scored.error))
        seconds.append(scored.seconds)
        tallies[one.kind].add(one, scored, result.maps[PIXELS])
        progress(f"{number} of {len(tree.tests)}: {one.kind}/{one.path.name} {scored.score:.3f}")
    normals = tallies.pop(GOOD)
    everything = Tally()
    for kind, tally in tallies.items():
        yield {"kind": kind, **tally.with_normals(normals)}
        everything += tally
    yield {"kind": "all", **everything.with_normals(normals)}
    yield {
        "kind": GOOD,
        "images": normals.count,
        "alarms": round(normals.alarms / normals.count, 4),
        "seconds_per_image": round(float(np.median(seconds)), 4),
    }


def roc(images: list[Scored]) -> tuple[float, list[tuple[float, float]]] | None:
    """AUROC and points of the ROC curve, or None if images of both labels are not known."""
    known = [one for one in images if one.error is None and one.label is not None]
    counts = counted(np.array([one.score for one in known]), np.array([bool(one.label) for one in known]))
    figures = counts.figures()
    if "auroc" not in figures:
        return None
    return figures["auroc"], [(float(x), float(y)) for x, y in zip(*curve(counts), strict=True)]
