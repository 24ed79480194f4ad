"""Tags of a TIFF have any type that the file states; what is not bytes is no profile, and what is no number no resolution."""

import io

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from vaeedit.errors import ImageError
from vaeedit.image import FORMATS, read_bytes, write_bytes

ICC = 34675
BYTE, ASCII, UNDEFINED, FLOAT, DOUBLE = 1, 2, 7, 11, 12
VALUES = {
    BYTE: b"abc",
    ASCII: "abc",
    UNDEFINED: b"abc",
    FLOAT: (1.5, float("nan")),
    DOUBLE: (1e300,),
}


def tiff(tag, kind):
    directory = ImageFileDirectory_v2()
    directory.tagtype[tag] = kind
    directory[tag] = VALUES[kind]
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((4, 5, 3), np.uint8)).save(buffer, "TIFF", tiffinfo=directory)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore")  # Pillow's
@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("tag", [ICC, 700, 282, 283, 296, 34665, 274])
def test_a_tag_of_any_type_is_read_and_every_format_written(tag, kind):
    try:
        frame = read_bytes(tiff(tag, kind), "in.tif")
    except ImageError:
        assert tag not in (ICC, 282, 283, 296)  # of others Pillow itself gives up
        return
    about = frame.metadata
    assert isinstance(about.icc, bytes | None)
    assert isinstance(about.xmp, bytes | None)
    assert about.dpi is None or all(0 < value < 65536 for value in about.dpi)
    for name in dict.fromkeys(FORMATS.values()):
        write_bytes(frame, name)
