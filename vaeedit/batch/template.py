"""Templates of output names: -o 'edited/{stem}_{operation}{ext}'. Braces of a name are written twice: {{ and }}."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from vaeedit.errors import UsageError

FIELDS = {
    "stem": "the name of the input without its extension",
    "name": "the name with it",
    "ext": "the extension of the result, with its dot",
    "folder": "the folder of the input",
    "operation": "the name of the operation; edited, for several",
    "index": "the number of the input, from 1; {index:04} fills it up with zeros",
}
"""What each field stands for."""
_WIDTH = re.compile(r"0?\d")


def is_template(output: str) -> bool:
    """Whether an output has fields; raises UsageError for an unknown field and for single braces."""
    return any(field is not None for _, field in _parts(output))


def literal(output: str) -> str:
    """An output without fields, with single braces for double ones; raises UsageError."""
    return "".join(text for text, _ in _parts(output))


def fixed_folder(output: str) -> str | None:
    """The folders before the first field of a template; None if there are none."""
    text = next(text for text, field in _parts(output) if field is not None)
    return text.rpartition("/")[0] or None


def filled(output: str, path: Path, ext: str, operation: str, index: int) -> Path:
    """The output of a template for the input at `path`, the `index`-th one."""
    values = {"stem": path.stem, "name": path.name, "ext": ext, "folder": path.parent}
    return Path(output.format(**values, operation=operation, index=index))


def _parts(output: str) -> Iterator[tuple[str, str | None]]:
    """Pairs of text and the field that follows it; text between double braces comes in several pairs."""
    try:
        parts = list(Formatter().parse(output))
    except ValueError:
        raise UsageError(
            f"-o {output} has a single brace; write {{{{ and }}}} for braces of a name."
        ) from None
    for text, field, width, conversion in parts:
        known = (
            field in FIELDS
            and not conversion
            and (not width or (field == "index" and _WIDTH.fullmatch(width)))
        )
        if field is not None and not known:
            wrong = f"{field}{f'!{conversion}' if conversion else ''}{f':{width}' if width else ''}"
            raise UsageError(
                f"-o {output} has the unknown field {{{wrong}}}; there are {', '.join(f'{{{name}}}' for name in FIELDS)}. "
                "Write {{ and }} for braces of a name."
            )
        yield text, field
