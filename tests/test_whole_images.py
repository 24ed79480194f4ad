"""Operations that see whole images before they edit, make one image of several, or change only what they edit."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import vaeedit
from vaeedit.api import (
    ArchitectureSpec,
    Decoded,
    Edit,
    Frame,
    Gaussian,
    Inspect,
    Join,
    Latents,
    OperationSpec,
    Options,
    Result,
    hookimpl,
)
from vaeedit.extension.registry import discover
from vaeedit.vae.files import VaeInfo, save_vae


class Coarse(nn.Module):
    """A VAE that loses much: latents are averages of 4 x 4 pixels."""

    channels, multiple, receptive_field, conditions = 3, 4, 4, ()

    def __init__(self, options):
        super().__init__()
        self.none = nn.Conv2d(1, 1, 1)

    def encode(self, x, conditions):
        return Latents((Gaussian(F.avg_pool2d(x, 4), None),))

    def decode(self, latents, *, std=False):
        return Decoded(F.interpolate(latents.levels[0].mean, scale_factor=4))


class Center(Inspect, Edit):
    """Moves the mean of the latents to that of the reference; notes what it saw."""

    seen: list

    def before(self, frames):
        self.seen, self.places = [[], []], [set(), set()]
        return frames

    def references(self):
        return self.request.extra_inputs["like"]

    def gather(self, index, latents):
        (level,) = latents.levels
        height, width = level.mean.shape[2:]
        places = {(level.origin[0] + y, level.origin[1] + x) for y in range(height) for x in range(width)}
        assert not places & self.places[index], "a grid position came twice"
        self.places[index] |= places
        self.seen[index].append(level.mean.flatten(2))

    def edit(self, latents):
        own, like = (torch.cat(parts, 2).mean() for parts in self.seen)
        (level,) = latents.levels
        return Latents((level.at(level.mean + like - own),))

    def after(self, frames, originals):
        counts = [sum(part.shape[2] for part in parts) for parts in self.seen]
        return Result(frames[0], notes={"seen": counts})


class Average(Join):
    """The mean of the image and others."""

    def before(self, frames):
        return [*frames, *self.request.extra_inputs["like"]]

    def join(self, latents):
        levels = [each.levels[0].mean for each in latents]
        return Latents((latents[0].levels[0].at(torch.stack(levels).mean(0)),))


class Keep(Edit):
    """Changes nothing; requests the standard deviation and notes whether there is one."""

    wants_std = True

    def after(self, frames, originals):
        return Result(frames[0], notes={"deviation": frames[0].std is not None})

    def edit(self, latents):
        return latents.mean()


@hookimpl
def vaeedit_operations():
    def spec(name, cls, **facts):
        target = f"{__name__}:{cls.__name__}"
        return OperationSpec(
            name=name, summary="Of these tests.", target=target, vae="coarse.safetensors", **facts
        )

    like = {"extra_inputs": {"like": "Another picture."}, "needs": ("like",)}
    return [
        spec("center", Center, **like),
        spec("average", Average, **like),
        spec("keep", Keep),
        spec("keep-delta", Keep, delta=True),
    ]


@hookimpl
def vaeedit_architectures():
    return [ArchitectureSpec(name="coarse", summary="Coarse.", target=f"{__name__}:Coarse", options=Options)]


PLUGINS = discover([EntryPoint("coarse", __name__, "vaeedit")])


@pytest.fixture
def run(tmp_path):
    """Run one operation on noise, with another noise beside it."""
    save_vae(
        tmp_path / "coarse.safetensors",
        Coarse(None),
        VaeInfo(name="coarse", architecture="coarse", config={}),
    )
    random = np.random.default_rng(0)
    image, like = (random.random((size, 50, 3)).astype(np.float32) for size in (38, 24))
    vaeedit.image.write(Frame((like * 65535).astype(np.uint16)), tmp_path / "like.png")

    def go(name, tile=None, source=image, **options):
        step = vaeedit.Step(name, vae=str(tmp_path / "coarse.safetensors"), **options)
        with vaeedit.Session(plugins=PLUGINS, precision="float32", device="cpu") as session:
            return session.run(step, Frame(source), tile=tile)

    go.image, go.like, go.path = image, like, str(tmp_path / "like.png")
    return go


@pytest.mark.parametrize("tile", [None, 8, 20])
def test_every_position_of_every_image_is_gathered_once(run, tile):
    result = run("center", tile, like=run.path)
    assert result.notes["center"]["seen"] == [10 * 13, 6 * 13]
    assert np.allclose(result.frame.pixels, run("center", like=run.path).frame.pixels, atol=1e-6)
    moved = F.avg_pool2d(torch.from_numpy(run.like[:24, :48]).permute(2, 0, 1)[None], 4).mean().item()
    assert result.frame.pixels.mean() == pytest.approx(moved, abs=0.02)  # padding counts a little


@pytest.mark.parametrize("tile", [None, 8])
def test_frames_are_joined_tile_by_tile(run, tile, tmp_path):
    other = 1 - run.image
    vaeedit.image.write(Frame((other * 65535).astype(np.uint16)), tmp_path / "other.png")
    joined = run("average", tile, like=str(tmp_path / "other.png")).frame.pixels
    assert np.allclose(joined, 0.5, atol=1e-4)


def test_frames_of_two_sizes_are_not_joined(run):
    with pytest.raises(vaeedit.VaeeditError, match="must have one size"):
        run("average", like=run.path)


def test_only_what_was_edited_is_decoded(run):
    lost = np.abs(run("keep").frame.pixels - run.image).max()
    kept = np.abs(run("keep-delta").frame.pixels - run.image).max()
    assert lost > 0.3
    assert kept < 1e-6


def test_a_vae_without_deviations_gives_none(run):
    assert run("keep", 8).notes["keep"]["deviation"] is False
