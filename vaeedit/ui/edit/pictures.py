"""The pictures of a sitting: copies of what was uploaded, and which of them is shown."""

import secrets
import shutil
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from vaeedit.errors import UsageError
from vaeedit.ui.sittings import Sitting

PART = "pictures"
MOST = 200
"""Most pictures of one sitting."""


@dataclass(frozen=True)
class Picture:
    """One picture of a sitting."""

    id: str
    """Unguessable."""
    path: Path
    """A copy below the sitting's folder, with the name that the user gave it."""
    width: int
    height: int
    thumbnail: Path
    """A small PNG beside it."""
    warnings: tuple[str, ...] = ()
    """What was found when it was read."""


@dataclass
class Pictures:
    """The pictures of a sitting, in the order in which they came."""

    by_id: dict[str, Picture] = field(default_factory=dict)
    shown: str = ""
    """Id of the one in the viewer."""

    @property
    def current(self) -> Picture | None:
        """The picture in the viewer."""
        return self.by_id.get(self.shown)

    def add(self, picture: Picture) -> None:
        """Add a picture, and show it; raises UsageError where there are too many."""
        if len(self.by_id) >= MOST:
            raise UsageError(f"A page holds at most {MOST} pictures; use a batch for more.")
        self.by_id[picture.id] = picture
        self.shown = picture.id

    def remove_shown(self) -> Picture | None:
        """Forget the picture in the viewer and return it; the one beside it is shown."""
        ids = list(self.by_id)
        if self.shown not in ids:
            return None
        at = ids.index(self.shown)
        removed = self.by_id.pop(self.shown)
        rest = list(self.by_id)
        self.shown = rest[min(at, len(rest) - 1)] if rest else ""
        return removed


def pictures_of(sitting: Sitting) -> Pictures:
    """The pictures of a sitting."""
    found: Pictures = sitting.part(PART, Pictures)
    return found


def kept(sitting: Sitting, upload: Path) -> Path:
    """A copy of an uploaded file in a folder of its own below the sitting's folder."""
    target = sitting.new_folder() / upload.name
    shutil.copyfile(upload, target)
    return target


def new_id() -> str:
    """An unguessable id."""
    return secrets.token_urlsafe(8)


def samples() -> dict[str, Path]:
    """Pictures that ship with the page, by name."""
    folder = Path(str(files("vaeedit.ui") / "samples"))
    return {path.stem: path for path in sorted(folder.glob("*.jpg"))}
