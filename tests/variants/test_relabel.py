"""`relabel`: a digit is encoded with one class and decoded with another, by the shipped VAE and as a batch command."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit import Pipeline, Session, Step, read
from vaeedit.api import open_source
from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.vae.files import find_vae, load_vae

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"
needs_digits = pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST is not there")


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def recognized():
    """The class that the shipped classifier sees in a picture."""
    classifier = load_vae(find_vae("mnist-classifier", registry()), registry())[0]

    def see(picture):
        x = torch.from_numpy(picture.floats().copy()).permute(2, 0, 1)[None]
        with torch.inference_mode():
            return int(classifier.logits(classifier.embed(x)).argmax())

    return see


def fours(count):
    """Pictures of test digits of the class 4, 0.png, 1.png, ..."""
    examples = (each for each in open_source(MNIST).split("test").examples() if each.label == 4)
    paths = [Path("fours", f"{index}.png") for index in range(count)]
    Path("fours").mkdir()
    for path, example in zip(paths, examples, strict=False):
        Image.fromarray(example.load()[..., 0]).save(path)
    return paths


@needs_digits
def test_real_fours_become_nines(recognized):
    paths = fours(10)
    arguments = ["--from", "4", "--to", "9", "--guidance", "2", "-o", "nines"]
    assert call(["relabel", *map(str, paths), *arguments]) == 0
    nines = [read(Path("nines", path.name)) for path in paths]
    assert sum(recognized(each) == 9 for each in nines) >= 9
    ink = [(read(old).floats().mean(), new.floats().mean()) for old, new in zip(paths, nines, strict=True)]
    assert np.corrcoef(np.array(ink).T)[0, 1] > 0.5  # the stroke stays as bold or as thin


@needs_digits
def test_auto_finds_the_class_and_the_report_names_both(capsys):
    (path,) = fours(1)
    capsys.readouterr()
    assert call(["relabel", str(path), "--to", "9", "-o", "auto.png", "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]["relabel"]
    assert (notes["from"], notes["to"]) == ("4", "9")
    assert call(["relabel", str(path), "--from", "4", "--to", "9", "-o", "told.png"]) == 0
    assert np.array_equal(read("auto.png").pixels, read("told.png").pixels)


@needs_digits
def test_its_own_class_gives_the_digit_back():
    (path,) = fours(1)
    assert call(["relabel", str(path), "--from", "4", "--to", "4", "-o", "same.png"]) == 0
    assert np.abs(read("same.png").floats() - read(path).floats()).mean() < 0.06


def test_it_is_a_step_of_pipelines(tmp_path):
    picture = tmp_path / "in.png"
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(picture)
    text = "version: 1\nsteps:\n- relabel: {from: 1, to: 7}\n- relabel: {to: 3}\n"
    with Session(device="cpu") as session:
        read_back = session.run(Pipeline.from_yaml(text), picture)
        steps = session.run(Pipeline(Step("relabel", from_=1, to=7), Step("relabel", to="3")), picture)
    assert np.array_equal(read_back.frame.pixels, steps.frame.pixels)
    assert read_back.notes["relabel"]["from"] == "1"


@pytest.mark.parametrize(
    ("shape", "arguments", "text"),
    [
        ((28, 28), ["--to", "ten"], "There is no class called 'ten'; there are: 0, 1, 2"),
        ((28, 28), ["--to", "10"], "There is no class called '10'; did you mean '1'?"),
        ((28, 28), ["--from", "x", "--to", "1"], "There is no class called 'x'"),
        ((20, 28), ["--to", "1"], "takes images of 28x28 pixels, and this one has 28x20"),
        ((28, 28, 3), ["--to", "1"], "takes gray images"),
        ((28, 28), ["--to", "1", "--vae", "photo"], "does not support the condition label"),
        ((28, 28), [], "--to"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(tmp_path, capsys, shape, arguments, text):
    Image.fromarray(np.zeros(shape, np.uint8)).save("in.png")
    assert call(["relabel", "in.png", *arguments, "-o", "out.png"]) != 0
    assert text in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


def test_other_edits_use_the_most_likely_class():
    """An edit that knows nothing of classes works on a VAE that does."""
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save("in.png")
    assert call(["vary", "in.png", "--vae", "mnist-conditional", "-o", "out.png"]) == 0
    assert read("out.png").pixels.shape == (28, 28, 1)
