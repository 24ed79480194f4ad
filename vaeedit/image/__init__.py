"""Images in and out. The only place where files are decoded and encoded; Pillow, OpenCV and tifffile stay behind it."""

from vaeedit.image.files import EXTENSIONS, image_files
from vaeedit.image.frame import Estimated, Frame, Metadata
from vaeedit.image.read import read, read_bytes
from vaeedit.image.write import format_of, write, write_bytes

__all__ = [
    "EXTENSIONS",
    "Estimated",
    "Frame",
    "Metadata",
    "format_of",
    "image_files",
    "read",
    "read_bytes",
    "write",
    "write_bytes",
]
