"""`vaeedit models`: what is installed, and what becomes of files of others."""

import json

import torch

from vaeedit_foreign import TinyShape
from vaeedit_foreign.tiny import TinyAutoencoder


def test_without_a_word_the_installed_ones_are_listed(vaeedit):
    ran = vaeedit("models", "--json")
    assert vaeedit("models", "list", "--json").out == ran.out
    names = [json.loads(line)["vae"] for line in ran.out.splitlines()]
    assert names == sorted(names)
    assert "denoise" in names


def test_a_folder_of_weights_is_converted_described_and_verified(vaeedit, tmp_path):
    network = TinyAutoencoder(TinyShape(width=8))
    (tmp_path / "tiny").mkdir()
    torch.save(network.encoder.state_dict(), tmp_path / "tiny" / "tiny_encoder.pth")
    torch.save(network.decoder.state_dict(), tmp_path / "tiny" / "tiny_decoder.pth")
    ran = vaeedit("models", "convert", "tiny", "-o", "mine.safetensors", "--name", "mine")
    assert (ran.code, ran.out) == (0, "mine.safetensors  (tiny-autoencoder)\n"), ran.err
    assert vaeedit("models", "info", "mine.safetensors").out.startswith("# mine\n")
    assert json.loads(vaeedit("models", "info", "mine.safetensors", "--json").out)["shape"]["width"] == 8
    ran = vaeedit("models", "verify", "mine.safetensors")
    assert ran.code == 0
    assert "fine  mine.safetensors on cpu in float32" in ran.out


def test_what_cannot_be_done_is_a_sentence(vaeedit, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(b"no weights")
    vaeedit("models", "convert", "nothing", "-o", "out.safetensors").assert_refused(
        2, "no weight file at nothing"
    )
    vaeedit("models", "convert", "mine.safetensors", "-o", "out.safetensors").assert_refused(
        1, "not a readable safetensors file"
    )
    vaeedit("models", "convert", "mine.safetensors", "-o", "mine.safetensors").assert_refused(
        2, "exists already"
    )
    vaeedit("models", "info", "theirs").assert_refused(2, "theirs")
    assert vaeedit("models", "verify", "mine.safetensors").code == 1
