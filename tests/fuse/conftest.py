"""Pictures to fuse, and a way to fuse them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import vaeedit
from vaeedit import Frame, Result, Session, Step


@pytest.fixture(scope="session")
def session():
    with Session(device="cpu", precision="float32") as opened:
        yield opened


@pytest.fixture
def fuse(session: Session, tmp_path: Path) -> Callable[..., Result]:
    """Fuse a frame or array with others, which come from files; `mask` may be an array."""

    def go(first, *others, tile: int | None = None, mask=None, **options) -> Result:
        names = []
        for number, other in enumerate(others):
            names.append(str(tmp_path / f"{number}.png"))
            vaeedit.image.write(_frame(other), names[-1])
        if mask is not None:
            options["mask"] = str(tmp_path / "mask.png")
            vaeedit.image.write(_frame(mask.astype(np.uint8) * 255), options["mask"])
        step = Step("fuse", **{"with": names}, **options)
        return session.run(step, _frame(first), tile=tile)

    return go


def _frame(picture) -> Frame:
    if isinstance(picture, Frame):
        return picture
    return Frame(picture if picture.ndim == 3 else picture[..., None])
