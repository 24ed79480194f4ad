"""Metrics of scored test images, with intervals: of one model, or of two on the same images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vaeedit.api import ImageError
from vaeedit_anomaly.metrics import Array, Counts, Sparse, coarse, measures, sparse
from vaeedit_anomaly.resampling import Bounds, Flags, Measure, Numbers, bootstrapped, enough, share_bounds
from vaeedit_anomaly.scoring import PIXELS, Row, Scored, Scorer
from vaeedit_anomaly.trees import GOOD, Labeled, Tree

ALL = "all"
"""The row of all kinds of defects together."""
ALARMS = "alarms"
"""The share of the images that the model calls abnormal."""


@dataclass(frozen=True)
class Outcome:
    """What is kept of a test image: its score, and the bins of its pixels' scores; None for a defect without a mask."""

    one: Labeled
    scored: Scored
    pixels: Sparse | None

    @property
    def image(self) -> Sparse:
        """The bin of its score."""
        return sparse(np.array([self.scored.score]), np.array([self.one.defective]))


def outcomes(tree: Tree, score: Scorer, progress: Callable[[str], None] = lambda text: None) -> list[Outcome]:
    """The test images of a data set, scored.

    Raises ImageError for an image that cannot be scored: metrics of the others would belong to another data set.
    """
    found = []
    for number, one in enumerate(tree.tests, start=1):
        scored, result = score(one.path)
        if result is None:
            raise ImageError(str(scored.error))
        scores = result.maps[PIXELS]
        truth = one.truth(scores.height, scores.width)
        pixels = None if truth is None else sparse(scores.pixels[..., 0], truth)
        named = replace(scored, name=f"{one.path.parent.name}/{one.path.name}", label=one.defective)
        found.append(Outcome(one, named, pixels))
        progress(f"{number} of {len(tree.tests)}: {one.kind}/{one.path.name} {scored.score:.3f}")
    return found


def evaluate(models: Sequence[Sequence[Outcome]], groups: Numbers, twins: Flags) -> list[Row]:
    """A row of metrics for each kind of defect, for all kinds together, and for the normal test images.

    `models` are the images as scored by one model, and by the one that it is compared with if there is one. `groups` has the
    number of the group of each image, and `twins` is true where training images belong to it; both (images,).
    """
    kinds = np.array([one.one.kind for one in models[0]])
    normal = kinds == GOOD
    chosen = {kind: kinds == kind for kind in sorted({*kinds[~normal]})} | {ALL: ~normal, GOOD: normal}
    rows = []
    for kind, own in chosen.items():
        images = np.flatnonzero(own | normal).tolist()
        parts = [Part([model[index] for index in images], own[images]) for model in models]
        seen = {"twins_in_training": int(twins[own].sum())} if twins.any() else {}
        rows.append({"kind": str(kind), **_row(parts, groups[images]), **seen})
    return rows


class Part:
    """The images of one row, as scored by one model, and which of them are its own; the others are normal."""

    def __init__(self, images: Sequence[Outcome], own: Flags) -> None:
        self.images, self.own = images, own
        self.defective = np.array([one.one.defective for one in images])
        self.alarms = np.array([one.scored.anomalous for one in images])
        self.masked = np.array([one.pixels is not None for one in images])
        self.used = {"image": np.ones_like(self.masked), "pixel": self.masked}
        pixels = [one.pixels for one in images if one.pixels is not None]
        self.bins = {"image": [one.image for one in images], "pixel": pixels}

    def figures(self) -> dict[str, float]:
        """The metrics by name; those that are not defined are left out."""
        figures: dict[str, float] = {}
        for level, parts in self.bins.items():
            counts = Counts()
            for part in parts:
                counts.gather(part)
            figures |= {_name(level, name): value for name, value in counts.figures().items()}
        return figures | {ALARMS: float(self.alarms[self.own].mean())}

    def measure(self, names: Sequence[str]) -> Measure:
        """The metrics with these names as a function of the weights of the images."""
        tables = {level: coarse(self.bins[level]) for level in {_level(name) for name in names}}

        def measured(weights: Array) -> Array:
            own = weights[:, self.own]
            with np.errstate(invalid="ignore"):
                found = {ALARMS: own @ self.alarms[self.own] / own.sum(1)}
            for level, table in tables.items():
                metrics = measures(*(weights[:, self.used[level]] @ counts for counts in table))
                found |= {_name(level, metric): values for metric, values in metrics.items()}
            return np.stack([found[name] for name in names])

        return measured


def _row(parts: Sequence[Part], groups: Numbers) -> Row:
    """Figures of the first part with their intervals and, beside those of a second one, their differences."""
    first, figures = parts[0], [part.figures() for part in parts]
    resampled = _resampled(parts, groups, list(figures[0]))
    row: Row = {"images": int(first.own.sum()), "groups": len(np.unique(groups[first.own]))}
    for name, value in figures[0].items():
        row[name] = round(value, 4)
        row |= {f"{name}_interval": resampled[name]["interval"]} if name in resampled else {}
    row[f"{ALARMS}_interval"] = _rounded(share_bounds(first.alarms[first.own], groups[first.own]))
    if missing := int((~first.masked).sum()):
        row["without_mask"] = missing
    seconds = [one.scored.seconds for one, own in zip(first.images, first.own, strict=True) if own]
    row["seconds_per_image"] = round(float(np.median(seconds)), 4)
    if len(parts) > 1:
        row["differences"] = {
            name: {
                "value": round(value, 4),
                "difference": round(figures[0][name] - value, 4),
                **resampled.get(name, {}).get("difference", {}),
            }
            for name, value in figures[1].items()
        }
    return row


def _resampled(parts: Sequence[Part], groups: Numbers, names: Sequence[str]) -> dict[str, Row]:
    """The interval of each figure and of its difference; of too few groups, and of F1-max, there is none.

    F1-max is the largest of many values, which is larger in resamples than in what they are drawn from.
    """
    first = parts[0]
    known = {name: first.used[_level(name)] for name in names}
    names = [
        name
        for name in names
        if not name.endswith("f1_max") and enough(groups[known[name]], first.defective[known[name]])
    ]
    if not names:
        return {}
    functions = [part.measure(names) for part in parts]

    def measure(weights: Array) -> Array:
        figures = [function(weights) for function in functions]
        return np.concatenate([figures[0], *(figures[0] - other for other in figures[1:])])

    bounds, drawn = bootstrapped(measure, groups, first.defective)
    rows: dict[str, Row] = {name: {"interval": _rounded(bounds[k])} for k, name in enumerate(names)}
    for k, name in enumerate(names if len(parts) > 1 else (), start=len(names)):
        above = round(float((drawn[k] > 0).mean()), 4)
        rows[name]["difference"] = {"interval": _rounded(bounds[k]), "above_zero": above}
    return rows


def _level(name: str) -> str:
    """What a figure is of: images or pixels."""
    return "pixel" if name == "aupro" or name.startswith("pixel") else "image"


def _name(level: str, metric: str) -> str:
    return metric if (level, metric) == ("pixel", "aupro") else f"{level}_{metric}"


def _rounded(bounds: Bounds | None) -> list[float] | None:
    return None if bounds is None else [round(bound, 4) for bound in bounds]
