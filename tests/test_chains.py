"""Steps that share a VAE hand over latents: one encode, one decode, and less lost than by a round trip between them."""

from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import numpy as np
import pytest
from skimage import data
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
    Latents,
    Mixture,
    OperationSpec,
    Options,
    Result,
    hookimpl,
)
from vaeedit.extension.registry import GROUP, discover, registry
from vaeedit.run.session import Session
from vaeedit.vae.convert import convert
from vaeedit.vae.files import VaeInfo, save_vae

TAEF2 = Path(__file__).parents[2] / "shared" / "data" / "foreign-vae" / "taef2"
CALLS = {"encode": 0, "decode": 0}


class Soft(nn.Module):
    """A VAE that loses something: its encoder blurs."""

    channels, multiple, receptive_field, conditions = 3, 1, 1, ()

    def __init__(self, options):
        super().__init__()
        self.none = nn.Conv2d(1, 1, 1)

    def encode(self, x, conditions):
        CALLS["encode"] += 1
        return Latents((Gaussian(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False), None),))

    def decode(self, latents, *, std=False):
        CALLS["decode"] += 1
        return Decoded(latents.levels[0].mean)


class Shift(Edit):
    """Adds a little to every latent."""

    def edit(self, latents):
        (level,) = latents.levels
        return replace(latents, levels=(level.at(level.mean + 1 / 255),))


class Halves(Edit):
    """A mixture of two."""

    def edit(self, latents):
        return Mixture([(0.5, latents), (0.5, latents)])


class Keep(Edit):
    """Decodes what was encoded."""

    def edit(self, latents):
        return latents.mean()


class Toward(Inspect, Edit):
    """To the mean of its reference, which is the image and a little, from that of the image as it was encoded."""

    def before(self, frames):
        self.image, self.means = frames[0], {}
        return frames

    def references(self):
        return [Frame(self.image.pixels + np.float32(1 / 255)), Frame(self.image.pixels)]

    def gather(self, index, latents):
        self.means[index] = float(latents.levels[0].mean.mean())

    def edit(self, latents):
        (level,) = latents.levels
        assert self.means[2] == self.means[0]
        return replace(latents, levels=(level.at(level.mean + self.means[1] - self.means[0]),))

    def after(self, frames, originals):
        return Result(frames[0], notes={"seen": sorted(self.means)})


class Rest(Shift):
    """Changes nothing."""

    is_identity = True


@hookimpl
def vaeedit_operations():
    specs = [
        ("shift", Shift, True),
        ("halves", Halves, True),
        ("rest", Rest, True),
        ("keep", Keep, True),
        ("toward", Toward, True),
        ("pixels", Shift, False),
    ]
    return [
        OperationSpec(
            name=name,
            summary="Of these tests.",
            target=f"{__name__}:{cls.__name__}",
            vae="soft.safetensors",
            latent=latent,
        )
        for name, cls, latent in specs
    ]


@hookimpl
def vaeedit_architectures():
    return [ArchitectureSpec(name="soft", summary="Soft.", target=f"{__name__}:Soft", options=Options)]


PLUGINS = discover([EntryPoint("soft", __name__, "vaeedit")])


@pytest.fixture
def run(tmp_path):
    """Run steps on a random frame in float; gives pixels, calls and notes."""
    path = tmp_path / "soft.safetensors"
    save_vae(path, Soft(None), VaeInfo(name="soft", architecture="soft", config={}))
    wave = 0.5 + 0.3 * np.sin(np.arange(45) / 2)
    source = Frame(np.broadcast_to(wave[None, :, None], (12, 45, 3)).astype(np.float32))

    def go(*names, frame=source):
        CALLS.update(encode=0, decode=0)
        pipeline = vaeedit.Pipeline(*(vaeedit.Step(name, vae=str(path)) for name in names))
        with Session(plugins=PLUGINS, precision="float32", device="cpu") as session:
            result = session.run(pipeline, frame)
        return result.frame.pixels, tuple(CALLS.values()), result.notes

    go.source = source
    return go


def test_two_steps_take_one_encode_and_one_decode(run):
    _, calls, notes = run("shift", "shift")
    assert calls == (1, 1)
    assert notes["shift"] == {"chained_with": "shift-2"}
    assert notes["shift-2"]["seconds"] >= 0
    assert run("shift", "pixels")[1] == (2, 2)
    assert run("pixels", "shift", "shift")[1] == (2, 2)


def test_less_is_lost_than_by_a_round_trip_between_them(run):
    ideal = run.source.pixels + 2 / 255
    chained = run("shift", "shift")[0]
    first = Frame(run("shift")[0])
    by_hand = run("shift", frame=first)[0]

    def error(pixels):
        return float(np.square(pixels - ideal).mean())

    assert error(chained) < 0.5 * error(by_hand)


def test_every_step_of_a_chain_inspects_the_image_that_it_begins_with(run):
    pixels, calls, notes = run("toward", "shift", "toward")
    assert np.allclose(pixels, run("shift", "shift", "shift")[0], atol=1e-6)
    assert calls == (6, 1)  # the image seen once by all, two references each, and the edit
    assert notes["toward"] == {"seen": [0, 1, 2], "chained_with": "toward-2"}
    assert notes["shift"] == {"chained_with": "toward-2"}
    assert notes["toward-2"]["seen"] == [0, 1, 2]


def test_a_step_that_changes_nothing_is_passed_over_in_a_chain(run):
    assert np.array_equal(run("shift", "rest")[0], run("shift")[0])
    assert np.array_equal(run("rest", "shift")[0], run("shift")[0])
    pixels, calls, notes = run("rest", "rest")
    assert calls == (0, 0)
    assert pixels is run.source.pixels
    assert notes["rest-2"] == {"unchanged": True}


def test_a_mixture_is_edited_part_by_part(run):
    pixels, calls, _ = run("halves", "shift", "halves")
    assert np.allclose(pixels, run("shift")[0], atol=1e-6)
    assert calls == (1, 4)


def test_only_neighbors_with_one_vae_and_no_maps_join(tmp_path):
    plan = vaeedit.Pipeline(
        vaeedit.Step("shift", vae="a.safetensors"),
        vaeedit.Step("shift", vae="a.safetensors"),
        vaeedit.Step("shift", vae="b.safetensors"),
        vaeedit.Step("pixels", vae="b.safetensors"),
    ).check(PLUGINS)
    assert [len(steps) for steps in plan.chains()] == [2, 1, 1]


@pytest.mark.skipif(not TAEF2.is_dir(), reason="the shared data are not here")
def test_less_is_lost_of_a_photograph_by_a_real_vae(tmp_path):
    convert(TAEF2, tmp_path / "taef2.safetensors", registry())
    plugins = discover([*entry_points(group=GROUP), EntryPoint("soft", __name__, GROUP)])
    keep = vaeedit.Step("keep", vae=str(tmp_path / "taef2.safetensors"))
    photograph = Frame(np.ascontiguousarray(data.astronaut()[100:356, 100:356]))
    with Session(plugins=plugins, precision="float32", device="cpu") as session:
        chained = session.run(vaeedit.Pipeline(keep, keep, keep), photograph).frame
        by_hand = photograph
        for _ in range(3):
            by_hand = session.run(keep, by_hand).frame

    def decibels(frame):
        return -10 * np.log10(np.square(frame.floats() - photograph.floats()).mean())

    assert decibels(chained) > decibels(by_hand) + 1
