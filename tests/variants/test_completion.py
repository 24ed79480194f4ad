"""Completion: the likelihood of the hidden part, its training and figures, and `vaeedit complete`."""

import json
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image
from torch.distributions import MultivariateNormal

from vaeedit import Session, read
from vaeedit.api import Completing, Frame, Generative, importance_bound, load_vae, open_source, registry
from vaeedit.cli.main import call
from vaeedit.vae.files import VaeInfo, find_vae, save_vae
from vaeedit_variants.complete import completions
from vaeedit_variants.completion import CompletionVAE
from vaeedit_variants.completion_evaluation import VISIBLE
from vaeedit_variants.completion_options import CompletionConfig
from vaeedit_variants.masks import QUADRANTS, quadrants, random_masks

SMALL = {"height": 10, "width": 12, "stride": 2, "widths": (8, 12), "latents": (2, 3), "inner": 4}


def network(**changed):
    torch.manual_seed(0)
    vae = CompletionVAE(CompletionConfig(**{**SMALL, **changed}))
    for parameter in vae.parameters():  # heads start at zero, which would hide mistakes
        torch.nn.init.normal_(parameter, std=0.2)
    return vae.eval()


def half():
    visible = torch.zeros(1, 1, 10, 12)
    visible[..., :6] = 1
    return visible


@pytest.fixture(scope="module")
def completing(tmp_path_factory):
    path = tmp_path_factory.mktemp("completing") / "small.safetensors"
    recipe = {"objective": {"kind": "completion", "binarize": True}}
    save_vae(path, network(), VaeInfo(name="small", architecture="completion", config=SMALL, recipe=recipe))
    return path


@pytest.mark.parametrize("likelihood", ["bernoulli", "laplace"])
def test_visible_values_neither_count_nor_change(likelihood):
    vae, x = network(likelihood=likelihood), torch.rand(3, 1, 10, 12)
    assert isinstance(vae, Completing)
    given = vae.given_visible(x, half())
    with torch.no_grad():
        features = given.features(x)
        torch.manual_seed(1)
        first = given.draw(x, features)
        torch.manual_seed(1)
        second = given.draw(torch.where(half() > 0, 1 - x, x), features)
        torch.testing.assert_close(first.log_likelihood, second.log_likelihood)
        decoded = given.decode(given.prior(3, (10, 12)).sample(0), std=True)
    assert torch.equal(decoded.mean[..., :6], x[..., :6])
    assert not decoded.std[..., :6].any()
    assert decoded.std[..., 6:].mean() > 0.01


def test_hidden_values_reach_the_posterior_alone():
    vae, x = network(), torch.rand(2, 1, 10, 12)
    other = torch.where(half() > 0, x, 1 - x)
    with torch.no_grad():
        means = [vae.given_visible(each, half()).prior(2, (10, 12)).sample(0) for each in (x, other)]
        assert torch.equal(vae.decode(means[0]).mean, vae.decode(means[1]).mean)
        codes = [vae.given_visible(x, half()).encode(each, {}).levels[0].mean for each in (x, other)]
    assert not torch.equal(*codes)


def test_with_nothing_visible_it_is_a_generative_vae():
    vae, x = network(), torch.rand(40, 1, 10, 12).round()
    assert isinstance(vae, Generative)
    with torch.no_grad():
        features = vae.features(x)
        draw = vae.draw(x, features)
        bound = importance_bound(vae.draw(x, features) for _ in range(50))
        elbo = torch.stack([vae.draw(x, features).elbo for _ in range(50)]).mean(0)
    assert (bound.mean() >= elbo.mean()).item()
    assert draw.log_likelihood.allclose(draw.likelihood.log_prob(x).flatten(1).sum(1))
    assert vae.decode(vae.prior(5, (10, 12)).sample(0)).mean.shape == (5, 1, 10, 12)
    assert vae.decode(vae.encode(x, {}).mean()).mean.shape == x.shape


def test_one_condition_serves_many_images():
    vae, x = network(), torch.rand(1, 1, 10, 12)
    many = x.expand(4, -1, -1, -1)
    with torch.no_grad():
        one, each = (vae.given_visible(seen, half()) for seen in (x, many))
        decoded = [vae.decode(given.prior(4, (10, 12)).sample(0)).mean for given in (one, each)]
    torch.testing.assert_close(*decoded)


