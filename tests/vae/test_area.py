"""How large tiles may be: a share of the memory that is free, and never less or more than stated."""

import numpy as np
import psutil
import pytest
import torch

from vaeedit.extension.registry import registry
from vaeedit.pipeline.pipeline import Step
from vaeedit.run.session import Session
from vaeedit.vae import area
from vaeedit.vae.area import LEAST, MOST, SHARE, free_bytes, tile_area
from vaeedit.vae.files import VaeInfo, find_vae, read_info
from vaeedit.vae.footprint import bytes_per_pixel

CPU = torch.device("cpu")


@pytest.fixture
def info():
    return read_info(find_vae("denoise", registry()))


@pytest.mark.parametrize(
    ("free", "pixels"), [(0, LEAST), (1e9, LEAST), (8e9, SHARE * 8e9), (1e12, MOST), (None, LEAST)]
)
def test_the_area_is_a_share_of_what_is_free(info, free, pixels, monkeypatch):
    monkeypatch.setattr(area, "free_bytes", lambda device: free)
    found = tile_area(info, CPU)
    assert found == pixels if pixels in (LEAST, MOST) else found == int(pixels / bytes_per_pixel(info))


def test_a_vae_that_was_never_measured_gets_the_least(monkeypatch):
    monkeypatch.setattr(area, "free_bytes", lambda device: 1e12)
    assert tile_area(VaeInfo(name="mine", architecture="none", config={}), CPU) == LEAST


def test_a_process_with_fewer_threads_and_one_in_a_container_get_less(monkeypatch, tmp_path):
    monkeypatch.setattr(area, "GROUP", tmp_path)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 8)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    every = free_bytes(CPU)
    assert 0 < every <= psutil.virtual_memory().total
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert free_bytes(CPU) < 0.5 * every
    for limit, used, left in (("max", "5", None), ("3000", "1000", 500.0), ("3000", "4000", 0.0)):
        (tmp_path / "memory.max").write_text(limit)
        (tmp_path / "memory.current").write_text(used)
        assert left is None or free_bytes(CPU) == left


def test_pictures_have_the_same_pixels_whatever_is_free(monkeypatch):
    """Each pixel is computed from the same neighbors; sums of another order differ by rounding."""
    pixels = np.random.default_rng(0).random((300, 700, 3)).astype(np.float32)
    results, sides = [], []
    for most in (60_000, MOST):
        monkeypatch.setattr("vaeedit.vae.loaded.tile_area", lambda *_, most=most: most)
        with Session(device="cpu", precision="float32") as session:
            results.append(session.run(Step("denoise", sigma=20), pixels).frame.pixels)
            sides.append(session.vae("denoise-photo").sides)
    assert sides[0] is not None
    assert sides[1] is None
    assert np.abs(results[0] - results[1]).max() < 2e-5
