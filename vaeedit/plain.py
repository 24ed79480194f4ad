"""Text of others, such as names of files, made harmless where it is shown: it cannot move a cursor, reorder or forge lines.

Ordinary names stay as they are; whatever is not harmless is written as the escape that Python has for it.
"""

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
"""How a cell begins that a spreadsheet computes."""


def plain(text: str) -> str:
    """The text as one line that any terminal or page can show."""
    return _UNSAFE.sub(_escape, text)


def plain_json(text: str) -> str:
    """One line of JSON as one that any terminal can show; it decodes to the same."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def cell(value: Any) -> Any:
    """A value for a table: text is plain and never a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    return plain(f"'{value}" if value.startswith(_FORMULA) else value)


def table(rows: Sequence[Mapping[str, Any]], without: str = "") -> list[str]:
    """Rows as the lines of a table in markdown, but one column; what a row has not is left empty."""
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != without]
    cells = [[str(row.get(name, "")).replace("|", "\\|") for name in names] for row in rows]
    return ["| " + " | ".join(line) + " |" for line in (names, ["---"] * len(names), *cells)]


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return ascii(found[0])[1:-1]
