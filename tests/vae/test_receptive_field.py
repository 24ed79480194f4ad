"""The receptive field that is traced is the one that is measured, for every architecture."""

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_leaves

from vaeedit.api import WHOLE, receptive_radius
from vaeedit.extension.registry import registry
from vaeedit.extension.specs import load_target
from vaeedit.image import Frame
from vaeedit.options import fields, validate
from vaeedit.testing.networks import shaken
from vaeedit.vae.files import VaeInfo
from vaeedit.vae.loaded import LoadedVae
from vaeedit.vae.protocol import sample_conditions

TWO = {"widths": (6, 8), "latents": (2, 3)}
CONDITIONAL = {"blocks": (1, 2), "ladder_widths": (6, 6), "encoder_widths": (6, 6), **TWO}
TINY_BLOCKS = {
    **{f"{side}_block_out_channels": (8, 8) for side in ("encoder", "decoder")},
    **{f"num_{side}_blocks": (1, 2) for side in ("encoder", "decoder")},
}
SMALL = {
    "ladder": TWO,
    "photo": {"blocks": (2, 1), "encoder_blocks": (1, 2), "nested": (3,), "kept": (1.0,), **TWO},
    "ladder-restorer": CONDITIONAL,
    "ladder-upscaler": {**CONDITIONAL, "scales": (2, 3)},
    "normal-restorer": CONDITIONAL,
    "tiny-autoencoder": {"width": 12},
    "diffusers": {"kind": "AutoencoderTiny", "config": TINY_BLOCKS},
}
"""Options of a small network of each architecture."""
UNCUT = {
    name
    for name, item in registry().architectures.bare.items()
    if item.spec.kind != "VAE" or "height" in fields(item.spec.options)
}
"""Architectures for images of one size, and those that edit no image: neither is cut into tiles."""


def small(name, **more):
    if name == "diffusers":
        pytest.importorskip("diffusers")
    spec = registry().architectures.find(name).spec
    return shaken(load_target(spec.target)(validate(spec.options, {**SMALL[name], **more})))


def strip(network):
    """A picture that is long enough, and the columns in its middle that a multiple may start with."""
    m = network.multiple
    margin = m * (network.receptive_field // m + 2)
    x = torch.rand(1, network.channels, 2 * m, 2 * margin + m, generator=torch.Generator().manual_seed(0))
    return x, range(margin, margin + m)


def seen(network, x):
    """All grids (1, C, h, w) that come of a picture."""
    latents = network.encode(x, sample_conditions(network, x))
    decoded = network.decode(latents.sample(0), std=True)
    found = [decoded.mean, decoded.std, *(level.mean for level in latents.levels)]
    return [grid for grid in (*found, *tree_leaves(dict(latents.context))) if getattr(grid, "ndim", 0) == 4]


@torch.inference_mode()
def perturbed(network):
    """The farthest that another value of a column of pixels changes anything."""
    x, middle = strip(network)
    before, farthest = seen(network, x), 0
    for column in middle:
        changed = x.clone()
        changed[..., column] = 1 - changed[..., column]
        for old, new in zip(before, seen(network, changed), strict=True):
            places = (old != new).flatten(0, 2).any(0).nonzero() * x.shape[3] // old.shape[3]
            farthest = max([farthest, *(places - column).abs().flatten().tolist()])
    return farthest


def derived(network):
    """The farthest column of pixels that has a derivative, however small: small changes are lost in rounding."""
    x, middle = strip(network)
    grids, farthest = seen(network, x.requires_grad_()), 0
    for grid in (grid for grid in grids if grid.requires_grad):
        stride = x.shape[3] / grid.shape[3]
        for place in range(int(middle.start / stride), int(middle.stop / stride)):
            (slope,) = torch.autograd.grad(grid[..., place].square().sum(), x, retain_graph=True)
            columns = slope.flatten(0, 2).any(0).nonzero()
            farthest = max([farthest, *(columns - int(place * stride)).abs().flatten().tolist()])
    return farthest


@pytest.mark.parametrize("name", sorted(set(registry().architectures.bare) - UNCUT))
def test_what_is_traced_is_what_is_measured(name):
    network = small(name)
    field = network.receptive_field
    assert field == receptive_radius(network)
    assert perturbed(network) <= field
    assert field - network.multiple < derived(network) <= field


def test_an_upscaler_sees_as_far_whatever_its_factor():
    assert len({small("ladder-upscaler", scales=(scale,)).receptive_field for scale in (2, 3, 4)}) == 1


@pytest.mark.parametrize("declared", [False, True])
def test_what_looks_at_all_pixels_sees_the_whole(declared):
    network = small("ladder")
    network.encoder.stem = torch.nn.Sequential(network.encoder.stem, torch.nn.GroupNorm(1, 6))
    if declared:  # which spares the search
        network.overlap = 8
    assert receptive_radius(network) == WHOLE


def test_a_picture_of_one_tile_asks_no_network_how_far_it_sees():
    network = small("photo")
    loaded = LoadedVae(network, VaeInfo(name="x", architecture="photo", config={}), torch.device("cpu"))
    frame = Frame(np.random.default_rng(0).random((40, 50, 3), np.float32))
    loaded.edit(frame, lambda latents: latents.mean(), precision=torch.float32)
    assert "receptive_field" not in vars(network)
    loaded.edit(frame, lambda latents: latents.mean(), precision=torch.float32, tile=16)
    assert "receptive_field" in vars(network)
