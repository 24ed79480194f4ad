"""Results as files to download: one picture in any format, or all of them in a zip."""

import asyncio
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vaeedit.errors import UsageError
from vaeedit.image.files import written_name
from vaeedit.settings import Policy
from vaeedit.ui.context import Context
from vaeedit.ui.edit.pictures import Picture
from vaeedit.ui.edit.results import made_of
from vaeedit.ui.edit.state import document_of
from vaeedit.ui.engine.whole import encode
from vaeedit.ui.sittings import Sitting

Saved = tuple[Path, list[str]]
"""A file to download, and warnings about what it could not hold."""


@dataclass(frozen=True)
class Form:
    """What is written of a result, and how."""

    map_name: str | None = None
    """A map instead of the result."""
    ending: str | None = None
    """The ending of its format; None takes that of the picture or, for a map, .png."""
    policy: Policy = "keep"
    """How much of the metadata is kept."""


async def saved_as(context: Context, sitting: Sitting, pictures: Sequence[Picture], form: Form) -> Saved:
    """The result of the first picture as a file; raises VaeeditError, also where there is no result yet."""
    picture = pictures[0]
    if (made := made_of(sitting, picture)) is None:
        raise UsageError(f"{picture.path.name} has no whole result yet; make it first.")
    target = sitting.new_folder() / name_of(sitting, picture, form)
    how = (form.policy, None, form.map_name)
    ticket = context.desk.submit(sitting.key, encode, made.folder, target, *how, lane="preview")
    warnings = await asyncio.wrap_future(ticket.future)
    return target, [f"{target.name}: {text}" for text in warnings]


async def zipped(context: Context, sitting: Sitting, pictures: Sequence[Picture], form: Form) -> Saved:
    """The results of all pictures in one zip, where equal names get numbers."""
    target, warnings, names = sitting.new_folder() / "vaeedit.zip", list[str](), set[str]()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for picture in pictures:
            path, said = await saved_as(context, sitting, [picture], form)
            archive.write(path, _unused(path.name, names))
            path.unlink()
            warnings += said
    return target, warnings


def name_of(sitting: Sitting, picture: Picture, form: Form) -> str:
    """The name of a result: that of the picture, what was done, and the ending, as on the command line."""
    steps = document_of(sitting).steps
    label = steps[0].operation.rpartition(":")[2] if len(steps) == 1 else "edited"
    own = ".png" if form.map_name else written_name(picture.path).suffix
    mapped = f".{form.map_name}" if form.map_name else ""
    return f"{picture.path.stem}.{label}{mapped}{form.ending or own}"


def _unused(name: str, names: set[str]) -> str:
    """The name, with a number where it is taken; the set learns it."""
    path, number, found = Path(name), 1, name
    while found in names:
        number += 1
        found = f"{path.stem}-{number}{path.suffix}"
    names.add(found)
    return found
