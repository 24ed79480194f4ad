"""Rows: what of a picture is kept, and where results go."""

import json

import numpy as np
import tifffile
from PIL import Image
from world import PIXELS, World, exif, feature, require, swapped_profile


@feature
def exif_kept(world: World) -> None:
    """EXIF kept
    the camera's name is in the result"""
    world.picture("photo.jpg", exif=exif())
    world("vaeedit denoise photo.jpg -o clean.jpg")
    require(world.opened("clean.jpg").getexif().get(0x0110) == "Camera 5", "the camera is gone")


@feature
def icc(world: World) -> None:
    """ICC kept, managed
    the profile is kept, and a profile with red and blue swapped is understood: warmth adds to the third channel"""
    profile = swapped_profile()
    world.picture("photo.png", icc_profile=profile)
    world("vaeedit direct photo.png --along warmth -o warm.png")
    warm = world.opened("warm.png")
    require(warm.info.get("icc_profile") == profile, "the profile is gone or another one")
    first, _, third = (np.asarray(warm).astype(float) - PIXELS).mean(axis=(0, 1))
    require(third > first, "the profile is kept but not used")


@feature
def orientation(world: World) -> None:
    """EXIF orientation applied
    a picture that lies on its side is upright, and not turned twice"""
    world.picture("photo.jpg", exif=exif())
    world("vaeedit denoise photo.jpg -o clean.jpg")
    clean = world.opened("clean.jpg")
    require(clean.size == (PIXELS.shape[0], PIXELS.shape[1]), f"its size is {clean.size}")
    require(clean.getexif().get(0x0112, 1) == 1, "it would be turned again")


@feature
def alpha(world: World) -> None:
    """alpha kept
    every value of it"""
    opacity = PIXELS[..., 0]
    world.picture("cut-out.png", Image.fromarray(np.dstack([PIXELS, opacity])))
    world("vaeedit denoise cut-out.png -o clean.png")
    require((np.asarray(world.opened("clean.png"))[..., 3] == opacity).all(), "alpha changed")


@feature
def depth(world: World) -> None:
    """16 bits, float
    results have the depth of their input"""
    deep = PIXELS.astype(np.uint16) * 257
    tifffile.imwrite(world.path("deep.tif"), deep)
    tifffile.imwrite(world.path("float.tif"), deep.astype(np.float32) / 65535)
    world("vaeedit denoise deep.tif float.tif -o clean/")
    kinds = [tifffile.imread(world.path(f"clean/{name}.tif")).dtype for name in ("deep", "float")]
    require(kinds == [np.uint16, np.float32], str(kinds))


@feature
def heic(world: World) -> None:
    """HEIC, AVIF
    both are written and read again"""
    world("vaeedit denoise photo.png -o clean.avif && vaeedit denoise clean.avif -o again.png")
    world("vaeedit denoise photo.png -o clean.heic && vaeedit denoise clean.heic -o from-heic.png")
    require(world.opened("from-heic.png").size == world.opened("photo.png").size, "another size")


@feature
def pages(world: World) -> None:
    """multi-page TIFF, stacks
    all three pages are edited"""
    world.pages("stack.tif", 3)
    world("vaeedit denoise stack.tif -o clean.tif")
    require(len(tifffile.TiffFile(world.path("clean.tif")).pages) == 3, "pages are missing")


@feature
def templates(world: World) -> None:
    """in place, name templates
    the input is replaced on request; the name of the output is made of the input's"""
    before = world.path("photo.png").read_bytes()
    world("vaeedit denoise photo.png -o '{stem}_{operation}{ext}'")
    require(world.path("photo_denoise.png").exists(), "there is no photo_denoise.png")
    world("vaeedit denoise photo.png --in-place")
    require(world.path("photo.png").read_bytes() != before, "the input is the same")


@feature
def overwrite(world: World) -> None:
    """overwrite policy choice
    error by default; skip, unique and overwrite"""
    world.path("clean.png").write_bytes(b"mine")
    world("vaeedit denoise photo.png -o clean.png", code=2)
    world("vaeedit denoise photo.png -o clean.png --exists skip")
    world("vaeedit denoise photo.png -o clean.png --exists unique")
    require(
        world.path("clean.png").read_bytes() == b"mine" and world.path("clean-1.png").exists(), "not unique"
    )
    world("vaeedit denoise photo.png -o clean.png --exists overwrite")
    require(world.path("clean.png").read_bytes() != b"mine", "not overwritten")


@feature
def tiling(world: World) -> None:
    """tiling
    tiles of 32 pixels"""
    done = world("vaeedit denoise photo.png -o tiled.png --tile 32 --json")
    require(json.loads(done.stdout)["tile"] == 32, "no tiles")


@feature
def seams(world: World) -> None:
    """seam blending
    tiles give what the whole picture gives, to one step of 255: there is no seam to blend"""
    world("vaeedit denoise photo.png -o whole.png && vaeedit denoise photo.png -o tiled.png --tile 32")
    done = world("vaeedit compare whole.png tiled.png --json")
    require(json.loads(done.stdout)["largest"] <= 1, done.stdout)
