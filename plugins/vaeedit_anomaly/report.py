"""The report: one self-contained HTML page of the scored images, worst first."""

import base64
import html
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vaeedit.api import plain, read, write_whole
from vaeedit_anomaly.scoring import Scored, roc

PREVIEW = "preview"
"""The operation's map in the page."""
SHOWN = 300
"""Number of images with thumbnails; the others are in a table."""
WIDTH, HEIGHT = 520, 240
"""Size of a chart in pixels."""
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.charts { display: flex; flex-wrap: wrap; gap: 2rem; } figure { margin: 0; } figcaption { color: #555; }
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(470px, 1fr)); gap: 1rem; }
.image { border: 1px solid #ccc; border-left: 6px solid #4a8; border-radius: 6px; padding: .6rem; }
.image.abnormal { border-left-color: #c43; } .image img { max-width: 48%; vertical-align: top; }
.image p { margin: 0 0 .4rem; overflow-wrap: anywhere; } .abnormal strong { color: #b32; }
table { border-collapse: collapse; } td, th { padding: .1rem .8rem .1rem 0; text-align: left; }
svg text { font: 12px system-ui, sans-serif; fill: #555; }
"""


def write_report(images: Sequence[Scored], path: Path, vae: str) -> None:
    """Write the page of scored images and their previews; raises ImageError if it cannot be written."""
    scored = sorted((image for image in images if image.error is None), key=lambda image: -image.score)
    failed = [image for image in images if image.error is not None]
    write_whole(path, "\n".join(_page(scored, failed, vae)).encode())


def _escape(text: str) -> str:
    """Text from outside (names, messages), safe in the page."""
    return html.escape(plain(text))


def _page(scored: list[Scored], failed: list[Scored], vae: str) -> Iterator[str]:
    abnormal = sum(image.anomalous for image in scored)
    yield "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Anomaly scores</title>"
    yield f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style></head><body>"
    yield f"<h1>{abnormal} of {len(scored)} images are abnormal</h1>"
    yield f"<p>Model: {_escape(vae)}. p is the share of normal images with at least the same score.</p>"
    if scored:
        yield f"<div class='charts'>{_histogram(scored)}{_curve(scored)}</div>"
    if failed:
        yield "<h2>Without a score</h2><ul>"
        yield from (f"<li>{_escape(str(image.error))}</li>" for image in failed)
        yield "</ul>"
    yield "<h2>Worst first</h2><div class='images'>"
    yield from map(_card, scored[:SHOWN])
    yield "</div>"
    if len(scored) > SHOWN:
        yield "<h2>The others</h2><table><tr><th>image</th><th>score</th><th>p</th></tr>"
        for image in scored[SHOWN:]:
            yield f"<tr><td>{_escape(image.name)}</td><td>{image.score:.3f}</td><td>{image.p_value:.2g}</td></tr>"
        yield "</table>"
    yield "</body></html>"


def _card(image: Scored) -> str:
    """A card: verdict, the image and its overlay."""
    label = "" if image.label is None else f", labeled {'abnormal' if image.label else 'normal'}"
    verdict = "<strong>abnormal</strong>" if image.anomalous else "normal"
    text = f"<p>{_escape(image.name)}<br>{verdict}{label}: score {image.score:.3f}, p {image.p_value:.2g}</p>"
    names = ("the image", "its abnormal places")
    pictures = "".join(
        f"<img alt='{name}' src='{_data(half)}'> "
        for name, half in zip(names, _halves(image.preview), strict=False)
    )
    return f"<div class='image{' abnormal' if image.anomalous else ''}'>{text}{pictures}</div>"


def _halves(preview: str | None) -> list[Image.Image]:
    """The two pictures of a preview, or nothing if there is no preview."""
    if preview is None:
        return []
    both = Image.fromarray(read(preview).as_uint8())
    middle = both.width // 2
    return [both.crop((left, 0, left + middle, both.height)) for left in (0, middle)]


def _data(picture: Image.Image) -> str:
    """The URL of a small picture inside the page."""
    stored = io.BytesIO()
    picture.save(stored, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(stored.getvalue()).decode()


def _histogram(images: list[Scored]) -> str:
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


def _curve(images: list[Scored]) -> str:
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
    return (
        f"<figure><svg {size} role='img'>{content}</svg><figcaption>{_escape(caption)}</figcaption></figure>"
    )
