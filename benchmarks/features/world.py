"""A temporary folder with pictures, and a shell in it that remembers the commands it ran."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image, ImageCms

SIZE = 96, 64
PIXELS = cv2.GaussianBlur(
    np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3)).astype(np.uint8), (0, 0), 2
)
ROWS: list["Row"] = []
Row = Callable[["World"], None]


def feature(check: Row) -> Row:
    """Add a row: the first line of the docstring is the feature, the next one what is checked."""
    ROWS.append(check)
    return check


class Refused(AssertionError):
    """A command did not do what the row expects."""


class World:
    """The folder of one row; calling it runs a command in bash and returns what it printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: list[str] = []
        self.environment = dict(
            os.environ, PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        )
        Image.fromarray(PIXELS).save(folder / "photo.png")

    def __call__(self, command: str, code: int = 0, shown: bool = True) -> subprocess.CompletedProcess[str]:
        if shown:
            self.commands.append(command)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=900,
            check=False,
        )
        if done.returncode != code:
            lines = [
                line for line in done.stderr.splitlines() if line.startswith("Error")
            ] or done.stderr.splitlines()
            raise Refused(f"exit code {done.returncode}: {' '.join(lines[-1:])}")
        return done

    def path(self, name: str) -> Path:
        return self.folder / name

    def picture(self, name: str, image: Image.Image | None = None, **how: object) -> Path:
        """Save a picture, with the folders above it."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        (image or Image.fromarray(PIXELS)).save(path, **how)
        return path

    def pages(self, name: str, count: int) -> None:
        """A TIFF of several pages."""
        tifffile.imwrite(self.path(name), np.stack([PIXELS[..., 0]] * count), photometric="minisblack")

    def opened(self, name: str) -> Image.Image:
        require(self.path(name).is_file(), f"there is no {name}")
        image = Image.open(self.path(name))
        image.load()
        return image


def require(fact: object, otherwise: str) -> None:
    if not fact:
        raise Refused(otherwise)


def swapped_profile() -> bytes:
    """A color profile whose first channel is blue and whose third is red."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    for entry in range(132, 132 + 12 * count, 12):
        name = bytes(data[entry : entry + 4])
        if name in (b"rXYZ", b"bXYZ"):
            data[entry : entry + 4] = b"bXYZ" if name == b"rXYZ" else b"rXYZ"
    return bytes(data)


def exif() -> bytes:
    """A camera's name, and a picture that lies on its side."""
    tags = Image.Exif()
    tags[0x0110], tags[0x0112] = "Camera 5", 6
    return tags.tobytes()


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()
