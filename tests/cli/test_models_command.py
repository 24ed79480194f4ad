"""`vaeedit models`: what is installed, and what becomes of files of others."""

import json

import msgspec
import torch
from safetensors.torch import load_file, save_file

from vaeedit.vae.files import VaeInfo, save_vae
from vaeedit_third_party import TinyConfig
from vaeedit_third_party.tiny import TinyAutoencoder


def test_without_a_word_the_installed_ones_are_listed(vaeedit):
    ran = vaeedit("models", "--json")
    assert vaeedit("models", "list", "--json").out == ran.out
    names = [json.loads(line)["vae"] for line in ran.out.splitlines()]
    assert names == sorted(names)
    assert "denoise" in names


def test_a_folder_of_weights_is_converted_described_and_verified(vaeedit, tmp_path):
    network = TinyAutoencoder(TinyConfig(width=8))
    (tmp_path / "tiny").mkdir()
    torch.save(network.encoder.state_dict(), tmp_path / "tiny" / "tiny_encoder.pth")
    torch.save(network.decoder.state_dict(), tmp_path / "tiny" / "tiny_decoder.pth")
    ran = vaeedit("models", "convert", "tiny", "-o", "mine.safetensors", "--name", "mine")
    assert (ran.code, ran.out) == (0, "mine.safetensors  (tiny-autoencoder)\n"), ran.err
    assert vaeedit("models", "info", "mine.safetensors").out.startswith("# mine\n")
    assert json.loads(vaeedit("models", "info", "mine.safetensors", "--json").out)["config"]["width"] == 8
    ran = vaeedit("models", "verify", "mine.safetensors")
    assert ran.code == 0
    assert "ok    mine.safetensors on cpu in float32" in ran.out


def test_what_cannot_be_done_is_a_sentence(vaeedit, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(b"no weights")
    vaeedit("models", "convert", "nothing", "-o", "out.safetensors").assert_refused(
        2, "no weight file at nothing"
    )
    vaeedit("models", "convert", "mine.safetensors", "-o", "out.safetensors").assert_refused(
        1, "not a readable safetensors file"
    )
    vaeedit("models", "convert", "mine.safetensors", "-o", "mine.safetensors").assert_refused(
        2, "mine.safetensors is what is converted and cannot be the model"
    )
    vaeedit("models", "info", "theirs").assert_refused(2, "theirs")
    assert vaeedit("models", "verify", "mine.safetensors").code == 1


def test_checksums_are_checked_and_missing_ones_are_named(vaeedit, tmp_path):
    info = VaeInfo(name="mine", architecture="tiny-autoencoder", config={"width": 8})
    path = tmp_path / "mine.safetensors"
    save_vae(path, TinyAutoencoder(TinyConfig(width=8)), info)
    ran = vaeedit("models", "verify", "mine.safetensors")
    assert ran.code == 0
    assert "ok    mine.safetensors has a checksum of its weights and its header" in ran.out
    header = json.dumps({**msgspec.to_builtins(info), "format": 1})
    save_file(load_file(path), tmp_path / "old.safetensors", metadata={"vaeedit": header})
    ran = vaeedit("models", "verify", "old.safetensors")
    assert ran.code == 0
    assert "ok    old.safetensors has no checksum: files of older versions" in ran.out
    assert "old.safetensors has no checksum" in vaeedit("models", "info", "old.safetensors").err
    assert vaeedit("models", "info", "mine.safetensors").err == ""
    data = bytearray(path.read_bytes())
    for at, said in ((len(data) - 100, "The weights in"), (data.index(b"mine"), "The header of")):
        damaged = bytearray(data)
        damaged[at] ^= 4
        path.write_bytes(damaged)
        ran = vaeedit("models", "verify", "mine.safetensors")
        assert ran.code == 1
        assert said in ran.out
        assert "damaged" in ran.out
        assert "restore the file" in ran.out
