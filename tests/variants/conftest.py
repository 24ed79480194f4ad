"""A plain VAE of small images in a file, with random weights."""

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
