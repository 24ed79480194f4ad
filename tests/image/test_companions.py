"""What a JPEG holds beside its picture is named, and nothing in the result announces it."""

import io

import make
import numpy as np
import pytest
from PIL import Image

from vaeedit.image import read_bytes

FILM = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(976)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r GCamera:%s="1" GCamera:MotionPhotoVersion="1"/></x:xmpmeta>'


def _mpo(*pictures: bytes) -> bytes:
    first, *others = [Image.open(io.BytesIO(data)) for data in pictures]
    buffer = io.BytesIO()
    first.save(buffer, "MPO", save_all=True, append_images=others, xmp=first.info.get("xmp", b""))
    return buffer.getvalue()


@pytest.mark.parametrize(("count", "words"), [(2, "the second one is"), (3, "the other 2 are")])
def test_the_further_pictures_of_an_mpo_are_named(count, words):
    still = make.pillow(make.ramp("RGB"), "JPEG")
    found = read_bytes(_mpo(*[still] * count), "x.jpg")
    (warning,) = found.warnings
    assert f"{count} pictures" in warning
    assert words in warning
    np.testing.assert_array_equal(found.pixels, read_bytes(still, "y").pixels)


@pytest.mark.parametrize("name", [b"MotionPhoto", b"MicroVideo"])
@pytest.mark.parametrize("between", [b"", b"\0\0MotionPhoto_Data"])  # Google, Samsung
def test_the_film_of_a_motion_photo_is_named_and_no_longer_announced(name, between):
    data = make.pillow(make.ramp("RGB"), "JPEG", xmp=XMP % name) + between + FILM
    found = read_bytes(data, "x.jpg")
    assert found.warnings == ("its film of 1,000 bytes (a motion photo) is left out.",)
    assert found.metadata.xmp == (XMP % name).replace(name + b'="1"', name + b'="0"')


def test_a_gain_map_is_named():
    first = make.pillow(make.ramp("RGB"), "JPEG", xmp=b'<x hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"/>')
    found = read_bytes(_mpo(first, make.pillow(make.ramp("L"), "JPEG")), "x.jpg")
    assert found.warnings == ("its gain map for HDR screens is left out.",)


@pytest.mark.parametrize("after", [b"", b"\0" * 40])
def test_a_picture_alone_has_no_warning(after):
    assert not read_bytes(make.pillow(make.ramp("RGB"), "JPEG", exif=make.exif(6)) + after, "x").warnings
