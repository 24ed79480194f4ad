"""Charts of scores for reports, as SVG."""

import html
from collections.abc import Sequence

import numpy as np

from vaeedit_anomaly.scoring import Scored, roc

WIDTH, HEIGHT = 520, 240
"""Size of a chart in pixels."""


def charts(images: Sequence[Scored]) -> str:
    """The histogram of scores, at least one, and the ROC curve if labels are known: HTML."""
    return f"<div class='charts'>{_histogram(images)}{_curve(images)}</div>"


def _histogram(images: Sequence[Scored]) -> str:
    """A histogram of scores, of normal and abnormal images (by label, if labels are known), with a line at the threshold."""
    scores = np.array([image.score for image in images])
    threshold = images[0].threshold
    top = max(float(scores.max()), threshold) * 1.02 + 1e-9
    edges = np.linspace(min(float(scores.min()), threshold) * 0.98, top, 31)
    red = np.array([image.anomalous if image.label is None else image.label for image in images])
    counts = [np.histogram(scores[red == wanted], edges)[0] for wanted in (False, True)]
    unit, step = (HEIGHT - 40) / max(int(np.sum(counts, 0).max()), 1), WIDTH / 30
    bars = []
    for k, (low, high) in enumerate(zip(*counts, strict=True)):
        for count, below, color in ((low, 0, "#4a8"), (high, low, "#c43")):
            y = HEIGHT - 20 - unit * (below + count)
            bars.append(
                f"<rect x='{k * step:.1f}' y='{y:.1f}' width='{step - 1:.1f}' height='{unit * count:.1f}' fill='{color}'/>"
            )
    x = (threshold - edges[0]) / (edges[-1] - edges[0]) * WIDTH
    line = f"<line x1='{x:.1f}' x2='{x:.1f}' y1='0' y2='{HEIGHT - 20}' stroke='#222' stroke-dasharray='4'/>"
    ends = f"<text x='0' y='{HEIGHT - 4}'>{edges[0]:.2f}</text>"
    ends += f"<text x='{WIDTH}' y='{HEIGHT - 4}' text-anchor='end'>{edges[-1]:.2f}</text>"
    colors = "normal green, abnormal red" + (" (by label)" if images[0].label is not None else "")
    return _chart(
        "".join(bars) + line + ends, f"Scores ({colors}); the line is the threshold, {threshold:.3f}"
    )


def _curve(images: Sequence[Scored]) -> str:
    """The ROC curve, if labels are known."""
    known = roc(images)
    if known is None:
        return ""
    area, points = known
    scaled = " ".join(f"{x * WIDTH:.1f},{(1 - y) * (HEIGHT - 20):.1f}" for x, y in points)
    frame = f"<rect width='{WIDTH}' height='{HEIGHT - 20}' fill='none' stroke='#ccc'/>"
    line = f"<polyline points='{scaled}' fill='none' stroke='#c43' stroke-width='2'/>"
    return _chart(frame + line, f"True alarms over false alarms, by the folders' labels; area {area:.3f}")


def _chart(content: str, caption: str) -> str:
    size = f"viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}'"
    return f"<figure><svg {size} role='img'>{content}</svg><figcaption>{html.escape(caption)}</figcaption></figure>"
