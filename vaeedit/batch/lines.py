"""JSON that can hold any file name, and lines of JSON with a checksum.

A byte of a name that is not UTF-8 is written as an escape such as \\udce9, which Python reads back as the same name.
"""

import hashlib
import json
from typing import Any, Literal, TypeVar

import msgspec

T = TypeVar("T")
SUM = b',"sum":"'
SUM_LENGTH = 42
"""Bytes after `SUM`: the checksum, a quote and a brace."""


def digest(*parts: bytes) -> str:
    """Return the BLAKE2b hash of the parts in hexadecimal. Lengths are hashed too, so (ab, c) differs from (a, bc)."""
    hashed = hashlib.blake2b(digest_size=20)
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.hexdigest()


def encoded(value: Any, order: Literal["sorted"] | None = None) -> bytes:
    """Return a value as JSON."""
    try:
        return msgspec.json.encode(value, order=order)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value, order=order), separators=(",", ":")).encode()


def decoded(data: bytes, kind: type[T]) -> T:
    """Return the value of JSON; raises ValueError if it is not JSON or not of this kind."""
    try:
        return msgspec.convert(json.loads(data), kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from None


def with_sum(value: Any) -> bytes:
    """Return a struct as a line of JSON whose last member is the checksum of the members before."""
    body = encoded(value).removesuffix(b"}")
    return body + SUM + digest(body).encode() + b'"}\n'


def without_sum(line: bytes) -> bytes:
    """Check the checksum of a line and return its JSON without it; raises ValueError for a damaged line."""
    body, _, end = line.rstrip(b"\r\n").rpartition(SUM)
    if end != digest(body).encode() + b'"}':
        raise ValueError("the checksum of the line is wrong")
    return body + b"}"
