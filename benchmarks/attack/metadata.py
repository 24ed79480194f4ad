"""Attacks what pictures say about themselves: XMP of many shapes, notes of what made them, EXIF, profiles, comments.

Each trial puts hostile metadata into a small picture, reads it, prints what `info` prints, edits and writes it, and reads it
again. Every third one plans `run --from` of a picture that asks for files instead. It is a failure if anything is raised but
vaeedit's own errors, if XMP of others is lost or changed that the format can hold, or if planning opens a file or a
connection beyond the picture and the package: the VAEs that it may open are those of installed plugins.
"""

import io
import json
import os
import random
import re
import struct
import sys
import sysconfig
import tempfile
import warnings
from contextlib import redirect_stderr
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import blocks
import numpy as np
from harness import main
from PIL import Image, PngImagePlugin

import vaeedit
import vaeedit_restore
from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.cli import repeat
from vaeedit.cli.info import provenance_lines
from vaeedit.errors import VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.image import described, described_file, made_of, read_bytes, without_note, write_bytes
from vaeedit.image.encode import HOLDS
from vaeedit.image.made import edits_of, mapping_of
from vaeedit.image.orientation import reset_xmp
from vaeedit.image.source_type import without_description
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.pipeline.recipe import recipe_of
from vaeedit.plain import plain, plain_json
from vaeedit.vae import files

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
LONGEST = {"JPEG": 65_400, "TIFF": 1 << 24, "AVIF": 1 << 20}
"""What can be put into a file without an error of Pillow's, where that is less than the limit of reading."""
KEPT = tempfile.TemporaryDirectory(prefix="attack-")  # until the program ends
FOLDER = Path(KEPT.name)
NOTES = re.compile(
    rb'<rdf:Description rdf:about="" xmlns:vaeedit="urn:vaeedit:made#" vaeedit:made="[^"<]*"/>'
)
PACKAGE = (
    Path(vaeedit.__file__).parent,
    Path(vaeedit_restore.__file__).parents[1],
    Path(str(distribution("vaeedit").locate_file(""))),
    Path(sys.prefix),
    Path(sysconfig.get_path("stdlib")),
    *(Path(place) for place in sys.path if place),  # where versions of packages are looked up
)
SEES = (
    "open",
    "os.listdir",
    "os.scandir",
    "socket.connect",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
)
opened: list[str] | None = None
"""While planning: what was opened that must not be."""


def trial(r: random.Random) -> str:
    if r.random() < 0.35:
        path = FOLDER / f"{os.getpid()}.png"
        path.write_bytes(picture(r, "PNG", blocks.recipe(r, CHECKSUMS)))
        return plan(path)
    format = r.choice(FORMATS)
    xmp = blocks.packet(r, CHECKSUMS, LONGEST.get(format, 1 << 24)) if r.random() < 0.9 else None
    try:
        data = picture(r, format, xmp)
    except (ValueError, OSError, SyntaxError, OverflowError, TypeError, KeyError, struct.error):
        return "impossible"  # Pillow does not write it
    try:
        frame = read_bytes(data, "hostile")
    except VaeeditError:
        return "refused"
    if xmp and frame.metadata.xmp not in (xmp, reset_xmp(xmp)):
        raise AssertionError("the packet was not read as it was written")
    path = FOLDER / f"{os.getpid()}.{format.lower()}"
    path.write_bytes(data)
    check_info(path)
    edit(r, frame)
    return "survived"


