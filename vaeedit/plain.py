"""Make untrusted text, such as a file name, safe to show: it cannot move a cursor, reorder text or forge lines.

Ordinary names stay as they are; unsafe characters are replaced by Python's escape sequences.
"""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters: line breaks and escape sequences begin with them
    "\u2028\u2029"  # line breaks of Unicode
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # the direction of writing
    "\ufff9-\ufffb"  # annotations
    "\ud800-\udfff]"  # bytes that are not UTF-8
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a cell that a spreadsheet would compute."""


def plain(text: str) -> str:
    """The text as one line that is safe on any terminal or page."""
    return _UNSAFE.sub(_escape, text)


def in_html(text: str) -> str:
    """The same inside of HTML, also in an attribute between quotes."""
    return html.escape(plain(text))


def plain_json(text: str) -> str:
    """A line of JSON that is safe on any terminal; it decodes to the same value."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def cell(value: Any) -> Any:
    """A value for a table: text is made safe and is never a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    return plain(f"'{value}" if value.startswith(_FORMULA) else value)


def table(rows: Sequence[Mapping[str, Any]], without: str = "") -> list[str]:
    """The lines of a markdown table of rows, without the column `without`; a value that a row lacks is left empty."""
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != without]
    cells = [[str(row.get(name, "")).replace("|", "\\|") for name in names] for row in rows]
    return ["| " + " | ".join(line) + " |" for line in (names, ["---"] * len(names), *cells)]


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # Python's placeholder for a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return ascii(match[0])[1:-1]
