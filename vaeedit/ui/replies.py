"""What the guard adds to replies: headers, and the nonce of the scripts that may run."""

import re
import secrets
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from vaeedit.ui.bodies import Body

STRICT = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every reply that has no other ones."""


def login_page(again: bool) -> str:
    """The small page that asks for the token; `again` after a wrong one."""
    text = (files("vaeedit.ui") / "static" / "token.html").read_text()
    return text.replace("{said}", "This token is wrong." if again else "")


class Dressed:
    """Sends a reply with the headers. Scripts of the page itself get the nonce that lets them run, beside `scripts`."""

    def __init__(self, path: str, send: Send, scripts: str, body: Body) -> None:
        self.path, self.send, self.body = path, send, body
        self.nonce = secrets.token_urlsafe(16)
        self.policy = policy(f"'nonce-{self.nonce}' {scripts}")
        self.start: Message | None = None

    async def __call__(self, message: Message) -> None:
        """Send a message of ASGI."""
        if message["type"] == "http.response.start":
            if message["status"] >= 400:
                await self.body.drain()
            headers = MutableHeaders(scope=message)
            headers.update({"Content-Security-Policy": self.policy, "Cache-Control": self._caching()})
            for name, value in STRICT.items():
                headers.setdefault(name, value)
            self.start = message
            if self.path == "/":
                return
        elif self.path == "/" and self.start is not None:
            message["body"] = message.get("body", b"").replace(
                b"<script", f'<script nonce="{self.nonce}"'.encode()
            )
            MutableHeaders(scope=self.start)["Content-Length"] = str(len(message["body"]))
            await self.send(self.start)
            self.start = None
        await self.send(message)

    def _caching(self) -> str:
        """The programs of the page are kept, as their names tell their content; pictures are not."""
        return "private, max-age=31536000, immutable" if self.path.startswith("/assets/") else "no-store"


def digests(head: str) -> str:
    """What lets the scripts in the head of Gradio's page run, which Gradio adds by a script of its own."""
    scripts = re.findall("<script>(.*?)</script>", head, re.DOTALL)
    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in scripts)


def policy(scripts: str) -> str:
    """What a browser may load and run: what this server sends, and of scripts inside of pages only `scripts`.

    Gradio makes functions of the scripts of components (`unsafe-eval`) and sets styles of elements (`unsafe-inline`).
    """
    return (
        f"default-src 'self'; script-src 'self' 'unsafe-eval' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
