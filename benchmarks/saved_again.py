"""What saving a result costs: size and quality of JPEG and WebP by the least quality that a result gets.

python benchmarks/saved_again.py samples/images/{mountain,skyline,osprey,sunset}.jpg

The middle 288x256 pixels of each picture at 1,200 pixels of the longer side are saved by Pillow with a quality (JPEG as
4:2:0), denoised, and saved again: with the input's own tables or quality, with no step coarser than that of a floor, and with
quality 95, in JPEG 4:4:4. Size: bytes of the second file over those of the first, mean. PSNR on RGB is of the second file
against the denoised picture itself, mean and worst.
"""

import argparse
import io
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from vaeedit import Session, Step, read
from vaeedit.evaluation.metrics import psnr
from vaeedit.image import coding
from vaeedit.image.encode import write_bytes

WIDTH, HEIGHT, LONGER = 288, 256, 1200
WAYS = {"own": 1, **{f"floor {floor}": floor for floor in (80, 85, 88, 92, 95)}, "95": None}
"""What the second file gets, and the floor for that; None is what pictures of other formats get: 95, 4:4:4."""


def crop(path: str) -> Image.Image:
    pixels = read(path).as_uint8()
    scale = LONGER / max(pixels.shape[:2])
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (small.shape[0] - HEIGHT) // 2, (small.shape[1] - WIDTH) // 2
    return Image.fromarray(small[top : top + HEIGHT, left : left + WIDTH])


def measured(session: Session, picture: Image.Image, format: str, quality: int) -> dict[str, list[float]]:
    """Size and PSNR of each way."""
    buffer = io.BytesIO()
    picture.save(buffer, format, quality=quality)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"in.{format.lower()}"
        path.write_bytes(buffer.getvalue())
        edit = session.run(Step("denoise"), path).frame
    found = {}
    for name, floor in WAYS.items():
        coding._standard.cache_clear()
        coding.FLOOR = floor or 88
        metadata = edit.metadata if floor else replace(edit.metadata, coding=None)
        data, _ = write_bytes(replace(edit, metadata=metadata), format)
        with Image.open(io.BytesIO(data)) as image:
            again = np.asarray(image.convert("RGB"), np.float64)
        found[name] = [len(data) / len(buffer.getvalue()), psnr(edit.pixels.astype(np.float64), again)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", nargs="+")
    arguments = parser.parse_args()
    crops = [crop(path) for path in arguments.pictures]
    print(
        "| format | quality of the input | second file | size | PSNR, dB | worst |\n|---|---|---|---|---|---|"
    )
    with Session(device="cpu", precision="float32") as session:
        for format in ("JPEG", "WEBP"):
            for quality in (30, 75, 100):
                rows = [measured(session, picture, format, quality) for picture in crops]
                for name in WAYS:
                    sizes, qualities = zip(*(row[name] for row in rows), strict=True)
                    figures = f"{np.mean(sizes):.2f} | {np.mean(qualities):.1f} | {min(qualities):.1f}"
                    print(f"| {format} | {quality} | {name} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
