"""Bodies of requests within limits: refused before they are read where they say their length, else while they arrive."""

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive

from vaeedit.limits import UPLOADS
from vaeedit.ui.doors import UPLOAD_PATH

MESSAGE = 8 << 20
"""Most bytes of a request without files."""
DRAINED = 256 << 20
"""Most bytes of a refused request that are read and thrown away, so that its client gets to read the reply."""


def require_short(request: Request) -> None:
    """Raise HTTPException for a body that says that it is too long, and for files where none are expected."""
    path, headers = request.url.path, request.headers
    length = headers.get("Content-Length", "0")
    if not length.isdecimal() or len(length) > 18:
        raise HTTPException(400, "Content-Length must be a whole number.")
    if int(length) > _limit(path):
        raise HTTPException(413, _too_long(path))
    if headers.get("Content-Type", "").startswith("multipart") and path != UPLOAD_PATH:
        raise HTTPException(400, "Files are not welcome at this address.")


def counted(path: str, receive: Receive) -> Receive:
    """Receives a body and raises as soon as it is too long, or where an upload ends early.

    Gradio removes what it has stored of an upload after a MultiPartException, and only then.
    """
    error = MultiPartException if path == UPLOAD_PATH else lambda text: HTTPException(413, text)
    left, is_open = _limit(path), True

    async def receive_counted() -> Message:
        nonlocal left, is_open
        message = await receive()
        if message["type"] == "http.disconnect":
            if is_open and path == UPLOAD_PATH:
                raise MultiPartException("The upload ended early.")
            return message
        left -= len(message.get("body", b""))
        if left < 0:
            raise error(_too_long(path))
        is_open = message.get("more_body", False)
        return message

    return receive_counted


async def drain(receive: Receive) -> None:
    """Read the rest of a body, as far as is reasonable."""
    left, more = DRAINED, True
    while more and left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        more = message.get("more_body", False)


def _limit(path: str) -> int:
    return UPLOADS.value if path == UPLOAD_PATH else MESSAGE


def _too_long(path: str) -> str:
    if path == UPLOAD_PATH:
        return f"The files exceed the maximum allowed size of {UPLOADS.value:,} bytes; {UPLOADS.variable} changes that."
    return f"The request has more than {MESSAGE:,} bytes."
