"""JSON that holds any name of a file, and lines of it that tell whether they are as they were written.

A byte of a name that is not UTF-8 stands as an escape such as \\udce9, which Python reads back as the same name.
"""

import hashlib
import json
from typing import Any, Literal, TypeVar

import msgspec

T = TypeVar("T")
SEAL = b',"sum":"'
SEALED = 42
"""Bytes that follow it."""


def digest(*parts: bytes) -> str:
    """BLAKE2b of the parts, in hexadecimal; each part's length counts, so that no two lists give the same bytes."""
    found = hashlib.blake2b(digest_size=20)
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.hexdigest()


def encoded(value: Any, order: Literal["sorted"] | None = None) -> bytes:
    """A value as JSON."""
    try:
        return msgspec.json.encode(value, order=order)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value, order=order), separators=(",", ":")).encode()


def decoded(data: bytes, kind: type[T]) -> T:
    """The value of JSON; raises ValueError for anything else."""
    try:
        return msgspec.convert(json.loads(data), kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from None


def sealed(value: Any) -> bytes:
    """A struct as a line of JSON whose last member is the digest of the line without it."""
    body = encoded(value).removesuffix(b"}")
    return body + SEAL + digest(body).encode() + b'"}\n'


def unsealed(line: bytes) -> bytes:
    """The JSON of a line without its seal; raises ValueError for a line that is not as it was written."""
    body, _, end = line.rstrip(b"\r\n").rpartition(SEAL)
    if end != digest(body).encode() + b'"}':
        raise ValueError("the line is not as it was written")
    return body + b"}"
