"""Weights of others: recognized, converted without executing anything, and refused by a sentence."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data

from vaeedit import Frame, Session
from vaeedit.errors import UsageError, WeightsError
from vaeedit.extension.registry import registry
from vaeedit.vae.convert import convert
from vaeedit_third_party import TinyConfig
from vaeedit_third_party.tiny import TinyAutoencoder

TAEF2 = Path(__file__).parents[3] / "shared" / "data" / "foreign-vae" / "taef2"


@pytest.fixture
def published(tmp_path):
    """A folder with an encoder and a decoder as their author would publish them, and the network."""
    network = TinyAutoencoder(TinyConfig(latents=5, width=8, pooled=True)).eval()
    folder = tmp_path / "tiny"
    folder.mkdir()
    torch.save(network.encoder.state_dict(), folder / "tiny_encoder.pth")
    torch.save({"state_dict": network.decoder.state_dict()}, folder / "tiny_decoder.pth")
    return folder, network


def test_a_published_pair_becomes_one_file_that_decodes_alike(published, tmp_path):
    folder, network = published
    info = convert(folder, tmp_path / "tiny.safetensors", registry())
    assert info.architecture == "tiny-autoencoder"
    assert info.config == {"latents": 5, "width": 8, "pooled": True}
    assert set(info.training["converted"]) == {"tiny_encoder.pth", "tiny_decoder.pth"}
    loaded = Session(device="cpu").vae(str(tmp_path / "tiny.safetensors")).network
    x = torch.rand(1, 3, 32, 48)
    with torch.inference_mode():
        expected = network.decode(network.encode(x, {})).mean
        found = loaded.decode(loaded.encode(x, {})).mean
    assert torch.allclose(found, expected, atol=2e-3)  # weights are stored as float16


@pytest.mark.skipif(not TAEF2.is_dir(), reason="the shared data are not here")
def test_a_real_one_gives_photographs_back(tmp_path):
    convert(TAEF2, tmp_path / "taef2.safetensors", registry())
    photograph = Frame(np.ascontiguousarray(data.astronaut()[:250, :301]))  # odd sides
    with Session(device="cpu", precision="float32") as session:
        vae = session.vae(str(tmp_path / "taef2.safetensors"))
        decoded = vae.edit(photograph, lambda latents: latents.mean(), precision=torch.float32)
    error = np.square(decoded.floats() - photograph.floats()).mean()
    assert -10 * np.log10(error) > 28


class Payload:
    """Code that a pickle would run."""

    def __reduce__(self):
        return Path.touch, (Path("payload"),)


def test_no_code_in_a_file_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pth").write_bytes(pickle.dumps({"encoder.0.weight": Payload()}))
    with pytest.raises(WeightsError, match=r"bad\.pth is not a readable weight file"):
        convert(tmp_path / "bad.pth", tmp_path / "out.safetensors", registry())
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pth"]


def test_what_nobody_knows_is_refused(tmp_path):
    torch.save({"weight": torch.zeros(3, 3)}, tmp_path / "other.pt")
    with pytest.raises(
        WeightsError, match=r"none of the architectures that can be converted \(tiny-autoencoder\)"
    ):
        convert(tmp_path / "other.pt", tmp_path / "out.safetensors", registry())
    torch.save([1, 2, 3], tmp_path / "list.pt")
    with pytest.raises(WeightsError, match="other values than named tensors"):
        convert(tmp_path / "list.pt", tmp_path / "out.safetensors", registry())


def test_half_a_pair_is_refused(published, tmp_path):
    folder, _ = published
    (folder / "tiny_decoder.pth").unlink()
    with pytest.raises(WeightsError):
        convert(folder, tmp_path / "out.safetensors", registry())
    (folder / "tiny_encoder.pth").unlink()
    with pytest.raises(UsageError, match="no weight file"):
        convert(folder, tmp_path / "out.safetensors", registry())