def linear():
    """A network whose layers are linear: x = W z + b + noise, of which the left half is visible.

    W has orthogonal columns on both halves, so that p(z | c) and q(z | x, c) are diagonal and exact: those of probabilistic
    PCA, N(P^-1 W^T (x - b) / s^2, P^-1) with P = W^T W / s^2 + 1 (Tipping & Bishop 1999), for the rows of W that are seen.
    """
    config = {"height": 4, "width": 4, "stride": 4, "widths": (8,), "latents": (2,), "inner": 2}
    vae = CompletionVAE(CompletionConfig(**config, likelihood="fixed-gaussian"))
    left = torch.tensor([1.0, 1, 0, 0]).repeat(4)
    generator = torch.Generator().manual_seed(0)
    w = torch.zeros(16, 2)
    for half in (left, 1 - left):
        w[half > 0] = torch.linalg.qr(torch.randn(8, 2, generator=generator))[0] * torch.tensor([0.5, 0.2])
    b, variance = torch.rand(16, generator=generator), 0.1**2

    def posterior(seen):
        precision = (seen[:, None] * w**2).sum(0) / variance + 1
        return (seen[:, None] * w / variance / precision).T, precision**-0.5

    (prior, s), (whole, s_q) = posterior(left), posterior(torch.ones(16))
    eye, ladder = torch.eye(2), vae.ladder
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.zero_()
        for pyramid, forward in ((vae.observer, prior), (vae.encoder, whole)):
            pyramid.stem.weight[:2, :16, 1, 1] = forward
            pyramid.stem.bias[:2] = -forward @ b
        ladder.enter[0].weight[:2, :2, 0, 0] = eye
        ladder.prior[0].weight[:2, :2, 0, 0] = eye
        ladder.prior[0].bias[2:] = s.log()
        first, _, last = ladder.posterior[0]
        for sign, units in ((1, slice(2)), (-1, slice(2, 4))):  # a = relu(a) - relu(-a)
            first.weight[units, 8:10, 0, 0] = sign * eye / s
            first.weight[units, :2, 0, 0] = -sign * eye / s
            last.weight[:2, units, 0, 0] = sign * eye
        last.bias[2:] = (s_q / s).log()
        ladder.inject[0].weight[2:4, :, 0, 0] = eye
        for sign, part in ((1, slice(16)), (-1, slice(16, 32))):
            vae.head.expand.weight[part, 2:4, 1, 1] = sign * w
            vae.head.expand.bias[part] = sign * b
        vae.head.final.weight[0, :, 1, 1] = torch.tensor([1.0, -1.0])
    return vae, left, MultivariateNormal(b, w @ w.T + variance * torch.eye(16))


def test_a_linear_network_gives_the_conditional_density_of_a_normal_distribution():
    vae, left, joint = linear()
    torch.manual_seed(0)
    x = joint.sample((200,))
    seen, covariance = left > 0, joint.covariance_matrix
    marginal = MultivariateNormal(joint.loc[seen], covariance[seen][:, seen])
    exact = joint.log_prob(x) - marginal.log_prob(x[:, seen])
    images = x.view(-1, 1, 4, 4)
    with torch.no_grad():
        given = vae.given_visible(images, left.view(1, 1, 4, 4))
        draw = given.draw(images, given.features(images))
    torch.testing.assert_close(draw.log_weight, exact, atol=2e-3, rtol=0)


def test_random_masks_hide_something_else_each_time():
    torch.manual_seed(0)
    masks = random_masks(400, (9, 12), 0.5, torch.device("cpu"))
    assert masks.shape == (400, 1, 9, 12)
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    assert len({mask.numpy().tobytes() for mask in masks}) > 150
    only = random_masks(400, (9, 12), 1.0, torch.device("cpu"))
    assert (
        len({mask.numpy().tobytes() for mask in only}) == 15
    )  # all subsets of four quadrants, but not all of them


def test_the_quadrants_of_the_protocol():
    whole = sum(quadrants([name], (5, 6)) for name in QUADRANTS)
    assert torch.equal(whole, torch.ones(1, 1, 5, 6))
    assert quadrants(["lower left"], (4, 4))[0, 0].tolist() == [[0] * 4, [0] * 4, [1, 1, 0, 0], [1, 1, 0, 0]]
    assert [len(names) for names in VISIBLE] == [1, 2, 3, 3]


BARS = """
name: tiny
summary: Of these tests.
architecture: completion
config: {height: 8, width: 12, stride: 2, widths: [12, 16], latents: [1, 4], inner: 4}
data: {whole: true, batch: 32}
objective: {kind: completion, binarize: true, quadrants: 1}
optimizer: {rate: 0, adam_rate: 0.01, warmup: 5, clip: 100, cooldown: 0.5, decay: 0.9}
"""


