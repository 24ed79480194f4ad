"""Fixtures for the tests of a plugin; `pytest_plugins = ["vaeedit.testing.fixtures"]` in `conftest.py` provides them."""

from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest

from vaeedit.extension.registry import GROUP, discover
from vaeedit.image import Frame
from vaeedit.run.session import Session
from vaeedit.testing import tiny
from vaeedit.testing.networks import frame_for


@pytest.fixture
def photo() -> Frame:
    """A picture of 37x51 pixels (height x width), RGB of 8 bits: a noisy gradient."""
    return frame_for(None, "odd")


@pytest.fixture(scope="session")
def session() -> Iterator[Session]:
    """A session on the CPU with all plugins that are installed; it knows `tiny_vae`, too."""
    with Session(plugins=discover([*entry_points(group=GROUP), tiny.POINT]), device="cpu") as made:
        yield made


@pytest.fixture(scope="session")
def tiny_vae() -> str:
    """The name of a VAE that runs in milliseconds, for `Step(..., vae=tiny_vae)` in a `session` of these fixtures.

    It takes pictures of any size, has two levels and no conditions, can be trained, and decodes exactly what it encoded.
    """
    return tiny.NAME
