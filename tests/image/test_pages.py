"""Files of several pictures: what is written is read, page by page, and other software reads it too."""

import io
import tracemalloc
from itertools import product

import cv2
import make
import numpy as np
import png
import pytest
import tifffile
from PIL import Image, ImageSequence

from vaeedit.errors import ImageError
from vaeedit.image import PageWriter, opened, read_bytes
from vaeedit.image.intact import png_chunks

ANIMATIONS = ("GIF", "PNG", "WEBP", "AVIF")
TIMES = (100.0, 50.0, 400.0)


def _slopes(mode: str = "RGB"):
    """Three pictures, of which the second differs from the first in a part alone, and the third all over."""
    first = make.ramp(mode)
    second, third = first.copy(), 255 - first
    second[4:9, 20:31, :3] //= 2
    if "A" in mode:
        for values in (first, second, third):
            values[..., -1] = np.where(np.arange(48) < 12, 0, 255)
    return [make.frame(values) for values in (first, second, third)]


def _written(frames, format: str, times=TIMES, plays: int = 0) -> bytes:
    writer = PageWriter(format, len(frames), plays)
    for frame, time in zip(frames, times, strict=True):
        writer.add(frame, time)
    data, warnings = writer.finish()
    assert not warnings
    return data


def _difference(one, two) -> float:
    return float(np.abs(one.pixels.astype(float) - two.pixels).mean())


# ---- TIFF


def _mixed_pages():
    modes = [("RGB", 8), ("L", 16), ("RGBA", 32), ("LA", 8)]
    about = [make.everything(), None, None, make.everything()]
    return [
        make.frame(make.samples(mode, depth, height=9 + seed, seed=seed), metadata)
        for seed, ((mode, depth), metadata) in enumerate(zip(modes, about, strict=True))
    ]


def test_pages_of_every_mode_depth_and_size_come_back_with_their_metadata():
    frames = _mixed_pages()
    found = opened(_written(frames, "TIFF", [0.0] * 4), "x.tif")
    assert (len(found), found.one_size) == (4, False)
    for page, frame in zip(found, frames, strict=True):
        np.testing.assert_array_equal(make.joined(page), make.joined(frame))
        assert page.metadata.icc == frame.metadata.icc
        assert bool(page.metadata.exif) == bool(frame.metadata.exif)


def test_other_libraries_read_the_pages():
    frames = [make.frame(make.samples("RGB", seed=seed)) for seed in range(3)]
    data = _written(frames, "TIFF")
    with Image.open(io.BytesIO(data)) as image, tifffile.TiffFile(io.BytesIO(data)) as file:
        whole, pages = cv2.imdecodemulti(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert whole
        for index, frame in enumerate(frames):
            image.seek(index)
            np.testing.assert_array_equal(np.asarray(image), frame.pixels)
            np.testing.assert_array_equal(pages[index], frame.pixels)
            assert file.pages[index].shape == (13, 17, 3)


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}, {"compression": "zlib"}])
def test_pages_of_other_software_are_read_and_smaller_versions_left_out_with_a_warning(options):
    buffer = io.BytesIO()
    compression = options.pop("compression", None)
    with tifffile.TiffWriter(buffer, **options) as file:
        for seed, reduced in ((0, False), (1, True), (2, False)):
            values = make.samples("RGB", 16, seed=seed)
            file.write(
                values, photometric="rgb", metadata=None, subfiletype=int(reduced), compression=compression
            )
    found = opened(buffer.getvalue(), "x.tif")
    assert found.warnings == ("1 smaller versions or masks of its pictures are left out.",)
    for page, seed in zip(found, (0, 2), strict=True):
        np.testing.assert_array_equal(page.pixels, make.samples("RGB", 16, seed=seed))


def test_a_tiff_of_one_picture_and_its_thumbnail_is_one_picture():
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(make.samples("RGB"), photometric="rgb", metadata=None)
        file.write(make.samples("RGB")[::2, ::2], photometric="rgb", metadata=None, subfiletype=1)
    found = opened(buffer.getvalue(), "x.tif")
    assert len(found) == 1
    assert "smaller versions" in found.warnings[0]
    np.testing.assert_array_equal(found.first.pixels, make.samples("RGB"))