def figures(capsys, *more):
    capsys.readouterr()
    assert call(["evaluate", "completion", "bars", "--importance", "5", "--json", *more]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_training_learns_to_continue_bars(bars, capsys):
    """Bars are columns: the lower left says all of the upper left, and the left half most of the right one."""
    (bars / "tiny.yaml").write_text(BARS)
    for steps in (1, 300):
        for file in bars.glob("tiny.[sm]*"):
            file.unlink()
        arguments = ["--steps", str(steps), "--run", f"run{steps}", "-o", "tiny.safetensors"]
        assert call(["train", "tiny.yaml", "bars", *arguments]) == 0
        rows = figures(capsys, "--vae", "tiny.safetensors")
        nats = [row["nll"] for row in rows]
        assert nats[0] > nats[1] > nats[2]
        if steps == 1:
            assert nats[2] > 14  # 24 values cost 24 log 2 = 16.6 nats
    assert nats[0] < 35
    assert nats[1] < 20
    assert nats[2] < 10
    assert rows[0]["visible"] == "lower left"
    assert "5 samples" in rows[0]["protocol"]
    assert len(figures(capsys, "--vae", "tiny.safetensors", "--limit", "3")) == len(rows)


@pytest.fixture
def hidden(tmp_path, monkeypatch):
    """A picture of 12x10 pixels, and masks."""
    monkeypatch.chdir(tmp_path)
    picture = np.arange(120, dtype=np.uint8).reshape(10, 12) * 2
    mask = np.zeros((10, 12), np.uint8)
    Image.fromarray(np.stack([picture] * 3, 2) + np.uint8([0, 0, 9])).save("color.png")
    Image.fromarray(mask).save("black.png")
    mask[3:, 5:] = 255
    for name, values in (("in", picture), ("mask", mask), ("small", mask[:8]), ("other", picture[:8])):
        Image.fromarray(values).save(f"{name}.png")
    return tmp_path


def test_completions_differ_and_keep_what_is_visible(completing, hidden):
    run = ["complete", "in.png", "--mask", "mask.png", "--vae", str(completing), "-n", "3"]
    assert call([*run, "-o", "many"]) == 0
    assert call([*run, "--seed", "2", "-o", "grid.png"]) == 0
    picture, mask = read("in.png").pixels, read("mask.png").pixels > 0
    made = [read(f"many/{index:04d}.png").pixels for index in range(3)]
    assert all(np.array_equal(image[~mask], picture[~mask]) for image in made)
    assert not np.array_equal(made[0], made[1])
    grid = read("grid.png").pixels
    assert grid.shape == (2 * 10 + 2, 2 * 12 + 2, 1)
    assert np.array_equal(grid[:10, :12], np.where(mask, 128, picture))
    assert np.array_equal(grid[:10, 14:], made[2])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["in.png", "--mask", "small.png"], "The mask has 12x8 pixels, and the picture has 12x10"),
        (["in.png", "--mask", "black.png"], "The mask hides nothing"),
        (
            ["other.png", "--mask", "small.png"],
            "takes images of 12x10 pixels, and this one has 12x8; resize it",
        ),
        (["color.png", "--mask", "mask.png"], "takes gray images"),
        (["in.png", "--mask", "nowhere.png"], "nowhere.png"),
        (["in.png", "--mask", "mask.png", "--vae", "photo"], "The VAE photo cannot complete images"),
    ],
)
def test_what_cannot_be_completed_is_a_sentence(completing, hidden, capsys, arguments, text):
    vae = [] if "--vae" in arguments else ["--vae", str(completing)]
    assert call(["complete", *arguments, *vae, "-o", "out.png"]) != 0
    shown = capsys.readouterr().err
    assert text in shown
    assert "Traceback" not in shown
    assert not (hidden / "out.png").exists()


def test_an_output_is_not_replaced(completing, hidden, capsys):
    run = ["complete", "in.png", "--mask", "mask.png", "--vae", str(completing), "-o", "in.png"]
    before = (hidden / "in.png").read_bytes()
    assert call(run) == 2
    assert "in.png exists already" in capsys.readouterr().err
    assert (hidden / "in.png").read_bytes() == before


def test_from_python(completing, hidden):
    with Session() as session:
        mask = read("mask.png").pixels[..., 0] > 0
        first, second = completions(session.vae(str(completing)), read("in.png"), mask, 2, temperature=0)
    assert np.array_equal(first, second)


def test_the_shipped_vae_completes_real_digits(mnist):
    """Of the upper left, upper right and lower left quadrant a digit is known; of one quadrant it often is not."""
    examples = list(islice(open_source(mnist).split("test").examples(), 20))
    classifier, _ = load_vae(find_vae("mnist-classifier", registry()), registry())
    with Session() as session:
        vae = session.vae("mnist-completion")
        made = {
            count: [
                completions(
                    vae, Frame(example.load()), quadrants(VISIBLE[count - 1], (28, 28))[0, 0].numpy() < 1, 3
                )
                for example in examples
            ]
            for count in (1, 3)
        }
    for example, one, three in zip(examples, made[1], made[3], strict=True):
        digit = example.load()
        assert all(np.array_equal(image[14:, :14], digit[14:, :14]) for image in one)
        assert all(np.array_equal(image[:14], digit[:14]) for image in three)
        assert not np.array_equal(one[0], one[1])
    x = torch.from_numpy(np.stack([images[0] for images in made[3]])).permute(0, 3, 1, 2) / 255
    found = classifier.logits(classifier.embed(x)).argmax(1)
    assert (found == torch.tensor([example.label for example in examples])).sum() >= 17
