"""The conditional VAE: labels matter, are dropped, guided and named; and what cannot be done is a sentence."""

import json
import shutil

import numpy as np
import pytest
import torch

from vaeedit import read
from vaeedit.api import FixedSize, Generative, Labeled, OptionError, UnknownName, label_of
from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.vae.files import VaeInfo, load_vae, read_info, save_vae
from vaeedit_variants.conditional import ConditionalVAE
from vaeedit_variants.judged import judge
from vaeedit_variants.objective import NegativeElbo
from vaeedit_variants.options import ConditionalConfig, ElboOptions

RECIPE = """
name: tiny
summary: Of these tests.
architecture: conditional
config: {{height: 6, width: 6, widths: [32], latents: 2, classes: {classes}}}
data: {{whole: true, batch: 16}}
objective: {{kind: likelihood, drop_labels: 0.2}}
optimizer: {{rate: 0, adam_rate: 0.01, warmup: 5, clip: 100}}
"""
NAMES = ("gray", "left", "right")
PATTERNS = {"gray": np.full((6, 6), 128), "left": np.eye(6) * 255, "right": np.eye(6)[::-1] * 255}


def network(seed=0, **config):
    """A network with random weights, also where training starts from zero."""
    torch.manual_seed(seed)
    vae = ConditionalVAE(
        ConditionalConfig(**{"height": 6, "width": 6, "widths": (16,), "classes": 3, **config})
    )
    torch.nn.init.normal_(vae.encoder_labels.weight)
    return vae.eval()


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder of images of three classes: gray, and both diagonals, each a little noisy."""
    from PIL import Image

    folder, random = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for split, count in (("train", 30), ("test", 6)):
        for name, pattern in PATTERNS.items():
            (folder / split / name).mkdir(parents=True)
            for index in range(count):
                noisy = np.clip(pattern + random.normal(0, 5, (6, 6)), 0, 255).astype(np.uint8)
                Image.fromarray(noisy).save(folder / split / name / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    """A VAE of these images, trained for a second or two by the command."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "tiny.yaml").write_text(RECIPE.format(classes=3))
    arguments = ["--steps", "300", "--run", str(folder / "run"), "-o", str(folder / "tiny.safetensors")]
    assert call(["train", str(folder / "tiny.yaml"), str(images), *arguments]) == 0
    return folder / "tiny.safetensors"


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("layers", ["dense", "convolutional"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_it_is_a_generative_vae_of_any_class_and_of_each(layers, likelihood):
    vae, x = network(layers=layers, likelihood=likelihood), torch.rand(4, 1, 6, 6)
    assert isinstance(vae, Labeled) and isinstance(vae, Generative) and isinstance(vae, FixedSize)  # noqa: PT018
    given = vae.given_labels(torch.tensor([0, 1, 2, -1]))
    for each in (vae, given):
        assert each.draw(x, each.features(x)).elbo.shape == (4,)
        assert each.decode(each.prior(4, (6, 6)).sample(0), std=True).std.shape == x.shape
    assert judge([(given, x)], importance=2)["importance_bound"] < 0


def test_labels_change_the_encoder_and_the_decoder():
    vae, x = network(), torch.rand(1, 1, 6, 6)
    z = vae.prior(1, (6, 6)).sample(0)
    of = [vae.given_labels(torch.tensor([label])) for label in (-1, 0, 1)]
    codes = [each.features(x).mean for each in of]
    means = [each.decode(z).mean for each in of]
    for found in (codes, means):
        assert not any(torch.allclose(found[a], found[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    torch.testing.assert_close(codes[0], vae.features(x).mean)
    torch.testing.assert_close(means[0], vae.decode(z).mean)


def test_a_batch_of_labels_is_each_label_alone():
    vae, x = network(), torch.rand(3, 1, 6, 6)
    labels = torch.tensor([2, -1, 0])
    whole = vae.given_labels(labels).features(x).mean
    alone = [vae.given_labels(labels[i : i + 1]).features(x[i : i + 1]).mean for i in range(3)]
    torch.testing.assert_close(whole, torch.cat(alone))


def test_guidance_of_one_is_the_model_and_of_zero_any_class():
    vae = network()
    z, labels = vae.prior(2, (6, 6)).sample(0), torch.tensor([1, 2])

    def logits(guidance):
        return torch.logit(vae.given_labels(labels, guidance=guidance).decode(z).mean)

    model, of_any = torch.logit(vae.given_labels(labels).decode(z).mean), torch.logit(vae.decode(z).mean)
    torch.testing.assert_close(logits(1.0), model)
    torch.testing.assert_close(logits(0.0), of_any)
    torch.testing.assert_close(logits(3.0), of_any + 3 * (model - of_any))


def test_latents_carry_the_label_to_the_decoder():
    """So that the core, which decodes without a label, gives the image of the class."""
    vae, x = network(), torch.rand(1, 1, 6, 6)
    latents = vae.encode(x, {"label": torch.full((1, 1, 6, 6), 2.0)})
    given = vae.given_labels(torch.tensor([2]))
    torch.testing.assert_close(vae.decode(latents).mean, given.decode(given.encode(x, {})).mean)
    guided = vae.given_labels(torch.tensor([2]), guidance=2.0)
    z = guided.prior(1, (6, 6)).sample(0)
    torch.testing.assert_close(vae.decode(z).mean, guided.decode(z).mean)
    assert not torch.allclose(vae.decode(z).mean, vae.decode(given.prior(1, (6, 6)).sample(0)).mean)


@pytest.mark.parametrize(("share", "learned"), [(0.0, False), (1.0, True)])
def test_dropped_labels_train_any_class(share, learned):
    vae = network()
    objective = NegativeElbo(ElboOptions(drop_labels=share))
    losses = objective.labeled_losses(vae, torch.rand(8, 1, 6, 6), torch.arange(8) % 3, 0.5)
    sum(losses.parts.values()).backward()
    assert bool(vae.decoder_labels.weight.grad[-1].any()) == learned
    assert bool(vae.decoder_labels.weight.grad[:-1].any()) != learned


def test_training_learns_the_classes_and_keeps_their_names(trained, images, capsys):
    info = read_info(trained)
    assert info.classes == NAMES
    assert call(["generate", "--vae", str(trained), "--label", "all", "-n", "4", "-o", "grid.png"]) == 0
    picture = read("grid.png").pixels[..., 0].astype(float)
    assert picture.shape == (3 * 6 + 2 * 2, 4 * 6 + 3 * 2)  # a row for each class
    for row, name in enumerate(NAMES):
        tile = picture[8 * row : 8 * row + 6, :6]
        assert np.abs(tile - PATTERNS[name]).mean() < 40
    capsys.readouterr()
    assert call(["evaluate", "vae", str(images), "--vae", str(trained), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert "given their true labels" in row["protocol"]
    assert row["images"] == 18


def test_generate_takes_labels_by_name_or_number_and_writes_folders_of_classes(trained):
    arguments = ["--vae", str(trained), "-n", "2", "--seed", "3"]
    assert call(["generate", *arguments, "--label", "right", "--label", "0", "-o", "many"]) == 0
    assert call(["generate", *arguments, "--label", "2", "--guidance", "1", "-o", "one.png"]) == 0
    assert sorted(read(f"many/{name}/0004.png").pixels.shape for name in ("right", "gray")) == [(6, 6, 1)] * 2
    assert np.array_equal(read("many/right/0003.png").pixels, read("one.png").pixels[:, :6])
    assert call(["data", "many"]) == 0


def test_the_class_of_an_image_is_that_of_the_largest_bound(trained, images):
    vae = load_vae(trained, registry())[0]
    for label, name in enumerate(NAMES):
        x = torch.from_numpy(read(images / "test" / name / "0.png").floats().copy())[None].permute(0, 3, 1, 2)
        assert vae.estimate("label", x).unique().tolist() == [label]


@pytest.mark.parametrize(
    ("text", "names", "label"), [("7", ("0", "7"), 1), ("b", ("a", "b"), 1), ("0", ("a", "b"), 0), (4, (), 4)]
)
def test_a_name_goes_before_a_number(text, names, label):
    assert label_of(text, names) == label


@pytest.mark.parametrize("text", ["lefft", "3", "-1", "auto"])
def test_an_unknown_class_is_a_sentence(text):
    with pytest.raises(UnknownName, match="There is no class called") as caught:
        label_of(text, NAMES)
    assert ("did you mean 'left'" if text == "lefft" else "there are: gray, left, right") in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--vae", "TRAINED", "--label", "top"],
            "There is no class called 'top'; there are: gray, left, right",
        ),
        (["--vae", "TRAINED", "--guidance", "2"], "name one with --label"),
        (["--vae", "DIGITS", "--label", "1"], "The VAE digits knows no classes"),
    ],
)
def test_what_generate_cannot_do_is_a_sentence(trained, digits, capsys, arguments, text):
    files = {"TRAINED": str(trained), "DIGITS": str(digits)}
    assert call(["generate", *(files.get(word, word) for word in arguments), "-o", "out.png"]) == 2
    assert text in capsys.readouterr().err


def test_a_class_that_is_no_name_of_a_folder_is_refused(tmp_path, capsys):
    info = VaeInfo(
        name="odd", architecture="conditional", config={"height": 6, "width": 6, "widths": (16,), "classes": 3},
        classes=("a", "..", "c"),
    )  # fmt: skip
    save_vae(tmp_path / "odd.safetensors", network(latents=50), info)
    arguments = ["generate", "--vae", "odd.safetensors", "--label", "1", "-n", "1"]
    assert call([*arguments, "-o", "inside/many"]) == 2
    assert "The class .. cannot be the name of a folder" in capsys.readouterr().err
    assert not (tmp_path / "inside").exists()
    assert call([*arguments, "-o", "one.png"]) == 0


def test_data_that_does_not_suit_is_a_sentence(images, trained, tmp_path, capsys):
    (tmp_path / "few.yaml").write_text(RECIPE.format(classes=2))
    arguments = ["--steps", "1", "--run", "run", "-o", "few.safetensors"]
    assert call(["train", "few.yaml", str(images), *arguments]) == 2
    assert "has 3 classes, and the network takes 2; set classes" in capsys.readouterr().err
    shutil.copytree(images / "train" / "left", "unlabeled")
    (tmp_path / "tiny.yaml").write_text(RECIPE.format(classes=3))
    assert call(["train", "tiny.yaml", "unlabeled", *arguments]) == 2
    assert "images of unlabeled have no label" in capsys.readouterr().err
    assert call(["evaluate", "vae", "unlabeled", "--vae", str(trained)]) == 2
    assert "images of unlabeled have no label" in capsys.readouterr().err
    with pytest.raises(OptionError, match="There is a label 3, and the VAE has 3 classes"):
        network().given_labels(torch.tensor([0, 3]))
