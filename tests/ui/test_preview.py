"""Previews: parts at 1:1 are those of the whole result, wide views are coarse first, and faults are sentences."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from worker_here import worker_here

from vaeedit import Frame, Pipeline, Step
from vaeedit.errors import UsageError
from vaeedit.image import read, write
from vaeedit.ui.engine.preview import render
from vaeedit.ui.engine.rasters import window
from vaeedit.ui.engine.speed import UNKNOWN, Speeds
from vaeedit.ui.engine.view import Rendered, View

SAMPLES = Path(__file__).parents[2] / "samples/images"
WHOLE = (0.0, 0.0, 1.0, 1.0)
MIDDLE = (0.25, 0.25, 0.75, 0.75)


@pytest.fixture(scope="module")
def own():
    return worker_here()[0]


@pytest.fixture
def worker(own, monkeypatch):
    """A worker that knows no speeds, takes any time, and may shrink tiny pictures."""
    monkeypatch.setattr("vaeedit.ui.engine.area.SMALLEST", 48)
    own.speeds = Speeds()
    own.speeds.pixels = lambda key, wanted, finer: wanted
    return own


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    write(Frame(read(SAMPLES / "night-tree-phone.jpg").pixels[1000:1192, 900:1156]), path)
    return path


def layer(shown: Rendered, name: str) -> np.ndarray:
    assert not shown.error
    values = cv2.imdecode(np.frombuffer(shown.layers[name], np.uint8), cv2.IMREAD_UNCHANGED)
    return values if values.ndim == 2 else values[..., [2, 1, 0, *range(3, values.shape[2])]]


def difference(a: np.ndarray, b: np.ndarray) -> int:
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b).max())


@pytest.mark.parametrize(
    "step", [Step("denoise"), Step("vary"), Step("super-resolve")], ids=lambda one: one.operation
)
def test_a_part_at_one_to_one_is_that_of_the_whole_result(worker, photo, step):
    pipeline = Pipeline(step, seed=3)
    whole = worker.session.run(pipeline, read(photo)).frame.pixels
    height, width = whole.shape[:2]
    part = whole[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4]
    for _ in range(2):  # the first answer does not know yet that the result is larger
        shown = render(worker, photo, pipeline, View(MIDDLE, width // 2, height // 2))
    assert not shown.exact
    assert shown.scale == 1
    assert shown.size == (width, height)
    assert difference(layer(shown, "after"), part) <= 2  # pixels beyond the margin count a little
    assert difference(layer(shown, "before"), read(photo).pixels[48:144, 64:192]) == 0


def test_a_wide_view_has_the_pixels_of_the_screen(worker, photo):
    shown = render(
        worker, photo, Pipeline(Step("denoise")), View(WHOLE, 128, 96, ("before", "after", "uncertainty"))
    )
    assert {name: layer(shown, name).shape for name in shown.layers} == {
        "before": (96, 128, 3),
        "after": (96, 128, 3),
        "uncertainty": (96, 128),
    }
    assert shown.scale == 1
    assert shown.note == "Computed at 50 % of the size."
    assert shown.ranges["uncertainty"][0] == 0
    expected = cv2.resize(read(photo).pixels, (128, 96), interpolation=cv2.INTER_AREA)
    assert difference(layer(shown, "before"), expected) == 0


def test_what_takes_long_comes_coarse_first_and_finer_when_asked_again(worker, photo):
    worker.speeds.pixels = lambda key, wanted, finer: wanted * (1, 3, 16)[finer] / 16
    pipeline, scales = Pipeline(Step("denoise")), []
    for finer in range(3):
        shown = render(worker, photo, pipeline, View(WHOLE, 256, 192, finer=finer))
        assert layer(shown, "after").shape == (192, 256, 3)
        scales.append(shown.scale)
    assert scales[0] < scales[1] < 1
    assert scales[2] == 1


def test_of_an_operation_that_adds_a_change_the_picture_stays_sharp(worker, photo):
    """A coarse run gives the change of colors; the pixels keep their details."""
    pipeline = Pipeline(Step("direct", along="warmth", amount=1))
    fine = layer(render(worker, photo, pipeline, View(WHOLE, 256, 192)), "after")
    worker.speeds.pixels = lambda key, wanted, finer: wanted / 8
    shown = render(worker, photo, pipeline, View(WHOLE, 256, 192))
    assert shown.scale < 0.4
    before = layer(shown, "before").astype(int)
    assert np.abs(layer(shown, "after") - fine.astype(int)).mean() < np.abs(fine - before).mean() / 3


def test_speeds_are_learned():
    speeds = Speeds()
    assert speeds.pixels("a", 1e5, 0) == 1e5
    assert speeds.pixels("a", 1e7, 0) < 1e6 / UNKNOWN
    speeds.learn("a", 30, 100_000, 2)  # loads the VAE
    assert speeds.pixels("a", 1e5, 2) < 1e5
    for pixels in (100_000, 1_000_000):
        speeds.learn("a", 0.08 + 0.2 * pixels / 1e6, pixels, 2)
    assert speeds.of("a").times == 2
    assert speeds.of("a").line == pytest.approx((0.08, 0.2))
    assert speeds.pixels("a", 8e5, 0) == 8e5
    assert speeds.pixels("a", 3e6, 0) == pytest.approx(0.25e6)
    assert speeds.pixels("a", 3e6, 1) == 3e6
    assert speeds.pixels("b", 1e5, 0) == 1e5


@pytest.mark.parametrize("shape", [(192, 256), (24, 32)], ids=["mask of the same size", "smaller mask"])
def test_a_mask_is_cut_with_the_region(worker, photo, tmp_path, shape):
    values = np.zeros((*shape, 1), np.uint8)
    values[:, : shape[1] // 2] = 255
    write(Frame(values), tmp_path / "mask.png")
    pipeline = Pipeline(Step("denoise", mask=str(tmp_path / "mask.png")))
    whole = worker.session.run(pipeline, read(photo)).frame.pixels[48:144, 64:192]
    after = layer(render(worker, photo, pipeline, View(MIDDLE, 128, 96)), "after")
    assert difference(after, whole) <= 2  # pixels beyond the margin count a little
    assert difference(after[:, 80:], read(photo).pixels[48:144, 144:192]) == 0


def test_an_operation_that_sees_the_whole_picture_gets_it(worker, photo):
    """A part of the picture has other colors than all of it, so a style must not be fitted to the part alone."""
    pipeline = Pipeline(Step("style", style=str(SAMPLES / "sunset.jpg"), texture=0))
    whole = worker.session.run(pipeline, read(photo)).frame.pixels[48:144, 64:192]
    after = layer(render(worker, photo, pipeline, View(MIDDLE, 128, 96)), "after")
    assert np.abs(after - whole.astype(int)).mean() < 2


def test_gray_alpha_and_depth(worker, photo, tmp_path):
    frame = read(photo)
    alpha = np.tile(np.arange(256, dtype=np.uint16) * 257, (192, 1))
    write(Frame(frame.pixels[..., :1].astype(np.uint16) * 257, alpha), tmp_path / "gray.png")
    shown = render(worker, tmp_path / "gray.png", Pipeline(Step("vary")), View(MIDDLE, 128, 96))
    before = layer(shown, "before")
    assert before.shape == layer(shown, "after").shape == (96, 128, 4)
    assert difference(before[..., 0], frame.pixels[48:144, 64:192, 0]) == 0
    assert difference(before[..., 3], np.tile(np.arange(64, 192), (96, 1))) == 0


def test_a_vae_of_one_size_gets_the_whole_picture(worker, tmp_path):
    digit = np.zeros((28, 28, 1), np.uint8)
    digit[4:24, 12:16] = 255
    write(Frame(digit), tmp_path / "one.png")
    pipeline = Pipeline(Step("relabel", to=7))
    worker.speeds.pixels = lambda key, wanted, finer: 1.0
    shown = render(worker, tmp_path / "one.png", pipeline, View(WHOLE, 28, 28))
    assert (
        difference(
            layer(shown, "after"),
            worker.session.run(pipeline, read(tmp_path / "one.png")).frame.pixels[..., 0],
        )
        == 0
    )
    wrong = render(worker, SAMPLES / "osprey.jpg", pipeline, View(WHOLE, 100, 100))
    assert "28x28" in wrong.error
    assert list(wrong.layers) == ["before"]


def test_without_steps_the_picture_is_its_own_result(worker, photo):
    for pipeline in (None, Pipeline()):
        shown = render(worker, photo, pipeline, View(MIDDLE, 64, 48))
        assert shown.exact
        assert shown.layers["before"] == shown.layers["after"]


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Step("denoise", strength=99), "strength must be a number from 0"),
        (Step("dennoise"), "did you mean 'denoise'"),
        (Step("style", style="missing.jpg"), "missing.jpg"),
        (Step("style"), "needs the picture 'style'"),
    ],
)
def test_what_is_wrong_is_said_and_the_picture_stays(worker, photo, step, text):
    shown = render(worker, photo, Pipeline(step), View(WHOLE, 64, 48))
    assert text in shown.error
    assert list(shown.layers) == ["before"]


def test_a_reply_is_plain_json(worker, photo):
    reply = render(worker, photo, None, View(WHOLE, 8, 6)).reply()
    assert reply["layers"]["before"].startswith("data:image/png;base64,")
    assert reply["region"] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"region": [0, 0, 2, 1]},
        {"region": [0, 0, float("nan"), 1]},
        {"region": [0.5, 0, 0.5, 1]},
        {"width": 0},
        {"height": 100_000},
        {"layers": "x" * 300},
        {"region": None},
    ],
)
def test_views_of_browsers_are_checked(wrong):
    asked = {"region": [0, 0, 1, 1], "width": 10, "height": 10, "key": "k", "version": 1}
    assert View.of(asked).width == 10
    with pytest.raises(UsageError, match="reload"):
        View.of({**asked, **wrong})


def test_a_window_between_pixels_is_interpolated_at_its_place():
    ramp = np.tile(np.arange(0, 80, 10, dtype=np.uint8)[None, :, None], (4, 1, 1))
    part = window(ramp, (0.25, 0.0, 0.75, 1.0), 8, 4)[0, :, 0]
    assert np.abs(part - np.arange(17.5, 55, 5)).max() <= 1
