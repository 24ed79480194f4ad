"""Mutated pictures of every format are read: each is read or refused in a sentence.

A failure is any exception that is not a VaeeditError, a hang, a dead process, or more than 1 GB of memory.
"""

import random
from functools import cache

from harness import main
from mutate import mutated
from pictures import exif, png_file, saved, tiff_file, values

from vaeedit.errors import VaeeditError
from vaeedit.image import Frame, read_bytes, write_bytes

NEW = ("HEIF", "JXL", "JPEG2000", "PPM")


@cache
def pool() -> list[list[bytes]]:
    """Files by way of decoding, of several sizes and modes."""
    return [
        list(files) for files in zip(*(_files(*size) for size in enumerate((32, 48, 96, 128))), strict=True)
    ]


def _files(seed: int, side: int) -> list[bytes]:
    rgb, gray, clear = (values(mode, 8, side, seed) for mode in ("RGB", "L", "RGBA"))
    deep, deep_clear = values("RGB", 16, side, seed), values("RGBA", 16, side, seed)
    large = values("RGB", 16, max(side, 64), seed)
    packed = ("none", "lzw", "packbits", "deflate")
    return [
        saved(rgb, "JPEG", exif=exif()),
        saved(rgb, "JPEG", progressive=True),
        saved(gray, "JPEG", quality=60, restart_marker_rows=1),
        saved(rgb, "PNG", exif=exif()),
        png_file(clear, interlaced=True),
        png_file(deep),
        png_file(deep_clear, interlaced=True),
        saved(rgb, "WEBP", exif=exif()),
        saved(clear, "WEBP", lossless=True),
        saved(rgb, "AVIF", speed=10),
        saved(rgb, "BMP"),
        saved(gray, "GIF"),
        saved(rgb, "TGA", compression="tga_rle"),
        *(write_bytes(Frame(rgb), format)[0] for format in NEW),
        *(write_bytes(Frame(large), format)[0] for format in (*NEW, "AVIF")),
        *(tiff_file(rgb, kind) for kind in packed),
        *(tiff_file(deep, kind) for kind in packed),
        tiff_file(clear, "deflate", tile=16),
        tiff_file(values("L", 32, side, seed), "deflate"),
    ]


def trial(rng: random.Random) -> str:
    name = "mutated" + rng.choice(["", "", "", "", "", "", ".tga", ".dng"])
    one, other = (rng.choice(rng.choice(pool())) for _ in range(2))
    try:
        read_bytes(mutated(one, other, rng), name, damaged=rng.choice(["error", "warn"]))
    except VaeeditError as error:
        if not str(error).endswith("."):
            raise AssertionError(f"no sentence: {error}") from None
        return "refused"
    return "read"


if __name__ == "__main__":
    pool()  # made once, before the processes that do the trials start
    main("reading", trial, trials=100_000)
