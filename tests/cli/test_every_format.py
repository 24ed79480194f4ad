"""A folder with pictures of every format: each is edited, or named with what to do."""

import sys

import numpy as np
import pytest
from PIL import Image

from vaeedit.image import Frame, read, write

EDITED = [
    "a.heic",
    "b.jxl",
    "c.jp2",
    "d.gif",
    "e.tga",
    "f.ppm",
    "g.pgm",
    "h.avif",
    "i.bmp",
    "j.webp",
    "k.tif",
    "l.png",
    "m.jpg",
    "n.jfif",
]
OTHERS = {
    "o.psd": (
        b"8BPS\0\1" + bytes(40),
        "in the format Photoshop, which vaeedit does not edit; save it as TIFF or PNG first",
    ),
    "p.svg": (b"<svg></svg>", "in the format SVG"),
    "q.exr": (b"v/1\1" + bytes(40), "in the format OpenEXR"),
    "r.ico": (b"\0\0\1\0" + bytes(40), "not a picture in a known format"),
    "s.nef": (b"no raw" * 20, "damaged"),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    values = np.random.default_rng(0).integers(90, 160, (40, 48, 3)).astype(np.uint8)
    for name in EDITED:
        write(Frame(values[:, :, :1] if name == "g.pgm" else values), tmp_path / "in" / name)
    for name, (data, _) in OTHERS.items():
        (tmp_path / "in" / name).write_bytes(data)
    Image.fromarray(values).save(tmp_path / "in" / "t.mpo", "JPEG")
    Image.fromarray(values[:, :, 0] > 120).save(tmp_path / "in" / "u.pbm")
    (tmp_path / "in" / "notes.txt").touch()
    return tmp_path


def test_every_picture_of_a_folder_is_edited_or_named(vaeedit, folder):
    done = vaeedit("denoise", "in", "-o", "out", "--sigma", "5")
    assert done.code == 1
    written = {path.name for path in (folder / "out").iterdir()} - {"vaeedit-journal.jsonl"}
    assert written == {*EDITED, "t.jpg", "u.pgm"}
    for name, (_, told) in OTHERS.items():
        (line,) = [line for line in done.err.splitlines() if line.startswith("Error: ") and name in line]
        assert told in line
    assert f"{len(written)} of {len(written) + len(OTHERS)} done" in done.err
    for name in written:
        assert (read(folder / "out" / name).height, read(folder / "out" / name).width) == (40, 48)


def test_without_an_extra_its_pictures_are_named_with_the_command_that_installs_it(
    vaeedit, folder, monkeypatch
):
    for module in ("pillow_heif", "pyjpegxl", "rawpy"):
        monkeypatch.setitem(sys.modules, module, None)
    done = vaeedit("denoise", "in/a.heic", "in/b.jxl", "in/s.nef", "in/l.png", "-o", "out", "--sigma", "5")
    assert done.code == 1
    for name, extra in (("a.heic", "heic"), ("b.jxl", "jxl"), ("s.nef", "raw")):
        assert (
            f"Error: Reading in/{name} needs packages that are not installed; run: pip install 'vaeedit[{extra}]'"
            in done.err
        )
    assert (folder / "out" / "l.png").exists()


def test_camera_raw_is_not_written(vaeedit, folder):
    vaeedit("denoise", "in/l.png", "-o", "x.dng").assert_refused(2, "x.dng does not end in a picture format")
    vaeedit("denoise", "in/s.nef", "--in-place").assert_refused(1, "s.nef")
