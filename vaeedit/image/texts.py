"""Comments of JPEG and GIF, and the chunks of PNG that may be copied, texts above all; each stays byte for byte."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from vaeedit.image.frame import Metadata
from vaeedit.image.intact import png_chunks
from vaeedit.image.photoshop import split

TEXTS = (b"tEXt", b"zTXt", b"iTXt")
XMP_IN_PNG = b"XML:com.adobe.xmp\0"
"""The keyword of XMP."""
_USED = b"tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD hIST sPLT tIME acTL fcTL fdAT".split()
"""Chunks about the colors, the palette or the frames of this file, which another file has of its own."""
_ELSEWHERE = (b"pHYs", b"eXIf")
"""Chunks that may be copied, and that `Metadata` holds in other members."""
_EXIF = b"Raw profile type exif\0"
"""The keyword by which ImageMagick wrote EXIF before PNG had a chunk for it."""
COMMENT = b"Comment\0"
"""The keyword that PNG has for comments of other formats."""
LONGEST = 65_533
"""Most bytes of a comment."""


def copied_chunks(data: bytes) -> tuple[bytes, ...]:
    """Kind and content of the chunks of a PNG that stay true of an edited picture: those "safe to copy" (PNG, 5.4)."""
    return tuple(
        kind + body
        for kind, body, sound in png_chunks(data)
        if sound and kind[3:].islower() and kind[:1].islower() and kind not in _ELSEWHERE
        if not (kind in TEXTS and body.startswith((XMP_IN_PNG, _EXIF)))
    )


def left_out_chunks(data: bytes) -> Iterator[str]:
    """A sentence for each kind of chunk that is neither used nor copied."""
    kinds = dict.fromkeys(kind for kind, _, _ in png_chunks(data))
    for kind in kinds:
        if kind[:1].islower() and kind[3:].isupper() and kind not in _USED:
            yield f"its chunk {kind.decode('ascii', 'replace')} is left out."


def fit_texts(
    about: Metadata, *, comments: bool, chunks: bool, photoshop: bool
) -> tuple[Metadata, list[str]]:
    """The metadata with what a format has a place for, and the names of the rest; comments and their chunks change places."""
    lost: list[str] = []
    kept = replace(about)
    if about.chunks and not chunks:
        moved = [
            comment for chunk in about.chunks if comments and (comment := _comment_of(chunk)) is not None
        ]
        others = [chunk for chunk in about.chunks if not comments or _comment_of(chunk) is None]
        lost += [f"the text {_names(others)}"] if others else []
        kept = replace(kept, chunks=(), comments=(*kept.comments, *moved))
    if about.comments and not comments:
        moved = [_chunk_of(comment) for comment in about.comments if chunks]
        lost += [] if chunks else ["a comment"]
        kept = replace(kept, comments=(), chunks=(*kept.chunks, *moved))
    if any(len(comment) > LONGEST for comment in kept.comments):
        lost.append(f"a comment of more than {LONGEST:,} bytes")
        kept = replace(kept, comments=tuple(each for each in kept.comments if len(each) <= LONGEST))
    if about.photoshop and not photoshop:
        lost.append("IPTC" if split(about.photoshop)[0] else "data of Photoshop")
        kept = replace(kept, photoshop=None)
    return kept, lost


def _names(chunks: Iterable[bytes]) -> str:
    """The keywords of texts, and the kinds of other chunks, for a message."""
    found = [chunk[4:].split(b"\0")[0] if chunk[:4] in TEXTS else chunk[:4] for chunk in chunks]
    return ", ".join(dict.fromkeys(name.decode("latin-1") for name in found))


def _comment_of(chunk: bytes) -> bytes | None:
    """The comment in UTF-8 that a chunk holds, or None."""
    kind, body = chunk[:4], chunk[4:]
    if kind not in TEXTS or not body.startswith(COMMENT):
        return None
    text = body.removeprefix(COMMENT)
    if kind == b"tEXt":
        return text.decode("latin-1").encode()
    if kind == b"iTXt":  # after a flag and a method, the language, the keyword in it, and the text
        return text[2:].split(b"\0", 2)[-1] if text[:1] == b"\0" else None
    try:
        return zlib.decompressobj().decompress(text[1:], LONGEST).decode("latin-1").encode()
    except zlib.error:
        return None


def _chunk_of(comment: bytes) -> bytes:
    """The chunk for a comment: tEXt if Latin-1 has its characters, else iTXt."""
    text = comment.decode("utf-8", "replace").replace("\0", "")
    try:
        return b"tEXt" + COMMENT + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt" + COMMENT + b"\0\0\0\0" + text.encode()
