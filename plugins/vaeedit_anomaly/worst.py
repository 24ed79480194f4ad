"""The images that a model is most wrong about: defective ones that score low, and normal ones that score high."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from vaeedit.api import Frame, write
from vaeedit_anomaly.measured import Outcome
from vaeedit_anomaly.report import PREVIEW
from vaeedit_anomaly.scoring import Row, Scored, Scorer
from vaeedit_anomaly.trees import Labeled

MOST = 10
"""Number of images of each sort."""
LABEL = (0, 190, 255)
"""Color (RGB) of the outline of a labeled defect."""


def worst(images: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The defective images with the lowest scores (`misses`), the normal ones with the highest (`false_alarms`)."""
    ranked = sorted(images, key=lambda image: image.scored.score)
    misses = [image for image in ranked if image.one.defective]
    false_alarms = [image for image in reversed(ranked) if not image.one.defective]
    return {"misses": misses[:MOST], "false_alarms": false_alarms[:MOST]}


def named(image: Outcome) -> Row:
    """The row of such an image: plain values by name."""
    scored = image.scored
    figures = {"score": scored.score, "p_value": scored.p_value, "anomalous": scored.anomalous}
    return {"file": str(scored.path), "name": scored.name, **figures}


def with_preview(image: Outcome, score: Scorer, folder: Path) -> Scored:
    """The scored image with a preview in the folder, where the labeled defect is outlined; `score` makes previews."""
    _, result = score(image.one.path)
    assert result is not None, "it was scored before"
    file = folder / f"{image.one.kind}-{image.one.path.name}.png"
    write(_outlined(result.maps[PREVIEW], image.one), file)
    return replace(image.scored, preview=str(file))


def _outlined(preview: Frame, one: Labeled) -> Frame:
    """A preview whose left half shows where the label says that the defect is."""
    pixels = np.ascontiguousarray(preview.pixels)
    truth = one.truth(preview.height, preview.width // 2)
    if truth is None or not truth.any():
        return preview
    outlines, _ = cv2.findContours(truth.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(pixels, outlines, -1, LABEL, 1)
    return replace(preview, pixels=pixels)
