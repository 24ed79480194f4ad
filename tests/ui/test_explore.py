"""The tasks of the tab Explore, on shipped weights and real pictures."""

import io
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import vaeedit
from vaeedit.errors import UnknownName
from vaeedit.settings import Settings
from vaeedit.ui.engine.view import View
from vaeedit.ui.engine.worker import Worker
from vaeedit.ui.explore.codes import codes_of, fitted
from vaeedit.ui.explore.picture import GRAY
from vaeedit.ui.explore.points import Walk, weights
from vaeedit.ui.explore.scene import LatentStep, Move, Scene
from vaeedit.ui.explore.tasks import listed, moved, opened, rendered, saved
from vaeedit.vae.files import find_vae
from vaeedit_variants.generated import generated

IMAGES = Path(__file__).parents[2] / "samples/images"
MOUNTAIN, SUNSET, OSPREY, BOX = (
    str(IMAGES / f"{name}.jpg") for name in ("mountain", "sunset", "osprey", "box-iso1600")
)
SIDE = 96
PHOTO = Scene("photo", (MOUNTAIN, SUNSET), side=SIDE)
DIGITS = Scene("mnist-conditional")


@pytest.fixture(scope="module")
def worker():
    line = SimpleNamespace(tell=lambda done, text: None, outdated=False)
    return Worker(Settings(device="cpu", precision="float32"), line)


@pytest.fixture(scope="module")
def shown(worker, tmp_path_factory):
    """The pixels of a move at rest."""
    path = tmp_path_factory.mktemp("explored") / "picture.png"

    def go(scene, **changes):
        saved(worker, scene, Move(**changes), path)
        return np.asarray(Image.open(path))

    return go


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_corners_of_the_pad_are_the_pictures(count):
    corners = {1: [(0, 0)], 2: [(0, 0), (1, 0)], 3: [(0, 0), (1, 0), (0.3, 1)]}.get(
        count, [(0, 0), (1, 0), (0, 1), (1, 1)]
    )
    for number, (x, y) in enumerate(corners):
        assert weights(count, x, y) == [float(number == n) for n in range(count)]
    assert sum(weights(count, 0.3, 0.6)) == pytest.approx(1)


def test_a_walk_goes_through_the_mean_latents(worker):
    codes = codes_of(worker, PHOTO)
    a, b = codes.pictures
    for x, latents in ((0, a.latents.mean()), (0.25, a.latents.lerp(b.latents, 0.25)), (1, b.latents.mean())):
        (walked,) = Walk(worker.session, codes, Move(x=x), lambda: codes.principal).decoded()
        assert np.allclose(walked, codes.vae.network.decode(latents).mean, atol=1e-6)


def test_with_details_the_corners_are_the_pictures_themselves(worker, shown):
    for x, picture in zip((0, 1), codes_of(worker, PHOTO).pictures, strict=True):
        assert np.array_equal(shown(PHOTO, x=x, details=True), picture.frame.pixels)


def test_operations_that_move_latents_do_what_they_do_alone(worker, shown):
    steps = {"direct": {"along": "warmth", "amount": 2.0}, "vary": {"amount": 3.0}}
    frame = codes_of(worker, PHOTO).pictures[0].frame
    for name, options in steps.items():
        alone = worker.session.run(vaeedit.Pipeline(vaeedit.Step(name, **options), seed=5), frame)
        here = shown(PHOTO, steps=(LatentStep(name, options),), details=True, seed=5)
        assert np.abs(here.astype(int) - alone.frame.pixels).max() <= 1
    both = tuple(LatentStep(name, options) for name, options in steps.items())
    assert not np.array_equal(shown(PHOTO, steps=both), shown(PHOTO, steps=both[:1]))


def test_what_an_operation_says_is_said(worker):
    step = LatentStep("direct", {"along": "sharpness", "amount": -6.0})
    warnings = moved(worker, Scene("photo", (MOUNTAIN,), side=256), Move(steps=(step,))).warnings
    assert any("squares" in text for text in warnings)


