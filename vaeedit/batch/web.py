"""Edits over HTTP, for `vaeedit serve`: a picture in, the edited picture out."""

import json
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import chdir, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from socketserver import TCPServer
from threading import Thread, Timer
from typing import Any
from urllib.parse import parse_qs, unquote

from vaeedit import __version__
from vaeedit.batch.addresses import is_foreign, is_same
from vaeedit.batch.requested import Refused, Reply, edited, listed, planned
from vaeedit.errors import ImageError, UsageError, VaeeditError, is_out_of_memory, unexpected
from vaeedit.image import FORMATS
from vaeedit.limits import PICTURE, PIECE
from vaeedit.run.session import Session
from vaeedit.settings import Settings

PAUSE = 0.5
"""Seconds after which a thread that waits looks for Ctrl-C, on systems where waiting is not interrupted."""
SILENCE, PATIENCE = 30, 300
"""Seconds without any transfer after which a connection is closed, and seconds within which a request must arrive."""
DRAINED = 64 << 20
"""Most bytes of a refused request that are read, so that its client gets to read the reply."""


class EditServer(ThreadingHTTPServer):
    """Answers requests, each in a thread; one thread, which Ctrl-C can interrupt, edits their pictures in turn.

    Raises OSError for an address that cannot be used.
    """

    def __init__(
        self,
        host: str,
        port: int,
        settings: Settings,
        token: str | None,
        on_failure: Callable[[Exception], None] | None = None,
    ) -> None:
        self.session = Session(settings)
        self.waiting: Queue[tuple[Callable[[], Reply], Future[Reply]]] = Queue()
        self.token, self.host, self.on_failure = token, host, on_failure
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def serve(self) -> None:
        """Answer requests, and edit pictures in this thread, until an exception such as KeyboardInterrupt."""
        Thread(target=self.serve_forever, daemon=True).start()
        try:
            while True:
                with suppress(Empty):
                    _do(*self.waiting.get(timeout=PAUSE))
        finally:
            self.shutdown()

    def in_turn(self, work: Callable[[], Reply]) -> Reply:
        """What the work returns in the thread of `serve`; raises what it raises."""
        done: Future[Reply] = Future()
        self.waiting.put((work, done))
        return done.result()

    def server_bind(self) -> None:
        """Bind, and ask no name server for the machine's name, as the base class does."""
        TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that is gone."""


def _do(work: Callable[[], Reply], done: Future[Reply]) -> None:
    try:
        with chdir("."):  # undoes a change of the working folder by a plugin
            done.set_result(work())
    except Exception as error:
        done.set_exception(error)


class _Handler(BaseHTTPRequestHandler):
    server: EditServer
    protocol_version, server_version, sys_version = "HTTP/1.1", f"vaeedit/{__version__}", ""
    timeout = SILENCE

    def handle(self) -> None:
        clock = Timer(PATIENCE, self._stop_reading)
        clock.daemon = True
        clock.start()
        try:
            super().handle()
        finally:
            clock.cancel()

    def do_GET(self) -> None:
        self._answer(self._list)

    def do_POST(self) -> None:
        self._answer(self._edit)

    def _answer(self, work: Callable[[], Reply]) -> None:
        try:
            self._require_welcome()
            reply = work()
        except Exception as error:
            if self.server.on_failure is not None:
                self.server.on_failure(error)
            self.send_error(*_status(error))
        else:
            self._send(200, reply)

    def _require_welcome(self) -> None:
        """Raise Refused for a page of the web, whatever name of this machine it uses, and without the token."""
        if "Origin" in self.headers or is_foreign(self.server.host, self.headers.get("Host", "")):
            raise Refused(403, "Pages of the web may not use this server; its address is 127.0.0.1.")
        given = self.headers.get("Authorization", "").removeprefix("Bearer ").encode("latin-1", "replace")
        if self.server.token and not is_same(given, self.server.token):
            raise Refused(
                401, "The request needs the header Authorization: Bearer TOKEN with the server's token."
            )

    def _list(self) -> Reply:
        if self.path.partition("?")[0] != "/":
            raise Refused(404, "GET / lists the operations; POST /OPERATION?option=value edits a picture.")
        body = json.dumps({"operations": listed(self.server.session)}, indent=1).encode()
        return Reply(body, [("Content-Type", "application/json")])

    def _edit(self) -> Reply:
        path, _, query = self.path.partition("?")
        lists = parse_qs(query, keep_blank_values=True)
        given: dict[str, Any] = {
            name: texts[0] if len(texts) == 1 else texts for name, texts in lists.items()
        }
        ending = given.pop("format", None)
        if ending is not None and f".{ending}" not in FORMATS:
            raise UsageError(f"format must be one of {', '.join(key[1:] for key in FORMATS)}.")
        plan = planned(self.server.session, unquote(path).removeprefix("/"), given)
        data = self._body()
        return self.server.in_turn(lambda: edited(self.server.session, plan, data, ending and f".{ending}"))

    def _body(self) -> bytes:
        text = self.headers.get("Content-Length")
        if text is None:
            raise Refused(411, "The request needs the header Content-Length, and the picture as its body.")
        if not text.isdecimal() or len(text) > 18:
            raise Refused(400, "Content-Length must be a whole number.")
        if (length := int(text)) > PICTURE.value:
            raise Refused(
                413, f"The picture has more than {PICTURE.value:,} bytes; {PICTURE.variable} changes that."
            )
        data = bytearray()
        while piece := self.rfile.read(min(PIECE, length - len(data))):
            data += piece
        if len(data) < length:
            raise Refused(400, f"The body ended after {len(data):,} of {length:,} bytes.")
        return bytes(data)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send the sentence as JSON, and read what the client still sends, else it may not see the reply."""
        body = json.dumps({"error": message or self.responses[code][0]}).encode()
        self._send(code, Reply(body, [("Content-Type", "application/json")]))
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            for _ in range(0, DRAINED, PIECE):
                if not self.rfile.read(PIECE):
                    break

    def _send(self, code: int, reply: Reply) -> None:
        self.send_response(code)
        for name, value in [
            *reply.headers,
            ("Content-Length", str(len(reply.body))),
            ("Connection", "close"),
        ]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def _stop_reading(self) -> None:
        with suppress(OSError):  # the client has gone
            self.connection.shutdown(socket.SHUT_RD)

    def log_message(self, *_: Any) -> None:
        """Print no line for each request."""


def _status(error: Exception) -> tuple[int, str]:
    """The status and the sentence of an error."""
    match error:
        case Refused():
            return error.status, str(error)
        case UsageError() | ImageError():
            return 400, str(error)
        case VaeeditError():
            return 500, str(error)
        case TimeoutError():
            return 408, f"Nothing of the request has come for {SILENCE} seconds."
    return 500, "The picture does not fit into memory." if is_out_of_memory(error) else unexpected(error)
