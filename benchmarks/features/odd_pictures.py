"""Makes a folder of odd pictures: every format, mode, depth, orientation and name, damaged ones, all kinds of metadata."""

import io
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import png
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

SIZE = (36, 28)
"""Width and height; tiny, so that a test can edit all of them."""
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
)
IPTC = b"\x1c\x02\x05\x00\x05Whale\x1c\x02\x78\x00\x0ba blue one"
P3 = {
    b"rXYZ": (0.5151, 0.2412, -0.0011),
    b"gXYZ": (0.2919, 0.6922, 0.0419),
    b"bXYZ": (0.1571, 0.0666, 0.7841),
}
"""Display P3's primaries relative to D50."""


def colors(mode: str = "RGB", seed: int = 0) -> Image.Image:
    """Slopes of color with a little noise, as a picture of a mode of Pillow."""
    width, height = SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    slopes = np.stack([columns * 6, rows * 7, 230 - columns * 4, 120 + rows * 4], axis=2)
    noise = np.random.default_rng(seed).integers(0, 9, slopes.shape)
    return Image.fromarray((slopes + noise).clip(0, 255).astype(np.uint8), "RGBA").convert(mode)


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def exif(orientation: int = 1, size: tuple[int, int] = SIZE) -> bytes:
    """EXIF with camera, date, size, and a thumbnail of one color."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0112] = "Acme", orientation
    tags.get_ifd(0x8769).update({0x9003: "2021:03:04 05:06:07", 0xA002: size[0], 0xA003: size[1]})
    block = bytearray(tags.tobytes())
    thumbnail = saved(Image.new("RGB", (160, 120), (255, 0, 255)), "JPEG")
    order = ">" if block[6:8] == b"MM" else "<"
    first = 6 + struct.unpack_from(f"{order}L", block, 10)[0]
    following = first + 2 + 12 * struct.unpack_from(f"{order}H", block, first)[0]
    struct.pack_into(f"{order}L", block, following, len(block) - 6)
    place = len(block) - 6 + 2 + 24 + 4
    block += struct.pack(f"{order}HHHLLHHLLL", 2, 0x201, 4, 1, place, 0x202, 4, 1, len(thumbnail), 0)
    return bytes(block) + thumbnail


def icc(primaries: dict[bytes, tuple[float, float, float]] | None = None) -> bytes:
    """The profile of sRGB, or the same with other primaries."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(struct.unpack_from(">L", profile, 128)[0]):
        tag, place, _ = struct.unpack_from(">4sLL", profile, 132 + 12 * index)
        if primaries and tag in primaries:
            struct.pack_into(">3l", profile, place + 8, *(round(value * 65536) for value in primaries[tag]))
    return bytes(profile)


def with_segments(data: bytes, *segments: tuple[int, bytes]) -> bytes:
    """A JPEG with more segments."""
    extra = b"".join(struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body for marker, body in segments)
    return data[:2] + extra + data[2:]


def app13() -> tuple[int, bytes]:
    """The segment of Photoshop with IPTC and a thumbnail."""
    iptc = b"8BIM\x04\x04\0\0" + struct.pack(">L", len(IPTC)) + IPTC + bytes(len(IPTC) % 2)
    return 0xED, b"Photoshop 3.0\0" + iptc + b"8BIM\x04\x0c\0\0" + struct.pack(">L", 4) + b"old!"


def deep_png(channels: int, **options: Any) -> bytes:
    """A PNG of 16 bits, or as pypng's options say."""
    width, height = SIZE
    values = np.random.default_rng(1).integers(20_000, 40_000, (height, width * channels))
    buffer = io.BytesIO()
    settings = {"greyscale": channels < 3, "alpha": channels in (2, 4), "bitdepth": 16, **options}
    png.Writer(width, height, **settings).write(buffer, values.tolist())
    return buffer.getvalue()


