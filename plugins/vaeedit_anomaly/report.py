"""Reports: self-contained HTML pages. The one of `score` shows the scored images, worst first."""

import base64
import html
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from vaeedit.api import plain, read, write_whole
from vaeedit_anomaly.charts import charts
from vaeedit_anomaly.scoring import Row, Scored

PREVIEW = "preview"
"""The operation's map in the page."""
SHOWN = 300
"""Number of images with thumbnails; the others are in a table."""
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1260px; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.charts { display: flex; flex-wrap: wrap; gap: 2rem; } figure { margin: 0; } figcaption { color: #555; }
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(470px, 1fr)); gap: 1rem; }
.image { border: 1px solid #ccc; border-left: 6px solid #4a8; border-radius: 6px; padding: .6rem; }
.image.abnormal { border-left-color: #c43; } .image img { max-width: 48%; vertical-align: top; }
.image p { margin: 0 0 .4rem; overflow-wrap: anywhere; } .abnormal strong { color: #b32; }
.wide { overflow-x: auto; font-size: .8rem; } table { border-collapse: collapse; }
td, th { padding: .1rem .6rem .1rem 0; text-align: left; white-space: nowrap; }
svg text { font: 12px system-ui, sans-serif; fill: #555; }
"""


def write_report(images: Sequence[Scored], path: Path, vae: str) -> None:
    """Write the page of scored images and their previews; raises ImageError if it cannot be written."""
    scored = sorted((image for image in images if image.error is None), key=lambda image: -image.score)
    failed = [image for image in images if image.error is not None]
    abnormal = sum(image.anomalous for image in scored)
    write_page(path, f"{abnormal} of {len(scored)} images are abnormal", _body(scored, failed, vae))


def write_page(path: Path, title: str, body: Iterable[str]) -> None:
    """Write a page with a title (text) and a body (HTML); raises ImageError if it cannot be written."""
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><meta name='viewport' content='width=device-width'>"
    start = f"<!doctype html><html lang='en'><head>{head}<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
    write_whole(path, "\n".join([start, *body, "</body></html>"]).encode())


def escape(text: str) -> str:
    """Text from outside (names, messages), safe in the page."""
    return html.escape(plain(text))


def _body(scored: list[Scored], failed: list[Scored], vae: str) -> Iterator[str]:
    yield f"<p>Model: {escape(vae)}. p is the share of normal images with at least the same score.</p>"
    if scored:
        yield charts(scored)
    if failed:
        yield "<h2>Without a score</h2><ul>"
        yield from (f"<li>{escape(str(image.error))}</li>" for image in failed)
        yield "</ul>"
    yield from cards("Worst first", scored[:SHOWN])
    if len(scored) > SHOWN:
        yield "<h2>The others</h2>"
        yield table(
            [
                {"image": image.name, "score": f"{image.score:.3f}", "p": f"{image.p_value:.2g}"}
                for image in scored[SHOWN:]
            ]
        )


def table(rows: Sequence[Row]) -> str:
    """A table of rows, with the names of their values as headings; a value that a row lacks is left empty."""
    names = dict.fromkeys(name for row in rows for name in row)
    lines = ["".join(f"<th>{escape(name)}</th>" for name in names)]
    lines += ["".join(f"<td>{escape(str(row.get(name, '')))}</td>" for name in names) for row in rows]
    return "<div class='wide'><table><tr>" + "</tr><tr>".join(lines) + "</tr></table></div>"


def cards(heading: str, images: Iterable[Scored]) -> Iterator[str]:
    """A heading, and a card for each image."""
    yield f"<h2>{escape(heading)}</h2><div class='images'>"
    yield from map(_card, images)
    yield "</div>"


def _card(image: Scored) -> str:
    """A card: verdict, the image and its overlay."""
    label = "" if image.label is None else f", labeled {'abnormal' if image.label else 'normal'}"
    verdict = "<strong>abnormal</strong>" if image.anomalous else "normal"
    text = f"<p>{escape(image.name)}<br>{verdict}{label}: score {image.score:.3f}, p {image.p_value:.2g}</p>"
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
