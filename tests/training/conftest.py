"""Small photographs, a small recipe, and a clock that knows nothing of the machine."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from PIL import Image

from vaeedit.extension.registry import registry
from vaeedit.options import as_dict
from vaeedit.training.recipe import Recipe, load_recipe

TINY = {
    "widths": [16, 32],
    "blocks": [1, 1],
    "latents": [2, 2],
    "ladder_widths": [8, 8],
    "encoder_widths": [8, 8],
}


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twenty smooth random pictures, one that is too small and one that is damaged."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    for index in range(20):
        small = Image.fromarray(random.integers(0, 255, (6, 8, 3), dtype=np.uint8))
        small.resize((160, 136), Image.Resampling.BICUBIC).save(folder / f"{index:02}.png")
    Image.new("RGB", (8, 8)).save(folder / "small.png")
    (folder / "damaged.jpg").write_bytes(b"not a picture")
    return folder


@pytest.fixture(scope="session")
def recipe() -> Callable[..., Recipe]:
    """The recipe `denoise` of a tiny network, with changes."""

    def changed(**changes: object) -> Recipe:
        base = as_dict(load_recipe("denoise", registry()))
        base |= {
            "config": TINY,
            "data": {"patch": [32], "batch": 4},
            "optimizer": {"rate": 5e-3, "adam_rate": 3e-3, "warmup": 10},
            **changes,
        }
        return msgspec.convert(base, Recipe)

    return changed


@pytest.fixture
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step of training takes an eighth of a second."""
    pytest.importorskip("pytorch_lightning")
    from vaeedit.training import callbacks

    ticks = count()
    monkeypatch.setattr(callbacks, "time", SimpleNamespace(monotonic=lambda: next(ticks) / 8))
