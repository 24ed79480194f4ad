"""What the page shows of a batch, as HTML. All names and sentences are escaped."""

import os
from collections.abc import Iterable
from datetime import timedelta
from html import escape

from vaeedit.batch.journal import Record
from vaeedit.plain import plain
from vaeedit.ui.batch.running import Running

ROWS = 10
"""Most results in the table."""


def safe(text: str) -> str:
    """Text for HTML."""
    return escape(plain(text))


def title(running: Running) -> str:
    """A line for the list of batches."""
    filling, request = running.filling, running.request
    of = f" of {running.total}" if running.total else ""
    return plain(
        f"{request.folder} to {request.output}: {filling.done + len(filling.failures)}{of}, {running.state}"
    )


def progress(running: Running) -> str:
    """A bar, and a sentence with counts, rate and time left; what the command line said, if it has refused."""
    filling = running.filling
    failed = sum(filling.failed.values())
    ended = filling.done + failed
    of = f" of {running.total}" if running.total else ""
    parts = [f"{ended}{of} pictures", f"{failed} failed"]
    if running.is_active or running.seconds is not None:
        parts.append(f"{running.rate:.2f} pictures a second")
    if running.state == "running" and running.rate > 0:
        left = max(0, running.total - ended) / running.rate
        parts.append(f"{timedelta(seconds=round(left))} left")
    if filling.damaged:
        parts.append(f"{filling.damaged} damaged lines in the journal")
    bar = f'<progress max="{max(running.total, ended, 1)}" value="{ended}" aria-label="Progress of the batch"></progress>'
    said = f"<pre>{safe_lines(running.said)}</pre>" if running.state in ("refused", "died") else ""
    return f'<div class="batch-progress"><b>{running.state.capitalize()}</b>{bar}<span>{", ".join(parts)}.</span></div>{said}'


def safe_lines(text: str) -> str:
    """Several lines for HTML."""
    return "\n".join(map(safe, text.splitlines()))


def results(running: Running) -> str:
    """A table of the newest results, the newest first."""
    newest = running.filling.latest(ROWS)
    if not newest:
        return "<p>No result yet.</p>"
    rows = [
        (
            record.input,
            record.output,
            f"{record.width} x {record.height}",
            f"{record.seconds:.2f}",
            "; ".join(record.warnings),
        )
        for record in newest
    ]
    return _table("Newest results", ("picture", "result", "pixels", "seconds", "warnings"), rows)


def failures(running: Running) -> str:
    """A table of the pictures that failed, each with its sentence."""
    failed = list(running.filling.failures.values())
    count = sum(running.filling.failed.values())
    if not failed:
        return ""
    more = f"; the first {len(failed)} of {count}" if count > len(failed) else ""
    return _table(f"Failed ({count}{more})", ("picture", "why"), [(one.input, one.error) for one in failed])


def thumbnails(running: Running) -> str:
    """Buttons with the small pictures of the newest results, the newest first."""
    buttons = [
        f'<button type="button" data-output="{safe(record.output)}" aria-label="Look at {safe(record.output)}">'
        f'<img src="{running.thumbnails[record.output]}" alt=""><span>{safe(os.path.basename(record.output))}</span></button>'
        for record in running.filling.latest()
        if record.output in running.thumbnails
    ]
    words = "<p>Press a picture to see it before and after.</p>"
    return f'{words}<div class="batch-thumbnails">{"".join(buttons)}</div>' if buttons else ""


def pair(record: Record, before: str, after: str) -> str:
    """A picture before and after, above each other, with a divider that the keyboard moves, too."""
    return (
        '<div class="batch-pair" style="--at: 50%">'
        f'<img src="{before}" alt="{safe(record.input)}, before">'
        f'<img class="after" src="{after}" alt="{safe(record.output)}, after"></div>'
        '<div class="batch-divider"><span>before</span>'
        '<input type="range" min="0" max="100" value="50" aria-label="Divider between before and after">'
        "<span>after</span></div>"
    )


def _table(caption: str, names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{safe(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
