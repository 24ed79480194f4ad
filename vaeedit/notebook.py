"""HTML with which objects display themselves in a notebook: without scripts, and with nothing from elsewhere.

Text and background keep the colors of the notebook, light or dark. Every text is escaped, and a display has a bounded size:
pictures share `PICTURES` bytes, and a table ends at `TABLE` bytes.
"""

import base64
from collections.abc import Sequence

from vaeedit.plain import in_html

PICTURES = 600_000
"""Most bytes of all PNGs of one display; as text in HTML they take a third more."""
TABLE = 80_000
"""Most bytes of a table; a line says how many rows are left out."""
LONGEST = 300
"""Most characters of a text."""
_LINE = "1px solid rgba(128,128,128,.5)"
_PLACE = "text-align:left;vertical-align:top;padding:.2em .8em .2em 0"
_CHECKS = "repeating-conic-gradient(#999 0 25%,#bbb 0 50%) 0 0/16px 16px"
"""Squares of two grays, behind what is transparent."""


def block(title: str, about: str, *parts: str) -> str:
    """HTML under a title in bold and the text after it; `parts` are HTML, too."""
    head = f"<b>{_text(title)}</b> {_text(about)}"
    return f'<div style="margin:0 0 .8em"><div style="margin:0 0 .4em">{head}</div>{"".join(parts)}</div>'


def picture(png: bytes, title: str, width: int, *, checks: bool = False) -> str:
    """A picture under its title, `width` pixels wide where there is room; with `checks`, a pattern is behind it."""
    style = f"box-sizing:border-box;border:{_LINE};max-width:100%;height:auto;margin:0"
    style += f";background:{_CHECKS}" if checks else ""
    data = base64.b64encode(png).decode()
    return (
        '<figure style="display:inline-block;vertical-align:bottom;max-width:100%;margin:0 12px 8px 0">'
        f'<figcaption style="max-width:{max(width, 320)}px">{_text(title)}</figcaption>'
        f'<img alt="{_text(title)}" width="{width}" style="{style}" src="data:image/png;base64,{data}"></figure>'
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str | Sequence[str]]]) -> str:
    """A table of texts, without the columns that are empty in every row; a cell that is a sequence has a line for each."""
    used = [index for index in range(len(head)) if any(row[index] for row in rows)]
    lines, size = [], 0
    for number, row in enumerate(rows):
        lines.append(f"<tr>{''.join(_cell(row[index]) for index in used)}</tr>")
        size += len(lines[-1].encode())
        if size > TABLE:
            left = f"{len(rows) - number} of {len(rows)} rows are left out"
            lines[-1] = f'<tr><td colspan="{len(used)}">{left}</td></tr>'
            break
    titles = "".join(f'<th scope="col" style="{_PLACE}">{_text(head[index])}</th>' for index in used)
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:0">'
        f"<thead><tr>{titles}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _cell(value: str | Sequence[str]) -> str:
    lines = [value] if isinstance(value, str) else value
    return f'<td style="{_PLACE};border-top:{_LINE}">{"<br>".join(map(_text, lines))}</td>'


def _text(text: str) -> str:
    return in_html(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
