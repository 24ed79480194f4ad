"""`vaeedit generate`: a grid or files, by seed, and sentences for what cannot be done."""

import numpy as np
import pytest
from PIL import Image

from vaeedit import read
from vaeedit.cli.main import call


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_grid_holds_all_images_and_a_seed_gives_the_same_again(digits):
    assert call(["generate", "--vae", str(digits), "-n", "5", "-o", "a.png"]) == 0
    assert call(["generate", "--vae", str(digits), "-n", "5", "-o", "b.png"]) == 0
    assert call(["generate", "--vae", str(digits), "-n", "5", "--seed", "1", "-o", "c.png"]) == 0
    a, b, c = (read(f"{name}.png").pixels for name in "abc")
    assert a.shape == (2 * 9 + 2, 3 * 12 + 2 * 2, 1)
    assert np.array_equal(a, b)
    assert np.array_equal(a[:9, 14:26], c[:9, :12])  # image n depends on seed + n alone
    assert not np.array_equal(a[:9, :12], c[:9, :12])


def test_a_folder_holds_a_file_for_each(digits):
    assert call(["generate", "--vae", str(digits), "-n", "3", "--seed", "7", "-o", "many"]) == 0
    assert call(["generate", "--vae", str(digits), "-n", "1", "--seed", "9", "-o", "one.png"]) == 0
    files = {name: Image.open(f"many/{name}.png") for name in ("0007", "0008", "0009")}
    assert all(file.size == (12, 9) for file in files.values())
    assert np.array_equal(np.asarray(files["0009"]), read("one.png").pixels[..., 0])


def test_a_temperature_of_zero_is_the_mean_of_the_prior(digits):
    assert call(["generate", "--vae", str(digits), "-n", "2", "--temperature", "0", "-o", "many"]) == 0
    assert np.array_equal(read("many/0000.png").pixels, read("many/0001.png").pixels)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--vae", "photo"], 2, "The VAE photo cannot generate"),
        (["--vae", "DIGITS", "--size", "20x20"], 2, "makes images of 12x9 pixels"),
        (["--vae", "DIGITS", "--size", "20"], 2, "'20' is no size"),
        (["--vae", "DIGITS", "--size", "99999x99999"], 2, "is no size"),
        (["--vae", "nothing.safetensors"], 2, "nothing.safetensors"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(digits, capsys, arguments, code, text):
    given = [str(digits) if word == "DIGITS" else word for word in arguments]
    assert call(["generate", *given, "-n", "2", "-o", "out.png"]) == code
    assert text in capsys.readouterr().err


def test_nothing_is_replaced_unless_it_is_said(digits, tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(b"mine")
    assert call(["generate", "--vae", str(digits), "-n", "1", "-o", "a.png"]) == 2
    assert "a.png exists already" in capsys.readouterr().err
    assert (tmp_path / "a.png").read_bytes() == b"mine"
    assert call(["generate", "--vae", str(digits), "-n", "1", "-o", "a.png", "--exists", "overwrite"]) == 0


@pytest.mark.parametrize(
    ("shape", "text"),
    [((20, 20, 1), "takes images of 12x9 pixels, and this one has 20x20"), ((9, 12, 3), "takes gray images")],
)
def test_a_picture_that_the_network_cannot_take_is_a_sentence(digits, tmp_path, capsys, shape, text):
    Image.fromarray(np.zeros(shape, np.uint8).squeeze()).save("in.png")
    assert call(["vary", "in.png", "--vae", str(digits), "-o", "out.png"]) == 1
    assert text in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


def test_a_picture_of_its_size_is_edited(digits):
    Image.fromarray(np.full((9, 12), 90, np.uint8)).save("in.png")
    assert call(["vary", "in.png", "--vae", str(digits), "--tile", "16", "-o", "out.png"]) == 0
    assert read("out.png").pixels.shape == (9, 12, 1)
