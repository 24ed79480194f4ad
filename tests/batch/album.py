"""A folder of pictures as people have them: formats, sizes and names of all kinds, and some that are damaged."""

import os
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

FORMATS = (".jpg", ".png", ".webp", ".tif", ".bmp", ".jpeg")
FOLDERS = ("", "a", "a/b", "Ferien 2024", "фото", "日本")
DAMAGE = {
    "cut in half": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "text": lambda data: b"this is no picture",
    "zeros": lambda data: bytes(len(data)),
    "cut to the header": lambda data: data[:20],
    "noise": lambda data: np.random.default_rng(0).bytes(len(data)),
    "first half gone": lambda data: data[len(data) // 2 :],
    "a page": lambda data: b"<html><body>404</body></html>",
    "claims to be huge": lambda data: huge_png(),
    "a link to nothing": None,
}
"""Ten ways to spoil a file."""


@dataclass
class Album:
    """Where the pictures are, below the folder, and what is wrong with those that are bad."""

    folder: Path
    good: list[Path] = field(default_factory=list)
    bad: dict[Path, str] = field(default_factory=dict)


def make_album(folder: Path, count: int, *, bad_share: float = 0.01) -> Album:
    """`count` pictures and, beyond them, links in circles; at least one of each damage where the share allows."""
    album, random = Album(folder), np.random.default_rng(7)
    spoiled = max(len(DAMAGE), round(count * bad_share))
    kinds = list(DAMAGE)
    for number in range(count):
        place = folder / FOLDERS[number % len(FOLDERS)]
        place.mkdir(parents=True, exist_ok=True)
        suffix = FORMATS[(number // len(FOLDERS)) % len(FORMATS)]
        path = place / f"picture {number // len(FOLDERS)}{suffix}"  # the same names in every folder
        if number % (count // spoiled) == 1 and len(album.bad) < spoiled:
            kind = kinds[len(album.bad) % len(kinds)]
            path = path.with_suffix(".png" if DAMAGE[kind] else suffix)
            _spoil(path, kind, random)
            album.bad[path.relative_to(folder)] = kind
        else:
            _picture(path, random)
            album.good.append(path.relative_to(folder))
    (folder / "a" / "b" / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "a" / "circle.png").symlink_to(folder / "a" / "circle.png")
    album.bad[Path("a/circle.png")] = "a link to itself"
    if os.name == "posix" and os.geteuid() != 0:  # root may read everything
        _picture(folder / "a" / "locked.png", random)
        (folder / "a" / "locked.png").chmod(0)
        album.bad[Path("a/locked.png")] = "may not be read"
    return album


def huge_png() -> bytes:
    """A small PNG that says it is 200,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    side = (200_000).to_bytes(4, "big")
    head = chunk(b"IHDR", side + side + bytes([8, 2, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def _picture(path: Path, random: np.random.Generator) -> None:
    height, width = random.integers(12, 48, 2)
    mode = ("RGB", "L", "RGB", "RGBA")[random.integers(4)]
    if mode == "RGBA" and path.suffix in (".jpg", ".jpeg", ".bmp"):
        mode = "RGB"
    channels = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    pixels = random.integers(0, 256, (height, width, *channels)).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def _spoil(path: Path, kind: str, random: np.random.Generator) -> None:
    change = DAMAGE[kind]
    if change is None:
        path.symlink_to(path.parent / "nowhere.png")
        return
    _picture(path, random)
    path.write_bytes(change(path.read_bytes()))
