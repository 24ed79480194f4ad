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
"""Most bytes beyond the limit that are read and thrown away."""


def require_short(request: Request) -> None:
    """Raise HTTPException for a body that says that it is too long, and for files where none are expected."""
    path, headers = request.scope["path"], request.headers
    length = headers.get("Content-Length", "0")
    if not length.isdecimal() or len(length) > 18:
        raise HTTPException(400, "Content-Length must be a whole number.")
    if int(length) > _limit(path):
        raise HTTPException(413, _too_long(path))
    if headers.get("Content-Type", "").startswith("multipart") and path != UPLOAD_PATH:
        raise HTTPException(400, "Files are not welcome at this address.")


class Body:
    """The body of a request, which is received within its limit."""

    def __init__(self, path: str, receive: Receive) -> None:
        self.path, self._receive = path, receive
        self._left, self._goes_on = _limit(path), True

    async def receive(self) -> Message:
        """The next message; raises as soon as there is too much, or where an upload ends early.

        Gradio removes what it has stored of an upload after a MultiPartException, and only then.
        """
        message = await self._next()
        if message["type"] == "http.disconnect" and self._goes_on and self.path == UPLOAD_PATH:
            raise MultiPartException("The upload ended early.")
        self._goes_on = message.get("more_body", False)
        if self._left < 0:
            text = _too_long(self.path)
            raise MultiPartException(text) if self.path == UPLOAD_PATH else HTTPException(413, text)
        return message

    async def drain(self) -> None:
        """Read the rest, as far as is reasonable: a client that still sends may not see the reply."""
        while self._goes_on and self._left > -DRAINED:
            self._goes_on = (await self._next()).get("more_body", False)

    async def _next(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return message


def _limit(path: str) -> int:
    return UPLOADS.value if path == UPLOAD_PATH else MESSAGE


def _too_long(path: str) -> str:
    if path == UPLOAD_PATH:
        return f"The files exceed the maximum allowed size of {UPLOADS.value:,} bytes; {UPLOADS.variable} changes that."
    return f"The request has more than {MESSAGE:,} bytes."
