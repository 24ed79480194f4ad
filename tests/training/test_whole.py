"""Batches of whole images: passes, memory, sizes and labels; and training on them."""

from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit.errors import OptionError, UsageError
from vaeedit.extension.registry import registry
from vaeedit.training.recipe import Data
from vaeedit.training.run import Budget, Run
from vaeedit.training.sources.find import open_source
from vaeedit.training.sources.indexed import Arrays
from vaeedit.training.train import train
from vaeedit.vae.files import load_vae

pytest.importorskip("pytorch_lightning")

from vaeedit.training.batches import batches_of
from vaeedit.training.objective import Losses, Objective
from vaeedit.training.whole import WholeBatches

WHOLE = Data(whole=True, batch=4)


class Vae:
    channels = 1


class VaeOfOneSize(Vae):
    size = 8, 14


@pytest.fixture
def digits(tmp_path):
    """Ten gray pictures of 12 x 8 pixels whose value is ten times their number; classes by their last bit."""
    for number in range(10):
        folder = tmp_path / "digits" / f"class-{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (12, 8), 10 * number).save(folder / f"{number}.png")
    return tmp_path / "digits"


def whole(split, settings=WHOLE, seed=0):
    return WholeBatches(split, settings, seed, Vae(), multiple=4)


def test_a_pass_holds_every_image_once_but_the_last_incomplete_batch():
    images = np.arange(10, dtype=np.uint8)[:, None, None, None].repeat(4, 2).repeat(4, 3)
    split = Arrays("numbers", images, np.arange(10) % 3)
    batches = list(islice(whole(split), 4))
    assert batches[0].images.shape == (4, 1, 4, 4)
    for batch in batches:
        assert torch.equal(batch.images[:, 0, 0, 0] % 3, batch.labels)
    first, second = (
        torch.cat([b.images[:, 0, 0, 0] for b in part]).tolist() for part in (batches[:2], batches[2:])
    )
    assert len(set(first)) == len(set(second)) == 8
    assert first != second


def test_files_are_read_once_where_they_fit_into_memory(digits, monkeypatch):
    split = open_source(digits).split("train")
    batches = whole(split)
    first = list(islice(batches, 3))
    monkeypatch.setattr(type(split), "examples", None)
    later = list(islice(iter(batches), 2))
    for batch in (*first, *later):
        assert torch.equal(batch.images[:, 0, 0, 0] // 10 % 2, batch.labels)
    assert batches.count == 10


def test_files_beyond_the_memory_are_read_in_each_pass(tmp_path):
    for number in range(3):
        Image.new("L", (1024, 512), number).save(tmp_path / f"{number}.png")
    batches = whole(open_source(tmp_path).split("train"), Data(whole=True, batch=1, cache=1))
    values = [int(batch.images[0, 0, 0, 0]) for batch in islice(batches, 7)]
    assert batches.memory is None
    assert sorted(values[:3]) == sorted(values[3:6]) == [0, 1, 2]


def test_fewer_images_than_a_batch_are_one_batch(digits):
    batches = whole(open_source(digits).split("train"), Data(whole=True, batch=64))
    assert [len(batch.images) for batch in islice(batches, 3)] == [10, 10, 10]


def test_images_that_do_not_suit_are_sentences(digits):
    Image.new("L", (16, 8)).save(digits / "class-0" / "wide.png")
    with pytest.raises(
        OptionError, match=r"other images are 12 x 8 pixels.*; make all of one size, or train on crops"
    ):
        list(islice(whole(open_source(digits).split("train")), 3))
    for size, mode, message in (
        ((12, 8), "RGB", "has 3 channels and the network takes 1; set channels in the config"),
        (
            (13, 8),
            "L",
            "is 13 x 8 pixels with 1 channel, and the network takes sides that are multiples of 4",
        ),
    ):
        for path in sorted(digits.rglob("*.png")):
            Image.new(mode, size).save(path)
        with pytest.raises(OptionError, match=message):
            whole(open_source(digits).split("train"))
    with pytest.raises(
        OptionError, match="is 13 x 8 pixels with 1 channel, and the network takes 14 x 8; set height and"
    ):
        WholeBatches(open_source(digits).split("train"), WHOLE, 0, VaeOfOneSize())
    for path in digits.rglob("*.png"):
        path.write_bytes(b"damaged")
    with pytest.raises(OptionError, match="no readable image to train on"):
        whole(open_source(digits).split("train"))


def test_a_vae_learns_whole_gray_images_and_their_labels_reach_the_objective(
    recipe, digits, tmp_path, monkeypatch
):
    batches = []
    inner = Objective.labeled_losses

    def noted(self, vae, x, labels, done):
        batches.append((x.shape, labels))
        return inner(self, vae, x, labels, done)

    monkeypatch.setattr(Objective, "labeled_losses", noted)
    plain = recipe(
        architecture="ladder",
        config={"channels": 1, "widths": [16, 16], "latents": [2, 2]},
        data={"whole": True, "batch": 4},
        objective={"kind": "elbo", "kl": 0.01},
    )
    output = tmp_path / "x.safetensors"
    info = train(plain, Run(digits, tmp_path / "run", Budget(steps=200)), output, registry())
    assert info.training["images"] == 10
    assert batches[0][0] == (4, 1, 8, 12)
    assert set(torch.cat([labels for _, labels in batches]).tolist()) == {0, 1}
    network, _ = load_vae(output, registry())
    x = torch.full((1, 1, 8, 12), 0.2)
    with torch.inference_mode():
        assert (network.decode(network.encode(x, {}).mean()).mean - x).abs().mean() < 0.1


def test_an_objective_that_needs_labels_refuses_images_without(recipe, photographs, tmp_path, monkeypatch):
    class Labeled(Objective):
        needs_labels = True

        def losses(self, vae, x, done):
            return Losses({})

    with pytest.raises(UsageError, match=r"22 images of .* have no label; put the images of each class"):
        batches_of(recipe(), Labeled(None), Vae(), open_source(photographs), Run(photographs, tmp_path), 0)


def test_images_that_vanish_during_training_are_a_sentence(digits):
    batches = whole(open_source(digits).split("train"), Data(whole=True, batch=4))
    for path in digits.rglob("*.png"):
        path.unlink()
    with pytest.raises(OptionError, match="None of the images can be read any more"):
        next(iter(batches))
