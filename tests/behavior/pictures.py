"""The files that every case finds in its folder: small crops of the samples, odd kinds of pictures, and broken ones."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "samples" / "images"


def make(folder: Path) -> None:
    """Write all of them; the same bytes every time."""
    crops = {
        "a": ("night-tree-phone.jpg", 96, 80),
        "b": ("skyline.jpg", 64, 64),
        "c": ("mountain.jpg", 96, 80),
        "d": ("sunset.jpg", 96, 80),
    }
    images = {name: _crop(*how) for name, how in crops.items()}
    for name, image in images.items():
        image.save(folder / f"{name}.png")
    a, c = images["a"], images["c"]
    a.save(folder / "photo.jpg", quality=90, exif=_exif(), dpi=(72, 72))
    a.convert("L").save(folder / "gray.png")
    a.convert("P").save(folder / "palette.gif")
    images["b"].save(folder / "b.webp", lossless=True)
    images["b"].save(folder / "b.tif", compression="tiff_deflate")
    ramp = np.tile(np.linspace(0, 255, a.width).astype(np.uint8), (a.height, 1))
    Image.fromarray(ramp).save(folder / "mask.png")
    Image.merge("RGBA", (*images["b"].split(), Image.fromarray(ramp[:64, :64]))).save(folder / "alpha.png")
    cv2.imwrite(str(folder / "deep.png"), np.asarray(images["b"])[..., ::-1].astype(np.uint16) * 257 + 3)
    for name, image in {
        "album/one.png": a,
        "album/two.png": images["b"],
        "album/deeper/three.png": c,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(folder / name)
    _brackets(a, folder)
    for seed in range(24):
        _part(folder / "normals" / f"{seed:02}.png", seed)
    for label, seed in (("good", 40), ("good", 41), ("spot", 50), ("spot", 51)):
        _part(folder / "parts" / "test" / label / f"{seed}.png", seed, spot=label == "spot")
    (folder / "corrupt.png").write_bytes((folder / "a.png").read_bytes()[:3000])
    (folder / "no-picture.jpg").write_text("This is no picture.\n")
    (folder / "there.png").write_bytes((folder / "b.png").read_bytes())


def _crop(name: str, width: int, height: int) -> Image.Image:
    """From the middle of a sample."""
    with Image.open(SAMPLES / name) as image:
        left, top = (image.width - width) // 2, (image.height - height) // 2
        return image.convert("RGB").crop((left, top, left + width, top + height))


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Maker"
    return exif


def _brackets(scene: Image.Image, folder: Path) -> None:
    """Sets of pictures of one scene, as `evaluate fuse` takes them."""
    pixels = np.asarray(scene).astype(np.float32)
    blurred = cv2.GaussianBlur(pixels, (0, 0), 3)
    half = np.arange(scene.width)[None, :, None] < scene.width // 2
    sets = {
        "focus/x-A.png": np.where(half, pixels, blurred),
        "focus/x-B.png": np.where(half, blurred, pixels),
        "exposure/x1.png": pixels * 0.5,
        "exposure/x2.png": pixels * 1.6,
        "infrared/visible/x.png": pixels,
        "infrared/ir/x.png": 255 - blurred[..., :1],
    }
    for name, values in sets.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values.clip(0, 255).astype(np.uint8).squeeze()).save(folder / name)


def _part(path: Path, seed: int, *, spot: bool = False) -> None:
    """A gray part with a grain, normal or with a dark spot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    streaks = np.convolve(random.normal(0, 1, 84), np.ones(5) / 5, "valid")
    pixels = 120 + 20 * streaks[None, :] + random.normal(0, 3, (64, 80))
    if spot:
        pixels[20:30, 30:42] -= 70
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
