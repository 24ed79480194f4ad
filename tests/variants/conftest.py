"""A plain VAE of small images in a file, with random weights, and small idx files to train on."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from vaeedit.vae.files import VaeInfo, save_vae
from vaeedit_variants.options import PlainConfig
from vaeedit_variants.plain import PlainVAE


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """A file of a plain VAE for gray images of 12 x 9 pixels (width, height)."""
    config = {"height": 9, "width": 12, "widths": (16,), "latents": 4}
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("digits") / "digits.safetensors"
    info = VaeInfo(
        name="digits",
        architecture="plain",
        config=config,
        recipe={"objective": {"kind": "likelihood", "binarize": True}},
    )
    save_vae(path, PlainVAE(PlainConfig(**config)), info)
    return path


@pytest.fixture
def bars(tmp_path, monkeypatch):
    """idx files of 12 x 8 pixels: one of twelve columns is white, and a few more values at random."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    (tmp_path / "bars").mkdir()
    for name, count in (("train", 400), ("t10k", 40)):
        images = np.zeros((count, 8, 12), np.uint8)
        images[np.arange(count), :, random.integers(12, size=count)] = 255
        images[random.random(images.shape) < 0.02] = 255
        header = b"\0\0\x08\x03" + b"".join(size.to_bytes(4, "big") for size in images.shape)
        (tmp_path / "bars" / f"{name}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(header + images.tobytes())
        )
    return tmp_path


@pytest.fixture(scope="session")
def mnist():
    """The folder of MNIST's idx files."""
    folder = Path(__file__).parents[3] / "shared" / "data" / "mnist"
    if not folder.is_dir():
        pytest.skip("MNIST is not there")
    return folder
