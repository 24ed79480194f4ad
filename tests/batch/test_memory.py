"""The ladder of attempts when memory runs out; the session here fails until the tiles are small enough."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vaeedit.batch.memory import SPARE, Managed, run_within_memory
from vaeedit.image import Frame

FRAME = Frame(np.zeros((4, 4, 3), np.uint8))
PLAN = SimpleNamespace(uses_vae=True)


class Tight:
    """A session whose memory holds tiles up to `fits`; -1: nothing at all."""

    def __init__(self, fits, tile=None, device="cpu"):
        self.fits, self.tiles = fits, []
        self.settings = SimpleNamespace(tile=tile)
        self.device = torch.device(device)

    def run_plan(self, pipeline, frame, *, tile=None, name=None):
        self.tiles.append(tile)
        if (tile or 10**9) > self.fits:
            raise MemoryError
        return f"done in {tile}"


def test_what_fits_is_done_at_once():
    session = Tight(10**9)
    assert run_within_memory(session, PLAN, FRAME) == Managed("done in None", session)
    assert session.tiles == [None]


def test_every_rung_is_tried_once_and_said():
    session = Tight(300)
    done = run_within_memory(session, PLAN, FRAME)
    assert (done.result, done.tile) == ("done in 256", 256)
    assert session.tiles == [None, None, 1024, 512, 256]
    assert done.rungs == ["with freed caches", "in tiles of 1024", "in tiles of 512", "in tiles of 256"]


def test_careful_and_in_small_tiles_already_it_is_still_tried():
    session = Tight(128, tile=128)
    done = run_within_memory(session, PLAN, FRAME, careful=True)
    assert (done.tile, done.rungs) == (128, [])


def test_tiles_never_grow():
    session = Tight(128, tile=300)
    run_within_memory(session, PLAN, FRAME)
    assert session.tiles == [300, 300, 256, 128]


def test_after_a_death_the_first_attempt_is_small():
    session = Tight(10**9)
    done = run_within_memory(session, PLAN, FRAME, careful=True)
    assert session.tiles == [512]
    assert done.rungs == ["in tiles of 512"]


def test_the_cpu_is_taken_only_where_it_is_allowed():
    with pytest.raises(MemoryError):
        run_within_memory(Tight(-1, device="cuda"), PLAN, FRAME)
    spare = Tight(512)
    done = run_within_memory(Tight(-1, device="cuda"), PLAN, FRAME, spare=lambda: spare)
    assert (done.result, done.session, done.tile) == ("done in 512", spare, 512)
    assert done.rungs[-1] == SPARE
    with pytest.raises(MemoryError):
        run_within_memory(Tight(-1), PLAN, FRAME, spare=lambda: Tight(512))