def picture(r: random.Random, format: str, xmp: bytes | None) -> bytes:
    """A small picture with hostile metadata, by Pillow."""
    image = Image.fromarray(np.frombuffer(r.randbytes(12 * 10 * 3), np.uint8).reshape(12, 10, 3))
    settings: dict[str, Any] = {}
    if r.random() < 0.4:
        settings["exif"] = blocks.exif(r)
    if r.random() < 0.3:
        settings["icc_profile"] = blocks.profile(r)
    if format == "PNG":
        settings["pnginfo"] = info = PngImagePlugin.PngInfo()
        if xmp is not None:
            info.add(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
        if r.random() < 0.2:
            info.add_text(
                "Comment", blocks.text(r).encode("latin-1", "replace").decode("latin-1"), zip=r.random() < 0.5
            )
    elif xmp is not None and format == "TIFF":
        settings["tiffinfo"] = {700: xmp}
    elif xmp is not None:
        settings["xmp"] = xmp
    if format == "JPEG" and r.random() < 0.2:
        settings["comment"] = blocks.text(r)[:60_000]
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image.save(buffer, format, **settings)
    return buffer.getvalue()


def check_info(path: Path) -> None:
    """Fail unless the lines and the JSON of `vaeedit info` can be printed."""
    found = described_file(path)
    for line in provenance_lines(found["made"]):
        plain(line).encode()
    line = plain_json(json.dumps(found, ensure_ascii=False))
    if json.loads(line) != found:
        raise AssertionError("the line of JSON says something else")


def edit(r: random.Random, frame: Any) -> None:
    """Write the picture with a note of an edit, in any format; what others wrote must be in it."""
    format = r.choice([*FORMATS, "BMP"])
    before = made_of(frame.metadata)
    made = r.choice([BATCH.note if before is None else {**BATCH.note, "before": before}, None])
    source = r.choice([frame, without_note(frame)])
    data, warned = write_bytes(described(source, made, format), format)
    again = read_bytes(data, "edited")
    owner, kept = (without_description(NOTES.sub(b"", each.metadata.xmp or b"")) for each in (frame, again))
    holds = HOLDS[format]
    fits = len(owner) <= holds.longest
    same = owner in (kept, b"") or frame.metadata.xmp == again.metadata.xmp
    if holds.metadata and fits and not same:
        raise AssertionError(f"XMP of others was changed in {format}: {len(owner)} bytes to {len(kept)}")
    if holds.metadata and not fits and not warned:
        raise AssertionError(f"XMP of others was lost in {format} without a word")
    if before is not None and made is not None and len(owner) < 1000 and holds.metadata:
        found = made_of(again.metadata)
        places = b"</rdf:RDF>" in owner or not owner
        if places and (found is None or found["steps"] != STEPS):
            raise AssertionError("the edit was not noted")


def plan(path: Path) -> str:
    """Plan what the picture asks for; nothing but the picture and the package may be opened."""
    global opened
    opened = []
    try:
        recipe = recipe_of(str(path))
        repeat.require_harmless(recipe)
        steps = recipe.pipeline.check(registry())
        with redirect_stderr(io.StringIO()):  # warnings of other versions
            repeat.require_present(recipe, recipe.pipeline.steps, None, [], ())
        word = "planned"
    except VaeeditError as error:
        steps, word = [], "not planned"
        plain(str(error)).encode()
    finally:
        found = [name for name in opened if name != str(path)]
        opened = None
    if found:
        raise AssertionError(f"planning opened {found[:3]}")
    if any(step.extra_inputs or step.maps or step.vae not in registry().weights.bare for step in steps):
        raise AssertionError("planned what needs trust")
    return word


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if opened is None or event not in SEES or isinstance(arguments[0], int):
        return
    name = (
        os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes | os.PathLike) else repr(arguments)
    )
    if not any(Path(name).absolute().is_relative_to(folder) for folder in PACKAGE):
        opened.append(f"{name}")


def only_installed(name: str, known: Any) -> Path:
    """`find_vae` while planning: libraries in other languages open files unseen by Python."""
    if opened is not None and name not in known.weights.bare and name not in known.weights.qualified:
        opened.append(f"the VAE {name}")
    return find_vae(name, known)


find_vae, files.find_vae = files.find_vae, only_installed
CHECKSUMS = {name: files.checksum(find_vae(name, registry())) for name in registry().weights.bare}
BATCH = BatchSpec(Pipeline(Step("denoise", strength=0.5)).check(registry()))
STEPS = (mapping_of(edits_of(BATCH.note)) or {})["steps"]
"""The steps in the note of the edits; the note is computed before processes are forked."""

if __name__ == "__main__":
    for name in ("private.png", "private"):
        (FOLDER / name).write_bytes(b"private")
    os.chdir(FOLDER)
    sys.addaudithook(watch)
    main("metadata", trial, trials=10_000)
