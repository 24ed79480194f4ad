"""A folder of more than 50 odd files in one batch: what of each is kept byte by byte, and what vaeedit says.

    python benchmarks/features/odd_files.py [FOLDER]

makes the files of `odd_pictures.py` in FOLDER (by default a temporary one), runs `vaeedit denoise` over them once, and
reads inputs and results with Pillow and tifffile, without vaeedit's own code. A line has a mark for each kind of content:
= the same bytes or value, ~ changed as the edit demands (EXIF: orientation, size, thumbnail; XMP: the note; thumbnail:
made anew), ! lost or changed; a dot stands for what the input lacks, ? for a file that Pillow cannot read. Exit code 1 if
something was lost or changed, and no warning or error names its file.
"""

import io
import json
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import tifffile
from odd_pictures import odd_pictures
from PIL import Image, IptcImagePlugin, UnidentifiedImageError

for plugin in (
    "pillow_heif.HeifImagePlugin",
    "pillow_jxl",
):  # Pillow's plugins for HEIC and JPEG XL, where they are
    with suppress(ImportError):
        import_module(plugin)

KINDS = (
    "exif",
    "icc",
    "xmp",
    "iptc",
    "comment",
    "text",
    "dpi",
    "depth",
    "mode",
    "size",
    "thumbnail",
    "lossless",
)
NOTE = re.compile(
    rb'<rdf:Description rdf:about="" xmlns:(?:vaeedit|Iptc4xmpExt)="[^"]*" (?:vaeedit:made|Iptc4xmpExt:\w+)="[^"]*"/>'
)
CHANGED = {0x0112, 0x0100, 0x0101, 0xA002, 0xA003}
"""EXIF tags that an edit may change: orientation and sizes."""


def facts(path: Path) -> dict[str, Any]:
    """The content of a picture file by kind; None or nothing for what it lacks. Raises what Pillow raises."""
    data = path.read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        tags = image.getexif()
        exif = {**tags, **tags.get_ifd(0x8769), **tags.get_ifd(0x8825)}
        if image.format == "TIFF":  # the tags of a TIFF also describe its layout
            exif = {tag: value for tag, value in exif.items() if tag in (0x010F, 0x9003)}
        turned = tags.get(0x0112, 1) in (5, 6, 7, 8)
        iptc = IptcImagePlugin.getiptcinfo(image) if image.format in ("JPEG", "MPO", "TIFF") else None
        texts = dict(image.text) if image.format == "PNG" else {}
        texts.pop("XML:com.adobe.xmp", None)
        xmp = image.info.get("xmp") or (tags.get(700) if image.format == "TIFF" else None)
        return {
            "exif": {tag: value for tag, value in exif.items() if tag not in CHANGED | {0x8769, 0x8825}},
            "icc": image.info.get("icc_profile"),
            "xmp": NOTE.sub(b"", xmp.encode() if isinstance(xmp, str) else xmp) if xmp else None,
            "iptc": iptc,
            "comment": image.info.get("comment"),
            "text": {key: str(value) for key, value in texts.items()},
            "dpi": tuple(round(value) for value in map(float, image.info.get("dpi", ()))),
            "depth": _depth(image, data),
            "mode": image.mode,
            "size": image.size[::-1] if turned and image.format not in ("AVIF", "HEIF") else image.size,
            "thumbnail": _thumbnail(tags),
            "lossless": (image.format in ("WEBP", "AVIF") and _is_lossless(data)) or None,
        }


def _depth(image: Image.Image, data: bytes) -> int:
    if image.format == "PNG":
        return max(8, data[24])
    if image.format == "TIFF":
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            return max(8, int(file.pages[0].bitspersample))  # type: ignore[union-attr]
    return 8


def _is_lossless(data: bytes) -> bool:
    return b"VP8L" in data or re.search(rb"colrnclx....\0\0", data, re.DOTALL) is not None


def _thumbnail(tags: Image.Exif) -> str | None:
    """Whether there is a thumbnail, and whether it is the old one, which is magenta."""
    if not tags.tobytes() or 0x201 not in (
        first := tags.get_ifd(-1)
    ):  # Pillow 12 cannot write what it has looked into
        return None
    tags.fp.seek(first[0x201] + getattr(tags, "_exif_offset", 0))  # type: ignore[attr-defined]
    data = tags.fp.read(first[0x202])  # type: ignore[attr-defined]
    if not data.startswith(b"\xff\xd8"):
        return None
    red, green, blue = Image.open(io.BytesIO(data)).convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    return "old" if red > 250 and green < 5 and blue > 250 else "new"


@dataclass
class Fate:
    """What became of one file."""

    name: str
    marks: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    outcome: str = "no word"
    """done or failed; otherwise it was passed over."""

    @property
    def is_silent(self) -> bool:
        """Whether something was lost or changed without a word."""
        return not self.said and (self.outcome != "done" or "!" in self.marks.values())


def marks_of(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """A mark for each kind, as the head of this file says."""
    marks = {}
    for kind in KINDS:
        old, new = before[kind], after[kind]
        if kind == "thumbnail":
            marks[kind] = "." if old is None else "!" if new == "old" else "~"
        elif not old:
            marks[kind] = "."
        else:
            marks[kind] = ("~" if kind in ("exif", "xmp") else "=") if old == new else "!"
    return marks


def fates(folder: Path, results: Path, records: list[dict[str, Any]]) -> list[Fate]:
    """The fate of every file of the folder, by the records that the run printed."""
    by_input = {record["input"]: record for record in records}
    found = []
    for path in sorted(folder.iterdir()):
        fate = Fate(path.name)
        record = by_input.get(str(path))
        if record is not None:
            fate.outcome = record["status"]
            fate.said = [*record["warnings"], *([record["error"]] if record.get("error") else [])]
            if fate.outcome == "done":
                fate.marks = _compared(path, results / Path(record["output"]).name)
        found.append(fate)
    return found


def _compared(source: Path, result: Path) -> dict[str, str]:
    try:
        before = facts(source)
        return marks_of(before, facts(result))
    except UnidentifiedImageError:
        return dict.fromkeys(KINDS, "?")


def run(folder: Path, results: Path) -> list[dict[str, Any]]:
    """Denoise everything in one batch and return the records; a file without an extension is an input if it is named."""
    named = [str(path) for path in sorted(folder.iterdir()) if not path.suffix]
    command = [
        str(Path(sys.executable).with_name("vaeedit")),
        "denoise",
        str(folder),
        *named,
        "-o",
        str(results),
        "--sigma",
        "5",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(found: list[Fate]) -> str:
    """The fates as lines."""
    lines = [f"{'':28}" + " ".join(f"{kind[:5]:5}" for kind in KINDS)]
    for fate in found:
        marks = " ".join(f"{fate.marks.get(kind, ' '):5}" for kind in KINDS)
        shown = fate.name.encode("unicode_escape").decode() if "\n" in fate.name else fate.name
        lines += [f"{shown[:27]:28}{marks} {fate.outcome}", *(f"    {text}" for text in fate.said)]
    silent = [fate.name for fate in found if fate.is_silent]
    lines.append(f"{len(found)} files; lost or changed without a word: {', '.join(silent) or 'none'}")
    return "\n".join(lines)


def main() -> int:
    """Make, run and print."""
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        odd_pictures(home / "odd")
        found = fates(home / "odd", home / "results", run(home / "odd", home / "results"))
    print(table(found))
    return int(any(fate.is_silent for fate in found))


if __name__ == "__main__":
    sys.exit(main())
