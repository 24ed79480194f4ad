"""What a page explores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

from vaeedit.ui.edit.pictures import Pictures
from vaeedit.ui.explore.scene import MOST, Choice, Move, Opened, Scene
from vaeedit.ui.sittings import Sitting

PART = "explore"


@dataclass
class Exploring:
    """The VAE, the pictures and the move of a sitting."""

    choices: Sequence[Choice] = ()
    """The VAEs that may be chosen; none until the tab is opened."""
    choice: Choice | None = None
    draws: bool = False
    """Whether pictures are drawn by the VAE, if it can."""
    pictures: Pictures = field(default_factory=Pictures)
    """What is explored otherwise: at most `MOST`."""
    known: Opened | None = None
    """What is known of the scene."""
    compare: bool = False
    """Whether the picture itself is beside."""
    move: Move = field(default_factory=Move)
    version: int = 0
    """Increases with every change of what is seen."""
    changed: Condition = field(default_factory=Condition)

    @property
    def scene(self) -> Scene | None:
        """What a VAE encodes; None where there is nothing to encode."""
        if self.choice is None or not (self.pictures.by_id or self.draws):
            return None
        paths = [] if self.draws else [str(picture.path) for picture in self.pictures.by_id.values()]
        return Scene(self.choice.vae, tuple(paths[:MOST]))

    @property
    def names(self) -> list[str]:
        """The names of the pictures; none for draws."""
        return [] if self.draws else [picture.path.stem for picture in self.pictures.by_id.values()]

    def show(self, move: Move) -> None:
        """Take a move."""
        with self.changed:
            self.move = move
            self.version += 1
            self.changed.notify_all()

    def rests(self, version: int, seconds: float) -> bool:
        """Whether this version is still the one that is seen after so many seconds; returns at once where it is not."""
        with self.changed:
            return not self.changed.wait_for(lambda: self.version != version, seconds)


def exploring(sitting: Sitting) -> Exploring:
    """What a sitting explores."""
    found: Exploring = sitting.part(PART, Exploring)
    return found


def value_of(sitting: Sitting, width: int, height: int) -> dict[str, Any]:
    """The viewer's value for a picture of this size."""
    state = exploring(sitting)
    is_compared = state.compare and bool(state.names) and not state.move.samples
    return {
        "key": sitting.key,
        "picture": f"{state.choice and state.choice.vae} {state.names}",
        "name": state.known.name if state.known else "",
        "version": state.version,
        "width": width,
        "height": height,
        "maps": [],
        "layers": ["before", "after"] if is_compared else ["after"],
        "state": "preview",
        "message": "",
    }
