"""The classifier of images: it is trained on labels alone, is stored and loaded, and edits no picture."""

import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.vae.files import load_vae
from vaeedit_variants.classifier_options import ClassifyOptions
from vaeedit_variants.classify import deformed

RECIPE = """
name: bars-classifier
summary: Upright and level bars.
architecture: classifier
config: {height: 8, width: 12, classes: 2, widths: [8, 8], features: 4}
data: {whole: true, batch: 32}
objective: {kind: classify, smoothing: 0.1, shift: 0.1}
optimizer: {rate: 0, adam_rate: 0.01, warmup: 10}
"""


@pytest.fixture
def bars(tmp_path, monkeypatch):
    """A folder of images with a level bar (class 0) or an upright one (class 1), 12 x 8 pixels."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    for index in range(64):
        image = np.zeros((8, 12), np.uint8)
        if index % 2:
            image[:, 2 + index % 7] = 255
        else:
            image[1 + index % 5] = 255
        folder = tmp_path / "bars" / ("upright" if index % 2 else "level")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{index}.png")
    return tmp_path


def images(folder):
    found = [np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))]
    return torch.from_numpy(np.stack(found))[:, None].float() / 255


def test_it_learns_and_its_file_gives_the_same_again(bars):
    assert call(["train", "recipe.yaml", "bars", "--steps", "150", "-o", "c.safetensors"]) == 0
    network, info = load_vae(bars / "c.safetensors", registry())
    assert (info.architecture, network.classes) == ("classifier", 2)
    for label, name in enumerate(["level", "upright"]):
        features = network.embed(images(bars / "bars" / name))
        assert features.shape == (32, 4)
        assert (network.logits(features).argmax(1) == label).float().mean() > 0.9


def test_it_edits_no_picture_and_generates_none(bars, capsys):
    assert call(["train", "recipe.yaml", "bars", "--steps", "1", "-o", "c.safetensors"]) == 0
    assert call(["models", "verify", "c.safetensors"]) == 0
    assert "is a classifier, which has no decoder" in capsys.readouterr().out
    assert call(["vary", "bars/level/0.png", "--vae", "c.safetensors", "-o", "out.png"]) == 2
    assert "c.safetensors is a classifier, which edits no picture; name a VAE" in capsys.readouterr().err
    assert call(["generate", "--vae", "c.safetensors", "-o", "out.png"]) == 2
    assert "cannot generate images" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("kind: classify, smoothing: 0.1, shift: 0.1", "kind: likelihood", "does not satisfy Generative"),
        ("architecture: classifier\nconfig: {height: 8, width: 12, classes: 2, widths: [8, 8], features: 4}",
         "architecture: plain\nconfig: {height: 8, width: 12}", "does not satisfy Classifier"),
        ("height: 8", "height: 9", "and the network takes 12 x 9; set height and width"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_a_sentence(bars, capsys, old, new, text):
    (bars / "recipe.yaml").write_text(RECIPE.replace(old, new))
    assert call(["train", "recipe.yaml", "bars", "--steps", "1"]) == 2
    assert text in capsys.readouterr().err


def test_images_without_labels_or_of_more_classes_are_sentences(bars, capsys):
    (bars / "bars" / "third").mkdir()
    Image.new("L", (12, 8)).save(bars / "bars" / "third" / "a.png")
    assert call(["train", "recipe.yaml", "bars", "--steps", "1", "--run", "r1"]) == 2
    assert "has 3 classes, and the network takes 2" in capsys.readouterr().err
    (bars / "flat").mkdir()
    Image.new("L", (12, 8)).save(bars / "flat" / "a.png")
    assert call(["train", "recipe.yaml", "flat", "--steps", "1", "--run", "r2"]) == 2
    assert "label" in capsys.readouterr().err


def test_deformed_images_are_moved_and_turned_by_no_more_than_is_said():
    torch.manual_seed(0)
    x = torch.zeros(200, 1, 21, 21)
    x[:, :, 10, 10] = 1
    assert deformed(x, ClassifyOptions()) is x
    turned = deformed(x, ClassifyOptions(turn=180, zoom=0.1, shear=0.2))
    assert torch.allclose(turned[:, 0, 10, 10], x[:, 0, 10, 10], atol=1e-4)  # the center stays
    moved = deformed(x, ClassifyOptions(shift=0.2)).sum(0)[0]
    where = (moved > 0.01).nonzero() - 10
    assert 3 <= where.abs().max() <= 5  # 0.2 of 21 pixels, and one of interpolation
