"""Whole results of a sitting: what was made of which picture by which steps."""

import shutil
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from vaeedit.ui.edit.pictures import Picture
from vaeedit.ui.edit.state import document_of
from vaeedit.ui.engine.whole import Whole
from vaeedit.ui.exports import as_yaml
from vaeedit.ui.sittings import Sitting

PART = "results"
MOST = 24
"""Most results that a sitting keeps; the oldest is removed first."""


@dataclass(frozen=True)
class Made:
    """A result in a folder of the sitting."""

    folder: Path
    whole: Whole


@dataclass
class Results:
    """Results by picture and steps, the newest last."""

    by_key: OrderedDict[tuple[str, str], Made] = field(default_factory=OrderedDict)

    def keep(self, key: tuple[str, str], made: Made) -> None:
        """Keep a result; the oldest one makes room."""
        self._drop(key)
        self.by_key[key] = made
        while len(self.by_key) > MOST:
            self._drop(next(iter(self.by_key)))

    def forget(self, picture: Picture) -> None:
        """Remove all results of a picture."""
        for key in [key for key in self.by_key if key[0] == picture.id]:
            self._drop(key)

    def _drop(self, key: tuple[str, str]) -> None:
        if (made := self.by_key.pop(key, None)) is not None:
            shutil.rmtree(made.folder, ignore_errors=True)


def results_of(sitting: Sitting) -> Results:
    """The results of a sitting."""
    found: Results = sitting.part(PART, Results)
    return found


def key_of(sitting: Sitting, picture: Picture) -> tuple[str, str]:
    """What tells a result from others: the picture, and the steps that are on with the seed."""
    return picture.id, as_yaml(document_of(sitting))


def made_of(sitting: Sitting, picture: Picture) -> Made | None:
    """The result of a picture by just the steps of now, if there is one."""
    return results_of(sitting).by_key.get(key_of(sitting, picture))
