"""Hostile metadata: packets of XMP, notes of what made a picture, EXIF, profiles; each from a random generator."""

import json
import random
import struct
from collections.abc import Callable
from html import escape
from typing import Any

NOTE = '<rdf:Description rdf:about="" xmlns:vaeedit="urn:vaeedit:made#" vaeedit:made="{}"/>'
OWNER = b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="Sea" tiff:Orientation="6"/>'
OPERATIONS = (
    "denoise",
    "restore:denoise",
    "style:style",
    "fuse:fuse",
    "super-resolve",
    "interpolate",
    "anomaly",
    "vary",
)
FILES = (
    "private.png",
    "private",
    "/dev/zero",
    "/etc/passwd",
    "../x.png",
    "{stem}.png",
    "{stem:>1000000000}",
    "-",
)
VAES = (
    "denoise",
    "photo",
    "super-resolve",
    "",
    "hub:a/b",
    "mine.safetensors",
    "/dev/zero",
    "private",
    "\0",
    ".",
)
OPTIONS = (
    "strength",
    "sigma",
    "style",
    "with",
    "other",
    "maps",
    "vae",
    "when",
    "name",
    "realism",
    "samples",
    "self",
)
PIECES = (
    b"<rdf:Description ",
    NOTE[:-4].encode(),
    b"tiff:Orientation",
    b"tiff:Orientation  =  ",
    b"</rdf:RDF>",
    b'vaeedit:made="',
    b"&#x41;&",
    b"\n",
    b"<a>",
    b'"',
    b"\0",
)
"""What a pattern may try again at every one of."""


def odd(r: random.Random, depth: int = 0) -> Any:
    """Any JSON value, the odd ones more often."""
    if depth < 3 and r.random() < 0.2:
        return [odd(r, depth + 1) for _ in range(r.randrange(4))]
    if depth < 3 and r.random() < 0.2:
        return {text(r): odd(r, depth + 1) for _ in range(r.randrange(4))}
    scalars: list[Any] = [
        None,
        True,
        -1,
        0,
        1,
        2**63,
        10**30,
        -(10**300),
        1e308,
        5e-324,
        0.5,
        text(r),
        r.choice(FILES),
    ]
    return r.choice(scalars)


def text(r: random.Random) -> str:
    """Text with anything in it."""
    letters = r.choice(
        ["ab", "\0\n\r\t\x1b[2J", "\u202e\u2066\u2028", "\"'<>&", "é日\U0001f600", "{}%s", "/\\~"]
    )
    return "".join(r.choice(letters) for _ in range(r.choice([0, 1, 5, 40, 3000])))


def nested(r: random.Random, depth: int) -> str:
    """JSON that is nothing but depth."""
    return "[" * depth + "]" * depth if r.random() < 0.5 else '{"before":' * depth + "1" + "}" * depth


def honest(r: random.Random, checksums: dict[str, str]) -> dict[str, Any]:
    """A step as vaeedit writes it."""
    options = {"sigma": 9} if r.random() < 0.5 else {}
    return {
        "operation": "restore:denoise",
        "options": options,
        "vae": "denoise",
        "checksum": checksums["denoise"],
        "package": "vaeedit 0",
        "network": "",
    }


def step(r: random.Random, checksums: dict[str, str]) -> dict[str, Any]:
    """A step that names real operations and files that are none of its business; a third are as they should be."""
    if r.random() < 0.3:
        options = {"sigma": 9} if r.random() < 0.5 else {}
        return {
            "operation": "denoise",
            "options": options,
            "vae": "denoise",
            "checksum": checksums["denoise"],
        }
    vae = r.choice(VAES)
    values = [r.choice(FILES), [r.choice(FILES)], odd(r), 1]
    options = {r.choice(OPTIONS): r.choice(values) for _ in range(r.randrange(4))}
    found = {
        "operation": r.choice(OPERATIONS),
        "options": options,
        "vae": vae,
        "checksum": checksums.get(vae, "0"),
        "package": text(r),
    }
    if r.random() < 0.3:
        found[r.choice([*found, text(r)])] = odd(r)
    return found


def recipe(r: random.Random, checksums: dict[str, str]) -> bytes:
    """A packet with a note of the right shape, one of whose steps asks for what it must not have."""
    asked = honest(r, checksums)
    kind = r.randrange(4)
    if kind == 0:
        asked["vae"] = r.choice(VAES)
        asked["checksum"] = checksums.get(asked["vae"], "0")
    elif kind == 1:
        pictures = r.choice([r.choice(FILES), [r.choice(FILES) for _ in range(r.randrange(1, 4))]])
        asked |= {
            "operation": r.choice(["style", "style:style"]),
            "vae": "photo",
            "checksum": checksums["photo"],
        }
        asked["options"] = {"style": pictures}
    elif kind == 2:
        asked["options"] = {r.choice(OPTIONS): r.choice([["uncertainty"], ["/dev/zero"], odd(r)])}
    else:
        asked[r.choice(["operation", "vae", "checksum", "package", "network"])] = r.choice(
            [text(r), r.choice(FILES)]
        )
    steps = [honest(r, checksums) for _ in range(r.randrange(3))]
    steps.insert(r.randrange(len(steps) + 1), asked)
    note = escape(json.dumps({"seed": r.choice([0, 7, 2**70]), "steps": steps}))
    return b"<rdf:RDF>" + NOTE.format(note).encode("utf-8", "replace") + b"</rdf:RDF>"


