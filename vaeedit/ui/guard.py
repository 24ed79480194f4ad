"""The guard of the page: an ASGI application around Gradio's that answers what Gradio must not see.

It refuses pages of the web and browsers without the token, closes the routes that the page does not need, and counts the
bytes of requests.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from vaeedit.batch.addresses import is_foreign, is_same
from vaeedit.ui.bodies import Body, require_short
from vaeedit.ui.doors import HEARTBEAT, LOGIN, is_open
from vaeedit.ui.replies import Dressed, digests, login_page

DELAY = 0.5
"""Seconds until a wrong token is answered."""

LOGIN_HEADERS = {"Referrer-Policy": "same-origin"}
"""With `no-referrer` browsers hide from this server where a form comes from."""


class Guard:
    """Lets requests through to `app`, a server at `host` and `port`; with a token, those of browsers that have given it.

    `head` holds the scripts that may run beside Gradio's own. `watched` is entered with the session of Gradio of each page
    that is open, and left when it is closed.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        token: str | None,
        head: str,
        watched: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self.app, self.host, self.token, self.watched = app, host, token, watched
        self.cookie, self.key = f"vaeedit-{port}", secrets.token_urlsafe(32)
        self.scripts = digests(head)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of ASGI."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            body = Body(scope["path"], receive)
            await self._answer(Request(scope, body.receive), Dressed(scope["path"], send, self.scripts, body))

    async def _answer(self, request: Request, send: Send) -> None:
        path, reply = request.scope["path"], None
        try:
            reply = await self._own_reply(request)
        except HTTPException as error:
            reply = PlainTextResponse(error.detail, error.status_code)
        if reply is not None:
            await reply(request.scope, request.receive, send)
        elif path.startswith(HEARTBEAT):
            with self.watched(path.removeprefix(HEARTBEAT)):
                await self.app(request.scope, request.receive, send)
        else:
            await self.app(request.scope, request.receive, send)

    async def _own_reply(self, request: Request) -> Response | None:
        """The guard's reply, or None where Gradio is to answer; raises HTTPException for what is refused."""
        _require_own_page(self.host, request)
        if self.token and (reply := await self._login(request, self.token)):
            return reply
        if not is_open(request.method, request.scope["path"]):
            raise HTTPException(404, "The page has nothing at this address.")
        require_short(request)
        return None

    async def _login(self, request: Request, token: str) -> Response | None:
        """The reply to a browser that gives the token, or has not given it."""
        given = request.query_params.get("token")
        if request.method == "POST" and request.scope["path"] == LOGIN:
            form = await request.body()
            given = parse_qs(form.decode("utf-8", "replace")).get("token", [""])[0]
        if given is not None and is_same(given.encode("utf-8", "replace"), token):
            reply = Response(
                headers={"Refresh": "0; url=/"}
            )  # after a redirect, links from elsewhere send no cookie
            reply.set_cookie(self.cookie, self.key, httponly=True, samesite="strict")
            return reply
        if given is not None:
            await asyncio.sleep(DELAY)
        elif is_same(request.cookies.get(self.cookie, "").encode(), self.key):
            return None
        if "text/html" in request.headers.get("Accept", ""):
            return HTMLResponse(login_page(given is not None), 401, LOGIN_HEADERS)
        raise HTTPException(
            401, "The page needs its token: open its address in the browser, and type it there."
        )


def _require_own_page(listens_at: str, request: Request) -> None:
    """Raise HTTPException for the request of another page, whatever name it has; links to the page are welcome."""
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    is_foreign_page = origin not in (None, f"http://{host}", f"https://{host}")
    is_link = request.method == "GET" and request.scope["path"] == "/"
    sent_by = request.headers.get("Sec-Fetch-Site", "none")
    if is_foreign(listens_at, host) or is_foreign_page or not (is_link or sent_by in ("none", "same-origin")):
        raise HTTPException(403, "Other pages may not use this server; open the address that it printed.")