def test_many_pages_are_not_in_memory_together():
    """Pages of 3 MB of samples and few bytes; only the peak is looked at."""
    page = make.frame(np.zeros((1000, 1000, 3), np.uint8))
    data = _written([page] * 40, "TIFF", [0.0] * 40)
    tracemalloc.start()
    found, writer = opened(data, "x.tif"), PageWriter("TIFF", 40)
    for frame in found:
        writer.add(frame)
    again = writer.finish()[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert again == data
    assert peak < 12 * page.pixels.nbytes < 40 * page.pixels.nbytes


def test_no_copies_of_the_file_gather_while_its_pages_are_read():
    """Pages that do not compress, so that each copy of the file's bytes counts."""
    data = _written([make.frame(make.samples("RGB", height=200, width=200))] * 30, "TIFF", [0.0] * 30)
    tracemalloc.start()
    for _ in opened(data, "x.tif"):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * len(data)


# ---- animations


@pytest.mark.parametrize("format", ANIMATIONS)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_animation_comes_back_with_its_times(format, mode):
    frames = _slopes(mode)
    found = opened(_written(frames, format), "x")
    assert (found.kind, found.milliseconds, found.plays) == (format, TIMES, 0)
    assert (found.first.mode, found.first.height, found.first.width) == (mode, 32, 48)
    for page, frame in zip(found, frames, strict=True):
        seen = slice(14 if mode == "RGBA" else 0, None)
        change = np.abs(page.pixels.astype(float) - frame.pixels)[:, seen]
        assert change.mean() < {"PNG": 1e-9, "GIF": 6}.get(format, 4)
        if mode == "RGBA":
            np.testing.assert_array_equal(page.alpha > 127, frame.alpha > 127)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("plays", [0, 1, 2, 7])
def test_the_number_of_plays_is_kept(format, plays):
    assert opened(_written(_slopes(), format, plays=plays), "x").plays == plays


def test_plays_in_a_gif_are_what_browsers_make_of_them():
    """NETSCAPE2.0 counts the repetitions, and there is none without it."""
    for plays, loop in ((1, None), (2, 1), (0, 0)):
        with Image.open(io.BytesIO(_written(_slopes(), "GIF", plays=plays))) as image:
            assert image.info.get("loop") == loop


def test_pixels_that_do_not_change_stay_the_very_same_in_a_gif():
    """Each picture has its own palette, and still parts must not flicker."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 256, (40, 40, 3)).astype(np.uint8)
    frames = [make.frame(first)]
    for index in range(1, 4):
        moved = first.copy()
        moved[index : index + 8, 5:20] = rng.integers(0, 256, (8, 15, 3))
        frames.append(make.frame(moved))
    pages = [page.pixels for page in opened(_written(frames, "GIF", [90.0] * 4), "x")]
    assert (np.stack(pages)[:, 13:] == pages[0][13:]).all()
    assert (np.stack(pages)[:, :, 20:] == pages[0][:, 20:]).all()


def test_deltas_and_disposal_of_other_software_become_whole_pictures():
    """A square that moves over a ground: stored as small parts, some of them removed afterwards."""
    squares = []
    for left in (4, 12, 20):
        values = np.full((24, 32, 4), (200, 180, 20, 255), np.uint8)
        values[8:16, left : left + 8] = (20, 40, 220, 255)
        squares.append(Image.fromarray(values))
    for format, disposal in (("GIF", 1), ("GIF", 2), ("PNG", 0), ("PNG", 1)):
        buffer = io.BytesIO()
        squares[0].save(
            buffer, format, save_all=True, append_images=squares[1:], duration=80, disposal=disposal
        )
        for page, square in zip(opened(buffer.getvalue(), "x"), squares, strict=True):
            assert _difference(page, make.frame(np.asarray(square))) < 1


def test_deep_pictures_make_a_deep_apng():
    frames = [make.frame(make.samples("RGB", 16, seed=seed)) for seed in range(2)]
    data = _written(frames, "PNG", [10.0, 1000 / 3])
    np.testing.assert_array_equal(read_bytes(_first_alone(data), "x").pixels, frames[0].pixels)
    with Image.open(io.BytesIO(data)) as image:
        times = [each.info["duration"] for each in ImageSequence.Iterator(image)]
    assert times == pytest.approx([10, 1000 / 3])


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_an_apng_keeps_its_16_bits(mode):
    frames = [make.frame(make.samples(mode, 16, seed=seed)) for seed in range(3)]
    found = opened(_written(frames, "PNG"), "x.png")
    assert (found.kind, found.milliseconds, found.warnings) == ("PNG", TIMES, ())
    for page, frame in zip(found, frames, strict=True):
        np.testing.assert_array_equal(page.samples, frame.samples)


@pytest.mark.parametrize(
    ("mode", "after", "over"),
    sorted({*product(("RGB", "RGBA"), (0, 1, 2), (0, 1))} - {("RGBA", 2, 1)}),  # which Pillow does not remove
)
def test_parts_of_a_deep_apng_are_laid_as_pillow_lays_those_of_8_bits(mode, after, over):
    shallow = _slopes(mode)
    deep = [make.frame(frame.samples.astype(np.uint16) * 257) for frame in shallow]
    for page, plain in zip(
        *(opened(_laid(_written(f, "PNG"), after, over), "x.png") for f in (deep, shallow)), strict=True
    ):
        seen = True if plain.alpha is None else plain.alpha > 0
        np.testing.assert_array_equal(page.as_uint8()[seen], plain.as_uint8()[seen])


def test_a_damaged_part_of_a_deep_apng_is_named():
    data = bytearray(_written([make.frame(make.samples("RGB", 16, seed=seed)) for seed in range(3)], "PNG"))
    place = data.index(b"fdAT")
    data[place + 9] ^= 255  # its checksum is wrong, too
    with pytest.raises(ImageError, match="fdAT"):
        opened(bytes(data), "x.png")
    with pytest.raises(ImageError, match=r"x\.png is damaged: its compressed data"):
        opened(_laid(bytes(data), 0, 0), "x.png")


def _laid(data: bytes, after: int, over: int) -> bytes:
    """An APNG whose pictures do this after they were shown, and are laid over what was there."""
    buffer = io.BytesIO()
    chunks = [
        (kind, body[:24] + bytes([after, over]) if kind == b"fcTL" else body)
        for kind, body, _ in png_chunks(data)
    ]
    png.write_chunks(buffer, chunks)
    return buffer.getvalue()


def _first_alone(data: bytes) -> bytes:
    """An APNG without the chunks of its animation."""
    place, kept = 8, [data[:8]]
    while place < len(data):
        length = 12 + int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] not in (b"acTL", b"fcTL", b"fdAT"):
            kept.append(data[place : place + length])
        place += length
    return b"".join(kept)


# ---- what cannot be done


def test_a_format_of_one_picture_is_refused_and_one_of_another_size_too():
    with pytest.raises(
        ImageError, match=r"JPEG holds one picture, not 2; these hold several: TIFF, GIF, PNG, WEBP"
    ):
        PageWriter("JPEG", 2)
    for format in ANIMATIONS:
        writer = PageWriter(format, 2)
        writer.add(make.frame(make.ramp("RGB")), 10)
        with pytest.raises(ImageError, match="all have the same size"):
            writer.add(make.frame(make.ramp("RGB", height=20)), 10)


def test_partial_transparency_in_a_gif_is_a_warning():
    writer = PageWriter("GIF", 2)
    for _ in range(2):
        writer.add(make.frame(make.ramp("RGBA")), 10)
    assert writer.finish()[1] == ["GIF holds no partial transparency; it was rounded to all or none."]


@pytest.mark.parametrize("format", ["TIFF", *ANIMATIONS])
def test_a_cut_file_is_refused_as_a_whole(format):
    data = _written(_slopes(), format)
    for part in (len(data) // 2, len(data) - 8):
        with pytest.raises(ImageError, match=r"^x"):
            for _ in opened(data[:part], "x"):
                pass


@pytest.mark.parametrize("format", ["TIFF", "PNG"])
def test_a_damaged_page_is_named(format):
    frames = [make.frame(make.samples("RGB", seed=seed, height=40)) for seed in range(3)]
    data = bytearray(_written(frames, format))
    data[-600] ^= 255  # in the last picture
    with pytest.raises(ImageError, match=r"^x" if format == "PNG" else r"^x, page 3 of 3, is damaged: "):
        opened(bytes(data), "x")


def test_limits_hold_for_pictures_together(monkeypatch):
    pages, animation = _written(_slopes(), "TIFF"), _written(_slopes(), "GIF")
    monkeypatch.setenv("VAEEDIT_MAX_PIXELS", str(2 * 32 * 48))
    assert len(opened(pages, "x")) == 3  # one page at a time
    with pytest.raises(ImageError, match="more than 3,072 pixels in all"):
        opened(animation, "x")
    monkeypatch.setenv("VAEEDIT_MAX_FRAMES", "2")
    for data in (pages, animation):
        with pytest.raises(ImageError, match="VAEEDIT_MAX_FRAMES"):
            opened(data, "x")