def made(r: random.Random, checksums: dict[str, str]) -> dict[str, Any]:
    """A note, mostly of the right shape."""
    found: dict[str, Any] = {"version": "1", "seed": r.randrange(9), "precision": "auto"}
    found["steps"] = [step(r, checksums) for _ in range(r.choice([0, 1, 1, 2, 3, 300]))]
    inner = found
    for _ in range(r.choice([0, 0, 1, 9, 200])):
        earlier = r.choice([0, 5, -3, 10**40, "x"])
        inner["before"] = inner = {**found, "earlier": earlier, "steps": found["steps"][:1]}
        inner.pop("before", None)
    for _ in range(r.choice([0, 0, 0, 1, 2])):
        found[r.choice([*found, "before", "earlier", text(r)])] = odd(r)
    return found


def note(r: random.Random, checksums: dict[str, str]) -> bytes:
    """A note as it stands in a packet."""
    makers: list[Callable[[], str]] = [
        lambda: json.dumps({"seed": 1, "steps": [honest(r, checksums)]}),
        lambda: json.dumps(made(r, checksums)),
        lambda: json.dumps(made(r, checksums)),
        lambda: json.dumps(odd(r)),
        lambda: nested(r, r.choice([10, 500, 900, 5000, 100_000])),
        lambda: '{"seed": ' + "9" * r.choice([30, 5000]) + "}",
        lambda: '"' + "\\" * r.randrange(9) + "\ud800",
        lambda: json.dumps({"version": "x" * r.choice([70_000, 2_000_000])}),
    ]
    data = bytearray(NOTE.format(escape(r.choice(makers)())).encode("utf-8", "replace"))
    if r.random() < 0.2:
        data[r.randrange(len(data))] = r.randrange(256)
    if r.random() < 0.1:
        data = data.replace(b"&quot;", r.choice([b"&#" + b"9" * 5000 + b";", b"&#xd800;", b"&", b"&#x0;"]), 3)
    return bytes(data)


def packet(r: random.Random, checksums: dict[str, str], longest: int) -> bytes:
    """A packet of XMP, of any shape."""
    makers = [lambda: OWNER, lambda: note(r, checksums), lambda: note(r, checksums), lambda: r.choice(PIECES)]
    parts = [r.choice(makers)() for _ in range(r.randrange(1, 5))]
    head, tail = r.choice(
        [(b"<x:xmpmeta><rdf:RDF>", b"</rdf:RDF></x:xmpmeta>"), (b"", b""), (b"<rdf:RDF>", b"")]
    )
    data = head + b"".join(parts) + tail
    kind = r.random()
    if kind < 0.15:
        piece, size = r.choice(PIECES), r.choice([60_000, 1 << 20, min(longest, 1 << 24)])
        data = head + piece * (size // len(piece)) + tail
    elif kind < 0.2:
        depth = r.choice([100, 100_000])
        data = head + b"<a>" * depth + OWNER + b"</a>" * depth + tail
    elif kind < 0.25:
        data = r.choice([b"\xff\xfe", b""]) + data.decode("latin-1").encode(
            r.choice(["utf-16-le", "utf-16-be", "utf-32"])
        )
    elif kind < 0.3:
        data = b'<!DOCTYPE a [<!ENTITY b "' + b"&b;" * 1000 + b'">]>' + data
    elif kind < 0.4:
        data = data[: r.randrange(len(data) + 1)]
    elif kind < 0.5:
        data = r.randbytes(r.choice([1, 100, 50_000]))
    return data[:longest]


def exif(r: random.Random) -> bytes:
    """An EXIF block: directories that are too long, loop, or point anywhere."""
    order = r.choice("<>")
    magic, anywhere = b"II*\0" if order == "<" else b"MM\0*", 2**32 - 1
    body = bytearray(b"Exif\0\0" + magic + struct.pack(f"{order}L", r.choice([8, 8, 0, anywhere])))
    body += struct.pack(f"{order}H", r.choice([1, 3, 65_535]))
    for _ in range(r.choice([0, 3, 200, 4000])):
        tag = r.choice([0x112, 0x8769, 0x8825, 0xA005, 0x014A, 0x9286, 0x927C, r.randrange(65_536)])
        count, value = r.choice([1, 2, anywhere]), r.choice([0, 1, 6, 8, anywhere])
        body += struct.pack(f"{order}HHLL", tag, r.randrange(16), count, value)
    body += struct.pack(f"{order}L", r.choice([0, 8, 2**32 - 1]))
    for _ in range(r.choice([0, 0, 5])):
        body[r.randrange(6, len(body))] = r.randrange(256)
    return bytes(body[: r.choice([len(body), r.randrange(6, len(body))])][:65_000])


def profile(r: random.Random) -> bytes:
    """A color profile: a head that claims anything, and noise."""
    size = r.choice([4, 128, 3000, 60_000])
    return (
        struct.pack(">L", r.choice([size, 0, 2**32 - 1])) + b"lcms\x04\0\0\0mntrRGB XYZ " + r.randbytes(size)
    )