def tiff(values: np.ndarray, **options: Any) -> bytes:
    """A TIFF."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, metadata=None, **options)
    return buffer.getvalue()


def _jpegs() -> Iterator[tuple[str, bytes]]:
    plain = saved(colors(), "JPEG")
    for orientation in range(1, 9):
        size = SIZE if orientation < 5 else SIZE[::-1]
        yield f"orientation-{orientation}.jpg", saved(colors(), "JPEG", exif=exif(orientation, size))
    yield (
        "everything.jpg",
        with_segments(
            saved(colors(), "JPEG", exif=exif(), icc_profile=icc(), xmp=XMP, dpi=(300, 300)),
            app13(),
            (0xFE, b"a comment"),
        ),
    )
    yield "q30.jpg", saved(colors(), "JPEG", quality=30)
    yield "q100-444-progressive.jpg", saved(colors(), "JPEG", quality=100, subsampling=0, progressive=True)
    yield "gray.jpeg", saved(colors("L"), "JPEG", dpi=(72, 72))
    yield "cmyk.jpg", saved(colors("CMYK"), "JPEG")
    yield "display-p3.jpg", saved(colors(), "JPEG", icc_profile=icc(P3))
    yield "credentials.jpg", with_segments(plain, (0xEB, b"JP\0\1\0\0\0\1jumb"), (0xE7, b"Vendor\0data"))
    yield "two-pictures.jpg", saved(colors(), "MPO", save_all=True, append_images=[colors(seed=1)])
    yield "Großes ☃ Bild.jpg", plain
    yield "-leading dash.JPG", plain
    yield "two\nlines.jpg", plain
    yield "no extension", plain
    yield "really-a-jpeg.png", plain
    yield "empty.jpg", b""
    yield "truncated.jpg", plain[: len(plain) // 2]
    yield "text.jpg", b"This is no picture.\n"


def _pngs() -> Iterator[tuple[str, bytes]]:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "Wal")
    texts.add_text("Comment", "deep " * 20, zip=True)
    texts.add_itxt("Author", "Jōrg", "de", "Autor")
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    yield (
        "texts.png",
        saved(colors("RGBA"), "PNG", pnginfo=texts, dpi=(144, 144), icc_profile=icc(), exif=exif()),
    )
    yield "gray-alpha.png", saved(colors("LA"), "PNG")
    yield "palette.png", saved(colors().quantize(16), "PNG")
    yield "palette-transparent.png", saved(colors().quantize(16), "PNG", transparency=3)
    yield "one-bit.png", saved(colors("1"), "PNG")
    for channels, name in ((1, "gray"), (2, "gray-alpha"), (3, "rgb"), (4, "rgba")):
        yield f"16-bit-{name}.png", deep_png(channels)
    yield "16-bit-interlaced.png", deep_png(3, interlace=True)
    whole = saved(colors(), "PNG")
    yield "truncated.png", whole[: len(whole) * 2 // 3]
    bent = bytearray(whole)
    bent[-30] ^= 255
    yield "bad-checksum.png", bytes(bent)


def _others() -> Iterator[tuple[str, bytes]]:
    values = np.random.default_rng(2).integers(20_000, 40_000, (*SIZE[::-1], 3), np.uint16)
    iptc = [(33723, "B", len(IPTC), IPTC, True)]
    yield "16-bit.tif", tiff(values, photometric="rgb", compression="zlib", extratags=iptc)
    yield "float.tiff", tiff((values / 65535).astype(np.float32), photometric="rgb")
    yield "lzw.tif", saved(colors(), "TIFF", compression="tiff_lzw", dpi=(200, 200), icc_profile=icc())
    yield "fax.tif", saved(colors("1"), "TIFF", compression="group4")
    yield "cmyk.tif", saved(colors("CMYK"), "TIFF")
    yield "pages.tif", saved(colors(), "TIFF", save_all=True, append_images=[colors(seed=1)])
    yield "lossless.webp", saved(colors("RGBA"), "WEBP", lossless=True, exact=True, exif=exif(), xmp=XMP)
    yield "lossy.webp", saved(colors(), "WEBP", quality=60, icc_profile=icc())
    yield "lossy.avif", saved(colors(), "AVIF", exif=exif(), xmp=XMP)
    yield "plain.bmp", saved(colors(), "BMP", dpi=(100, 100))
    yield "still.gif", saved(colors().quantize(32), "GIF", comment=b"made by hand")
    yield "moving.gif", saved(colors().quantize(32), "GIF", save_all=True, append_images=[colors(seed=1)])
    yield "plain.ppm", saved(colors(), "PPM")
    yield "alpha.tga", saved(colors("RGBA"), "TGA")
    yield "plain.jp2", saved(colors(), "JPEG2000")
    yield "layers.psd", b"8BPS\0\1" + bytes(40)
    yield from _of_extras()


def _of_extras() -> Iterator[tuple[str, bytes]]:
    """Pictures in formats whose libraries are extras; those that are missing make none."""
    try:
        import cv2

        bgr = np.asarray(colors())[:, :, ::-1]
        yield "lossless.avif", cv2.imencode(".avif", bgr, [cv2.IMWRITE_AVIF_QUALITY, 100])[1].tobytes()
        import pillow_heif

        file = pillow_heif.from_bytes("RGB", SIZE, colors().tobytes())
        buffer = io.BytesIO()
        file.save(buffer, quality=80, exif=exif(6)[6:])
        yield "phone.heic", buffer.getvalue()
        import pyjpegxl

        yield "lossless.jxl", bytes(pyjpegxl.encode_from_numpy(np.asarray(colors()), lossless=True))
    except ImportError:
        return


def odd_pictures(folder: Path) -> list[Path]:
    """Write all of them into a new folder, and links; returns their paths."""
    folder.mkdir(parents=True)
    makers: tuple[Callable[[], Iterator[tuple[str, bytes]]], ...] = (_jpegs, _pngs, _others)
    paths = []
    for maker in makers:
        for name, data in maker():
            paths.append(folder / name)
            paths[-1].write_bytes(data)
    os.symlink("nowhere.jpg", folder / "dangling-link.jpg")
    os.symlink("q30.jpg", folder / "link.jpg")
    return [*paths, folder / "dangling-link.jpg", folder / "link.jpg"]
