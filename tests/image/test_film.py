"""Films: every frame is in its place, losses are reported, and files are complete or absent."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from vaeedit.errors import ImageError
from vaeedit.image import Film, Frame, Metadata, film_bytes, write_film


def gray(value, size=(30, 40), dtype=np.uint8, **members):
    peak = np.iinfo(dtype).max
    return Frame(np.full((*size, 3), round(value * peak), dtype), **members)


def shown(data, tmp_path):
    (tmp_path / "read.mp4").write_bytes(data)
    film = cv2.VideoCapture(str(tmp_path / "read.mp4"))
    return [film.read()[1] for _ in range(int(film.get(cv2.CAP_PROP_FRAME_COUNT)))], film.get(
        cv2.CAP_PROP_FPS
    )


VALUES = (0.1, 0.4, 0.7, 1.0)


def test_gif():
    data, warnings = film_bytes(Film([gray(value) for value in VALUES], rate=8), "GIF")
    assert warnings == []
    with Image.open(io.BytesIO(data)) as gif:
        assert (gif.n_frames, gif.size, gif.info["loop"]) == (4, (40, 30), 0)
        for index, value in enumerate(VALUES):
            gif.seek(index)
            assert gif.info["duration"] in (120, 130)
            assert abs(np.asarray(gif.convert("L")).mean() - 255 * value) < 3


@pytest.mark.parametrize("size", [(30, 40), (31, 41), (1, 1)])
def test_mp4(tmp_path, size):
    data, warnings = film_bytes(Film([gray(value, size) for value in VALUES], rate=8), "MP4")
    assert warnings == []
    frames, rate = shown(data, tmp_path)
    assert rate == 8
    assert [frame.shape[:2] for frame in frames] == [tuple(side + side % 2 for side in size)] * 4
    for frame, value in zip(frames, VALUES, strict=True):
        assert abs(frame.mean() - 255 * value) < 6


def test_colors_stay_where_they_are(tmp_path):
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:16, :, 0], pixels[16:, :, 2] = 255, 255
    film = Film([Frame(pixels)] * 3)
    with Image.open(io.BytesIO(film_bytes(film, "GIF")[0])) as gif:
        assert np.array_equal(np.asarray(gif.convert("RGB")), pixels)
    frames, _ = shown(film_bytes(film, "MP4")[0], tmp_path)
    assert np.abs(frames[1][4:12, 4:28, ::-1].astype(int) - [255, 0, 0]).max() < 30
    assert np.abs(frames[1][20:28, 4:28, ::-1].astype(int) - [0, 0, 255]).max() < 30


@pytest.mark.parametrize("format", ["GIF", "MP4"])
def test_what_is_lost_is_said(format):
    alpha = np.full((30, 40), 65535, np.uint16)
    film = Film([gray(0.5, dtype=np.uint16, alpha=alpha, metadata=Metadata(exif=b"Exif"))])
    _, warnings = film_bytes(film, format)
    assert len(warnings) == {"GIF": 2, "MP4": 3}[format]  # GIF keeps transparency
    for part in ("16 bits", "EXIF"):
        assert sum(part in warning for warning in warnings) == 1
    assert all(format in warning for warning in warnings)


def test_a_name_decides(tmp_path):
    film, still = Film([gray(0.2), gray(0.8)]), gray(0.5)
    assert write_film(film, still, tmp_path / "x.GIF") == []
    assert write_film(film, still, tmp_path / "x.png") == []
    with Image.open(tmp_path / "x.GIF") as gif, Image.open(tmp_path / "x.png") as picture:
        assert gif.n_frames == 2
        assert np.asarray(picture).mean() == 128


def test_what_cannot_be_encoded_leaves_no_file(tmp_path):
    film = Film([Frame(np.zeros((1, 70_000, 3), np.uint8))])
    for name in ("x.gif", "x.mp4"):
        with pytest.raises(ImageError, match="cannot be encoded"):
            write_film(film, film.frames[0], tmp_path / name)
    assert list(tmp_path.iterdir()) == []