def test_an_unknown_option_and_a_class_that_is_none_are_refused(worker):
    with pytest.raises(vaeedit.VaeeditError, match="direct has no option 'alon'; did you mean 'along'"):
        moved(worker, PHOTO, Move(steps=(LatentStep("direct", {"alon": 1}),)))
    with pytest.raises(UnknownName, match="eleven"):
        moved(worker, DIGITS, Move(label="eleven"))


def test_levels_are_scaled(worker, shown):
    rest = shown(PHOTO)
    assert np.array_equal(shown(PHOTO, means=(1, 1, 1)), rest)
    coarse = shown(PHOTO, means=(1, 0, 0))
    sharpness = [np.abs(np.diff(each.astype(float), axis=1)).mean() for each in (coarse, rest)]
    assert sharpness[0] < sharpness[1]
    assert np.array_equal(shown(PHOTO, samples=1, deviations=(0, 0, 0)), rest)
    assert not np.array_equal(shown(PHOTO, samples=1, temperature=4, deviations=(0, 0, 2)), rest)


def test_samples_follow_their_seeds(worker, shown):
    small = Scene("photo", (MOUNTAIN,), side=SIDE // 2)
    alone = [shown(small, samples=1, seed=seed, temperature=3.0) for seed in (7, 8)]
    sheet = shown(PHOTO, samples=2, seed=7, temperature=3.0)
    width = alone[0].shape[1]
    assert np.array_equal(sheet[:, :width], alone[0])
    assert np.array_equal(sheet[:, -width:], alone[1])
    assert (sheet[:, width:-width] == GRAY).all()
    assert np.array_equal(shown(small, samples=1, temperature=0.0), shown(small))


def test_a_conditional_vae_samples_what_its_picture_may_be(worker, shown):
    scene = Scene("denoise", (BOX,), side=SIDE)
    known = opened(worker, scene)
    assert (known.codes, known.draws, known.spread) == (False, False, True)
    assert known.shares == known.operations == known.fidelity == ()
    rest = shown(scene)
    drawn = [shown(scene, samples=1, seed=seed) for seed in (1, 2)]
    assert len({each.tobytes() for each in (rest, *drawn)}) == 3
    assert np.abs(drawn[0].astype(float) - rest).mean() < 10
    enlarged = opened(worker, Scene("super-resolve", (MOUNTAIN,), side=SIDE))
    shape = shown(Scene("super-resolve", (MOUNTAIN,), side=SIDE)).shape
    assert shape[1] == SIDE == 2 * enlarged.width


@pytest.mark.parametrize(("label", "guidance"), [("", 1.0), ("7", 1.0), ("3", 2.5)])
def test_draws_are_those_of_the_command(worker, shown, label, guidance):
    known = {} if not label else {"label": int(label), "guidance": guidance}
    vae = worker.session.vae("mnist-conditional")
    expected = list(generated(vae, 4, seed=11, temperature=0.8, **known))
    drawn = {"seed": 11, "temperature": 0.8, "label": label, "guidance": guidance}
    sheet = shown(DIGITS, samples=4, **drawn)
    places = [sheet[top : top + 28, left : left + 28] for top in (0, 32) for left in (0, 32)]
    for place, image in zip(places, expected, strict=True):
        assert np.array_equal(place, image[..., 0])
    for (x, y), image in zip([(0, 0), (1, 0), (0, 1), (1, 1)], expected, strict=True):
        assert np.array_equal(shown(DIGITS, x=x, y=y, **drawn), image[..., 0])


def test_a_digit_is_recognized_and_drawn_as_another(worker, shown, tmp_path):
    seven = str(tmp_path / "seven.png")
    Image.fromarray(shown(DIGITS, samples=1, label="7", seed=3)).resize((280, 280)).save(seven)
    scene = Scene("mnist-conditional", (seven,))
    known = opened(worker, scene)
    assert known.labels == ("7",)
    assert known.classes == tuple("0123456789")
    assert np.array_equal(shown(scene), shown(scene, label="7"))
    assert not np.array_equal(shown(scene), shown(scene, label="1"))


@pytest.mark.parametrize("vae", ["mnist-plain", "mnist-ladder", "mnist-bayesian", "mnist-completion"])
def test_every_vae_with_a_prior_draws_and_has_directions(worker, shown, vae):
    known = opened(worker, Scene(vae))
    assert known.draws
    assert all(one >= other for one, other in pairwise(known.shares))
    rest = shown(Scene(vae), samples=1)
    moves = [shown(Scene(vae), samples=1, along=(0,) * n + (3,)) for n in (0, len(known.shares) - 1)]
    first, last = (np.abs(each.astype(float) - rest).mean() for each in moves)
    assert first > last > 0


def test_directions_of_photographs_are_those_of_their_areas(worker, shown):
    known = opened(worker, PHOTO)
    assert 0.9 < sum(known.shares) <= 1
    assert known.operations == ("direct", "vary")
    lighter, darker = (shown(PHOTO, along=(amount,)).astype(float) for amount in (1, -1))
    rest = shown(PHOTO).astype(float)
    assert ((lighter - rest) * (darker - rest)).mean() < 0


def test_what_is_said_of_a_scene(worker):
    known = opened(worker, PHOTO)
    assert [(level.channels, known.height // level.height) for level in known.levels] == [
        (8, 8),
        (6, 4),
        (3, 2),
    ]
    assert 0 < known.levels[0].bits < known.levels[1].bits < 8
    assert all(30 < psnr < 60 for psnr in known.fidelity)
    assert len(known.thumbnails) == 2


def test_a_look_is_coarse_first(worker, shown):
    scene, move = Scene("photo", (OSPREY,), side=320), Move(along=(1.0,))
    known = moved(worker, scene, move)
    assert (known.width, known.height) == (320, 176)
    whole = {"region": (0, 0, 1, 1), "width": 320, "height": 176, "layers": ("before", "after")}
    coarse, fine = (rendered(worker, scene, move, View(**whole, finer=finer)) for finer in (0, 1))
    assert (coarse.exact, coarse.scale, fine.exact, fine.scale) == (False, 0.8, True, 1)
    assert np.array_equal(pixels(fine.layers["after"]), shown(scene, along=(1.0,)))
    assert np.array_equal(pixels(fine.layers["before"]), codes_of(worker, scene).pictures[0].frame.pixels)
    view = View(region=(0.25, 0.5, 0.5, 1), width=80, height=88, layers=("after",), finer=1)
    part = rendered(worker, scene, move, view)
    assert part.region == view.region
    assert np.array_equal(pixels(part.layers["after"]), shown(scene, along=(1.0,))[88:, 80:160])
    digit = View(region=(0, 0, 1, 1), width=500, height=500, layers=("after",))
    assert rendered(worker, DIGITS, Move(), digit).exact
    assert pixels(rendered(worker, DIGITS, Move(), digit).layers["after"]).shape == (28, 28)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def test_pictures_fill_the_size_of_the_first():
    values = np.zeros((40, 80, 3), np.uint8)
    values[:, 20:60] = 200
    square = fitted(vaeedit.Frame(values), (20, 20), 1)
    assert square.pixels.shape == (20, 20, 1)
    assert (square.pixels == 200).all()


def test_vaes_are_listed_by_what_they_do(worker, tmp_path):
    inside, outside = tmp_path / "root/vaes", tmp_path / "outside"
    inside.mkdir(parents=True)
    outside.mkdir()
    weights = find_vae("mnist-plain", worker.session.registry).read_bytes()
    for path in (inside / "mine.safetensors", outside / "theirs.safetensors"):
        path.write_bytes(weights)
    (inside / "broken.safetensors").write_bytes(weights[:100])
    (inside / "link.safetensors").symlink_to(outside / "theirs.safetensors")
    found = {one.vae: one.group for one in listed(worker, tmp_path / "root")}
    assert found["photo"] == "Codes pictures"
    assert found["denoise"] == found["super-resolve"] == "Restores pictures"
    assert found["mnist-conditional"] == found[str(inside / "mine.safetensors")] == "Draws pictures"
    assert "mnist-classifier" not in found
    assert {Path(name).name for name in found if "/" in name} == {"mine.safetensors"}
