"""What a case printed and wrote, without what differs from run to run: paths, durations, versions, hashes."""

import hashlib
import re
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]
LONGEST = 4000
"""Characters of a text that is kept whole; of a longer one its hash and its beginning."""
TEXTS = {".json", ".jsonl", ".csv", ".html", ".yaml", ".md", ".txt"}
PICTURES = {".png", ".jpg", ".webp", ".tif", ".gif", ".avif", ".bmp", ".mp4"}
NUMBER = r"\d+(?:\.\d+)?(?:e[-+]?\d+)?"
VARYING = [
    (rf'("[\w ]*(?:seconds|s/MP|peak_|memory|time|pid|date)[\w ]*": ?)"?{NUMBER}[^,}}"]*"?', r"\1N"),
    (rf"\b(minutes: ){NUMBER}", r"\1N"),
    (rf"\b{NUMBER} ?(ms|s|seconds|min|minutes)\b", r"N \1"),
    (r"  its import took N ms.*?import nothing heavy", ""),  # on a busy machine
    (r"\b(vaeedit|python|torch|Linux) \d+\.[\w.+]*", r"\1 VERSION"),
    (r'("(?:vaeedit|version|torch|python)": ?)"\d[\w.+]*"', r'\1"VERSION"'),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d[:\d.]*(?:Z|[+-]\d\d:\d\d)?", "DATE"),
    (r"\b[0-9a-f]{16,64}\b", "HASH"),
    (r"\b(process|worker|pid) \d+", r"\1 N"),
    (r'("process": ?)"[^"]*"', r'\1"N"'),
    (rf'("started": ?){NUMBER}', r"\1N"),
    (r"0x[0-9a-f]{6,}", "ADDRESS"),
    (r"\b127\.0\.0\.1:\d+", "HOST"),
]


def normalized(text: str, folder: Path, *, numbers: bool = True, order: bool = True) -> str:
    """Without what varies; without any number, or with its lines sorted, where a case says so."""
    for path, name in ((folder, "HERE"), (folder.parent, "TEMP"), (ROOT, "ROOT"), (sys.prefix, "PREFIX")):
        text = text.replace(str(path), name)
    text = text.split("\r")[-1] if "\r" in text and "\n" not in text else text
    for pattern, replacement in VARYING:
        text = re.sub(pattern, replacement, text)
    text = _without_times(_without_times(text, " | "), ",")
    if not numbers:
        text = re.sub(r"-?\d[\d.,]*(?:e[-+]?\d+)?%?", "N", text)
    return text if order else "\n".join(sorted(text.splitlines()))


def _without_times(text: str, between: str) -> str:
    """The text, but in its tables no figures of time and memory; `between` stands between the cells."""
    lines, varying, size = [], set[int](), 0
    for line in text.splitlines():
        cells = line.split(between)
        names = {index for index, cell in enumerate(cells) if re.match(r"seconds|peak_memory", cell)}
        if names:
            varying, size = names, len(cells)
        elif len(cells) == size:
            cells = [
                re.sub(NUMBER, "N", cell) if index in varying else cell for index, cell in enumerate(cells)
            ]
        lines.append(between.join(cells))
    return "\n".join(lines)


def kept(text: str) -> dict[str, object]:
    """A text as lines, or its hash and its beginning."""
    if len(text) <= LONGEST:
        return {"text": text.splitlines()}
    return {"hash": _hash(text.encode()), "begins": text[:200].splitlines()}


def described(path: Path, folder: Path, **how: bool) -> object:
    """A written file: a picture's pixels and the kinds of its metadata, a text, or that it is there."""
    if path.suffix in TEXTS:
        return kept(normalized(path.read_text(), folder, **how))
    if path.suffix not in PICTURES:
        return "a file"
    try:
        frames = _frames(path)
    except OSError:
        return "no picture"
    size = "x".join(map(str, frames[0].shape))
    return f"{len(frames)} of {size} {frames[0].dtype} {_metadata(path)}{_hash(*map(np.ndarray.tobytes, frames))}"


def _frames(path: Path) -> list[np.ndarray]:
    if path.suffix in (".gif", ".mp4"):
        film = cv2.VideoCapture(str(path))
        frames = []
        while (found := film.read())[0]:
            frames.append(found[1])
        return frames
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is not None:
        return [pixels]
    with Image.open(path) as image:
        return [np.asarray(image)]


def _metadata(path: Path) -> str:
    if path.suffix == ".mp4":
        return ""
    with Image.open(path) as image:
        return "".join(f"{key} " for key in sorted(map(str, image.info)))


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]
