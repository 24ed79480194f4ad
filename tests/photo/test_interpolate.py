"""`interpolate`: both ends to the bit, contrast half-way, contact sheets and films."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

import vaeedit
from vaeedit.api import Frame
from vaeedit.cli.main import call
from vaeedit.errors import OptionError
from vaeedit.evaluation.metrics import psnr
from vaeedit.image import read, write
from vaeedit_photo.fitted import pair
from vaeedit_photo.flow import Flow, flow_of
from vaeedit_photo.sheet import GAP, columns_of, sheet


@pytest.fixture(scope="module")
def go(run, tmp_path_factory):
    """From one frame to another, which goes through a file."""
    path = tmp_path_factory.mktemp("other") / "other.tif"

    def between(a, b, **options):
        write(b, path)
        return run("interpolate", a, other=str(path), **options)

    return between


def picture(random, height, width, channels, dtype, alpha):
    peak = np.iinfo(dtype).max
    pixels = random.integers(0, peak, (height, width, channels), endpoint=True).astype(dtype)
    return Frame(pixels, random.integers(0, peak, (height, width)).astype(dtype) if alpha else None)


@settings(max_examples=12, derandomize=True)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    channels=st.sampled_from([1, 3]),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    alpha=st.booleans(),
    frames=st.integers(2, 5),
)
def test_the_ends_are_the_pictures(go, size, channels, dtype, alpha, frames):
    random = np.random.default_rng(sum(size))
    a, b = (picture(random, *size, channels, dtype, alpha) for _ in range(2))
    film = go(a, b, frames=frames).film
    assert len(film.frames) == frames
    for frame, end in ((film.frames[0], a), (film.frames[-1], b)):
        assert np.array_equal(frame.pixels, end.pixels)
        assert (frame.alpha is None) is not alpha
        assert not alpha or np.array_equal(frame.alpha, end.alpha)


def test_contrast_is_kept_half_way(go, cat, woman):
    film = go(cat, woman, frames=3).film
    ends = [frame.floats().std((0, 1)).mean() for frame in (film.frames[0], film.frames[2])]
    faded = (0.5 * cat.floats() + 0.5 * woman.floats()).std((0, 1)).mean()
    middle = film.frames[1].floats().std((0, 1)).mean()
    assert faded < 0.9 * min(ends)
    assert middle == pytest.approx(np.mean(ends), rel=0.1)
    assert middle > 1.1 * faded


def test_every_step_leads_on(go, cat, woman):
    frames = [frame.floats() for frame in go(cat, woman, frames=6).film.frames]
    away = [np.abs(frame - frames[0]).mean() for frame in frames]
    left = [np.abs(frame - frames[-1]).mean() for frame in frames]
    assert away == sorted(away)
    assert left == sorted(left, reverse=True)


def test_a_picture_with_itself_stays(go, cat):
    for frame in go(cat, cat, frames=4).film.frames:
        assert np.abs(frame.pixels.astype(int) - cat.pixels).max() <= 1


def test_the_other_covers_the_first_and_is_cut_around_its_middle():
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 200
    a, b = pair(Frame(np.zeros((40, 40, 1), np.uint8)), Frame(wide), None)
    assert a.pixels.shape == b.pixels.shape == (40, 40, 3)
    assert (b.pixels[:, 4:-4] == 200).all()
    small, _ = pair(Frame(wide), a, 30)
    assert small.pixels.shape == (10, 30, 3)


def test_alpha_of_one_picture_is_enough(go, cat, woman):
    clear = Frame(cat.pixels, np.zeros(cat.pixels.shape[:2], np.uint8))
    film = go(clear, woman, frames=3).film
    assert [int(frame.alpha.mean()) for frame in film.frames] == [0, 128, 255]


@settings(max_examples=50, derandomize=True)
@given(count=st.integers(2, 240), height=st.integers(1, 3000), width=st.integers(1, 3000))
def test_a_sheet_has_no_empty_row(count, height, width):
    columns = columns_of(count, height, width)
    rows = -(-count // columns)
    assert 1 <= columns <= count
    assert (rows - 1) * columns < count
    assert count % columns == 0 or rows * columns - count < rows


def test_a_sheet_shows_the_frames_in_order():
    frames = [Frame(np.full((20, 30, 1), value, np.uint8)) for value in (10, 20, 30, 40, 50)]
    made = sheet(frames).pixels
    assert made.shape == (2 * 20 + GAP, 3 * 30 + 2 * GAP, 1)
    assert [made[5, 5 + 38 * k, 0] for k in range(3)] == [10, 20, 30]
    assert [made[33, 5 + 38 * k, 0] for k in range(3)] == [40, 50, 255]
    assert made[5, 31, 0] == 255


@pytest.fixture
def files(tmp_path, monkeypatch, cat, woman):
    """a.png and b.png in the current folder."""
    monkeypatch.chdir(tmp_path)
    write(cat, "a.png")
    write(woman, "b.png")
    return tmp_path


def test_a_sheet_a_gif_and_an_mp4(files, cat, woman):
    assert call(["interpolate", "a.png", "b.png", "--frames", "4"]) == 0
    made = read("a.interpolate.png").pixels
    assert np.array_equal(made[:112, :144], cat.pixels)
    assert np.array_equal(made[-112:, -144:], woman.pixels)

    assert (
        call(["interpolate", "a.png", "--other", "b.png", "--frames", "5", "--rate", "10", "-o", "x.gif"])
        == 0
    )
    with Image.open("x.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"]) == (5, (144, 112), 100)
        assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - cat.pixels).mean() < 6

    assert call(["interpolate", "a.png", "b.png", "--frames", "6", "--side", "75", "-o", "x.mp4"]) == 0
    film = cv2.VideoCapture("x.mp4")
    shown = [film.read()[1] for _ in range(int(film.get(cv2.CAP_PROP_FRAME_COUNT)))]
    assert len(shown) == 6
    assert shown[0].shape == (58, 76, 3)  # even, as the codec wants it
    small, _ = pair(cat, woman, 75)
    assert np.abs(shown[0][:, :75, ::-1].astype(int) - small.pixels).mean() < 8
    assert sorted(path.name for path in files.iterdir()) == [
        "a.interpolate.png",
        "a.png",
        "b.png",
        "x.gif",
        "x.mp4",
    ]


def test_from_python(files):
    result = vaeedit.edit("a.png", "interpolate", other="b.png", frames=2, device="cpu")
    assert result.save("x.gif") == []
    assert result.save("x.png") == []
    assert Image.open(io.BytesIO((files / "x.gif").read_bytes())).n_frames == 2
    assert read("x.png").width in (144, 144 * 2 + GAP)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--frames", "1"], 2, "--frames must be a whole number from 2 to 240, not '1'."),
        (["--frames", "many"], 2, "--frames must be a whole number from 2 to 240, not 'many'."),
        (["--rate", "0"], 2, "--rate must be a number from 1 to 60, not '0'."),
        (["-o", "x.avi"], 2, "x.avi does not end in a picture format (.jpg"),
        (["a.png"], 2, "name only one"),
        (["-o", "none/x.gif"], 1, "there is no folder none"),
    ],
)
def test_what_cannot_be_is_refused(files, capsys, arguments, code, sentence):
    assert call(["interpolate", "a.png", "b.png", *arguments]) == code
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert printed.out == ""
    assert sorted(path.name for path in files.iterdir()) == ["a.png", "b.png"]


def test_a_second_picture_is_needed(files, capsys):
    assert call(["interpolate", "a.png"]) == 2
    assert "interpolate needs a second picture" in capsys.readouterr().err


def test_only_what_makes_a_film_may_be_written_as_one(files, capsys):
    assert call(["vary", "a.png", "-o", "x.mp4"]) == 2
    assert "x.mp4 does not end in a picture format" in capsys.readouterr().err
    assert call(["chain", "interpolate --other b.png --frames 2 | vary", "a.png", "-o", "x.mp4"]) == 2
    assert call(["chain", "vary | interpolate --other b.png --frames 2", "a.png", "-o", "x.gif"]) == 0
    with Image.open("x.gif") as gif:
        assert gif.n_frames == 2


def test_several_others_are_refused_from_python(run, cat, files):
    with pytest.raises(OptionError, match="name only one"):
        run("interpolate", cat, other=["a.png", "b.png"])


def moved_pictures():
    """A picture, the same moved by (12, 8) pixels, and moved by half of that."""
    whole = data.astronaut()
    return [
        np.ascontiguousarray(whole[y : y + 160, x : x + 192]) for y, x in ((60, 130), (68, 142), (64, 136))
    ]


def error(frame, truth):
    """PSNR in dB away from the border, where the motion shows what only one picture has."""
    inside = slice(16, -16)
    return psnr(*(np.asarray(x, np.float64)[inside, inside] for x in (frame, truth)))


def test_what_matches_moves_instead_of_showing_twice(go):
    a, b, middle = moved_pictures()
    film = go(Frame(a), Frame(b), frames=3).film
    assert error(film.frames[1].pixels, middle) > error(a / 2 + b / 2, middle) + 15
    assert np.array_equal(film.frames[0].pixels, a)
    assert np.array_equal(film.frames[2].pixels, b)


def test_one_position_is_that_frame_of_the_film(go):
    a, b, _ = moved_pictures()
    one = go(Frame(a), Frame(b), at=0.5)
    assert np.array_equal(one.frame.pixels, go(Frame(a), Frame(b), frames=3).film.frames[1].pixels)
    assert len(one.film.frames) == 1
    assert one.notes["interpolate"]["matched"] > 0.9
    assert np.array_equal(go(Frame(a), Frame(b), at=0).frame.pixels, a)
    assert np.array_equal(go(Frame(a), Frame(b), at=1).frame.pixels, b)


def test_unrelated_pictures_only_dissolve(go, cat, woman):
    assert flow_of(cat.floats(), woman.floats()) is None
    assert go(cat, woman, at=0.5).notes["interpolate"]["matched"] == 0


def test_only_a_part_that_matches_moves(cat):
    a, b, middle = moved_pictures()
    for picture, color in ((a, 40), (b, 220)):
        picture[:, 120:] = np.random.default_rng(color).integers(0, 256, picture[:, 120:].shape)
    flow = flow_of(a.astype(np.float32) / 255, b.astype(np.float32) / 255)
    moved, share = flow.between(a.astype(np.float32), b.astype(np.float32), 0.5)
    assert share[24:-24, 24:90].mean() > 0.9
    assert share[:, 140:].mean() < 0.1
    assert psnr(*(np.asarray(x[24:-24, 24:90], np.float64) for x in (moved, middle))) > 30


def test_no_pixel_leaves_the_range_beside_places_without_a_match():
    trust = np.zeros((32, 32), np.float32)
    trust[:, 8:16] = trust[10:20] = 1
    way = np.full((32, 32, 2), 0.7, np.float32)
    flow = Flow(way, -way, (trust, trust[::-1].copy()))
    ends = (np.full((32, 32, 3), value, np.float32) for value in (0.25, 0.75))
    moved, _ = flow.between(*ends, 0.3)
    assert moved.min() > 0.249
    assert moved.max() < 0.751
