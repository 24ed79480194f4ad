"""Folders of other software: an architecture says what is in them, and the core uses them like VAE files."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vaeedit import Frame, Pipeline, Session, Step
from vaeedit.api import ArchitectureSpec, Decoded, FolderVae, Gaussian, Latents, Options, hookimpl, option
from vaeedit.errors import PipelineError, UnknownName, UsageError, WeightsError
from vaeedit.extension.registry import discover, registry
from vaeedit.vae import loaded
from vaeedit.vae.convert import convert
from vaeedit.vae.files import checksum, find_vae, load_vae, read_info, update_info
from vaeedit.vae.protocol import WHOLE


class GainConfig(Options, frozen=True):
    stride: Annotated[int, option("Pixels to a latent.", ge=1)] = 2


class Gain(nn.Module):
    """Latents are averages times a learned gain; the whole image is subtracted its mean, so that tiles matter."""

    channels, conditions, receptive_field, overlap = 3, (), WHOLE, 4

    def __init__(self, shape):
        super().__init__()
        self.multiple = shape.stride
        self.gain = nn.Parameter(torch.ones(1))

    def encode(self, x, conditions):
        coarse = F.avg_pool2d(x, self.multiple)
        return Latents((Gaussian(self.gain * coarse, None),), {"mean": coarse.mean()})

    def decode(self, latents, *, std=False):
        up = F.interpolate(latents.levels[0].mean / self.gain, scale_factor=self.multiple)
        return Decoded(up - latents.context["mean"])


def find(folder):
    description = folder / "gain.json"
    if not description.is_file():
        return None
    facts = json.loads(description.read_text())
    return FolderVae(
        name=facts["name"],
        config={"stride": facts["stride"]},
        folder=folder,
        tensors=lambda: {"gain": torch.tensor([facts["gain"]])},
        summary="A gain.",
    )


def fetch(text):
    return Path(text)


@hookimpl
def vaeedit_architectures():
    return [
        ArchitectureSpec(
            name="gain",
            summary="Gains.",
            target=f"{__name__}:Gain",
            options=GainConfig,
            folder=f"{__name__}:find",
            fetch={"from": f"{__name__}:fetch"},
        )
    ]


def _points():
    installed = ("vaeedit_third_party", "vaeedit_photo")
    return [EntryPoint("gain", __name__, "vaeedit"), *(EntryPoint(n, n, "vaeedit") for n in installed)]


PLUGINS = discover(_points())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "gain.json").write_text('{"name": "loud", "stride": 4, "gain": 2.5}')
    return tmp_path / "mine"


def test_a_folder_is_found_described_and_loaded(folder):
    for name in ("mine", "./mine", str(folder), f"from:{folder}"):
        assert find_vae(name, PLUGINS).resolve() == folder
    info = read_info(folder, PLUGINS)
    assert (info.name, info.architecture, info.config) == ("loud", "gain", {"stride": 4})
    network, same = load_vae(folder, PLUGINS)
    assert same == info
    assert network.gain.tolist() == [2.5]
    assert network.multiple == 4
    assert not network.gain.requires_grad


def test_a_shipped_name_is_never_taken_by_a_folder(folder):
    folder.rename(folder.with_name("denoise"))
    assert find_vae("denoise", registry()).name == "denoise.safetensors"
    assert find_vae("./denoise", PLUGINS).name == "denoise"


def test_a_step_may_name_a_folder(folder):
    for name in ("mine", "from:mine"):
        assert Pipeline(Step("reconstruct", vae=name)).check(PLUGINS)
        assert Pipeline(Step("reconstruct")).check(PLUGINS, name)
    with pytest.raises(PipelineError, match="no VAE called 'mine2'"):
        Pipeline(Step("reconstruct", vae="mine2")).check(PLUGINS)
    with Session(plugins=PLUGINS, device="cpu") as session:
        result = session.run(Step("reconstruct", vae="mine"), Frame(np.full((10, 13, 3), 90, np.uint8)))
    assert result.frame.pixels.shape == (10, 13, 3)


def test_what_holds_no_vae_is_a_sentence(folder):
    (folder / "gain.json").unlink()
    with pytest.raises(WeightsError, match=r"mine holds no VAE of a known kind; known are: .*Gains\."):
        find_vae("mine", PLUGINS)
    with pytest.raises(UsageError, match="no VAE file not/there, nor a folder"):
        find_vae("not/there", PLUGINS)
    with pytest.raises(UnknownName):
        find_vae("to:somewhere", PLUGINS)


def test_its_checksum_covers_every_file_and_it_holds_no_figures(folder):
    before = checksum(folder)
    assert before == checksum(folder)
    (folder / "weights.bin").write_bytes(b"1")
    assert checksum(folder) != before
    with pytest.raises(UsageError, match="models convert"):
        update_info(folder, read_info(folder, PLUGINS))


def test_it_becomes_a_file_that_needs_it_no_more(folder, tmp_path):
    info = convert(folder, tmp_path / "one.vae.safetensors", PLUGINS)
    assert set(info.training["converted"]) == {"gain.json"}
    (folder / "gain.json").unlink()
    network, again = load_vae(tmp_path / "one.vae.safetensors", PLUGINS)
    assert again == info
    assert network.gain.tolist() == [2.5]
    assert (tmp_path / "one.vae.md").read_text().startswith("# loud\n")


def test_a_network_that_sees_the_whole_is_cut_only_where_that_is_asked(folder, monkeypatch):
    monkeypatch.setattr(loaded, "tile_area", lambda *_: 100)
    frame = Frame(np.random.default_rng(0).random((40, 52, 3)).astype(np.float32))
    with Session(plugins=PLUGINS, device="cpu") as session:
        vae = session.vae("mine")
        seen = {tile: [] for tile in (None, 16)}
        for tile, shapes in seen.items():
            vae.visit(frame, lambda latents, s=shapes: s.append(latents.levels[0].mean.shape[2:]),
                      precision=torch.float32, tile=tile)  # fmt: skip
    assert seen[None] == [(10, 13)]
    assert len(seen[16]) == 3 * 4
    sizes = [height * width for height, width in seen[16]]
    assert sum(sizes) == 10 * 13
