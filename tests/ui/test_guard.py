"""The guard of the page around a stand-in for Gradio's application: who may use it, which routes, how many bytes."""

from contextlib import contextmanager

import pytest

pytest.importorskip("gradio", reason="the extra ui is not installed")
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from vaeedit.ui.guard import Guard

BASE = "http://127.0.0.1:8760"
SENT_ELSEWHERE = "http://evil.example"


async def answer(request):
    """Echoes the number of bytes; a page at the root."""
    if request.url.path == "/":
        return HTMLResponse("<script>one()</script><p>page</p>")
    return PlainTextResponse(f"app {len(await request.body())}")


@pytest.fixture
def client():
    made = []

    def make(host="127.0.0.1", token=None, base=BASE):
        sessions = []

        @contextmanager
        def watched(session):
            sessions.append(f"open {session}")
            yield
            sessions.append(f"closed {session}")

        methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]
        app = Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
        guard = Guard(app, host, 8760, token, "<script>two()</script>", watched)
        made.append(TestClient(guard, base_url=base, follow_redirects=False))
        made[-1].sessions = sessions
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("host", ["127.0.0.1:8760", "localhost:9000", "[::1]:80"])
def test_names_of_this_machine_are_welcome(client, host):
    assert client().get("/", headers={"Host": host, "Origin": f"http://{host}"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"Host": "evil.example"}),
        ("/", {"Host": "127.0.0.1.evil.example"}),
        ("/", {"Host": ""}),
        ("/", {"Host": "[::1"}),
        ("/", {"Origin": SENT_ELSEWHERE}),
        ("/", {"Origin": "null"}),
        ("/", {"Origin": "http://127.0.0.1:8000"}),
        ("/gradio_api/queue/data", {"Sec-Fetch-Site": "cross-site"}),
        ("/gradio_api/queue/data", {"Sec-Fetch-Site": "same-site"}),
    ],
)
def test_other_pages_are_refused(client, path, headers):
    reply = client().get(path, headers=headers)
    assert reply.status_code == 403
    assert reply.text == "Other pages may not use this server; open the address that it printed."


def test_a_link_from_another_page_opens_this_one(client):
    assert client().get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    assert client().post("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


OPEN = [
    ("GET", "/"),
    ("GET", "/theme.css?v=1"),
    ("GET", "/assets/index.js"),
    ("GET", "/gradio_api/heartbeat/abc1"),
    ("GET", "/gradio_api/queue/data?session_hash=abc1"),
    ("GET", "/gradio_api/file=/tmp/a/b.png"),
    ("POST", "/gradio_api/upload"),
    ("POST", "/gradio_api/queue/join"),
    ("POST", "/gradio_api/run/predict"),
    ("POST", "/gradio_api/component_server"),
]
CLOSED = [
    ("GET", "/config"),
    ("GET", "/login"),
    ("GET", "/monitoring"),
    ("GET", "/monitoring/summary"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/gradio_api/info"),
    ("GET", "/gradio_api/openapi.json"),
    ("GET", "/gradio_api/runs"),
    ("GET", "/gradio_api/run-history/buckets"),
    ("GET", "/gradio_api/deep_link?session_hash=a"),
    ("GET", "/gradio_api/proxy=http://127.0.0.1:22/"),
    ("GET", "/gradio_api/file=http://127.0.0.1:22/"),
    ("GET", "/gradio_api/file=file:///etc/passwd"),
    ("GET", "/gradio_api/queue/status"),
    ("GET", "/gradio_api/dev/reload"),
    ("GET", "/gradio_api/mcp/"),
    ("POST", "/gradio_api/call/predict"),
    ("POST", "/gradio_api/run/other"),
    ("POST", "/gradio_api/api/predict"),
    ("POST", "/gradio_api/vibe-code"),
    ("POST", "/gradio_api/process_recording"),
    ("POST", "/login"),
    ("PUT", "/"),
    ("OPTIONS", "/"),
]


def test_routes_that_the_page_needs_are_open(client):
    one = client()
    for method, path in OPEN:
        assert one.request(method, path).status_code == 200, path
    assert one.sessions == ["open abc1", "closed abc1"]


def test_all_other_routes_are_closed(client):
    one = client()
    for method, path in CLOSED:
        reply = one.request(method, path)
        assert (reply.status_code, reply.text) == (404, "The page has nothing at this address."), path


def test_headers_of_every_reply(client):
    for path in ("/", "/assets/index.js", "/gradio_api/file=/tmp/a/b.png", "/gradio_api/info"):
        headers = client().get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert headers["Cache-Control"] == (
            "no-store" if "assets" not in path else "private, max-age=31536000, immutable"
        )


def test_scripts_of_the_page_run_by_a_nonce_of_this_reply(client):
    replies = [client().get("/") for _ in range(2)]
    nonces = {reply.text.partition('nonce="')[2].partition('"')[0] for reply in replies}
    assert len(nonces) == 2
    for reply in replies:
        (scripts,) = [
            part for part in reply.headers["Content-Security-Policy"].split("; ") if part.startswith("script")
        ]
        assert any(f"'nonce-{nonce}'" in scripts for nonce in nonces)
        assert "'sha256-" in scripts
        assert "unsafe-inline" not in scripts
        assert int(reply.headers["Content-Length"]) == len(reply.content)


def too_many(sizes):
    yield from (bytes(size) for size in sizes)


def test_bytes_are_counted_whatever_is_said(client, monkeypatch):
    monkeypatch.setenv("VAEEDIT_MAX_UPLOADS_BYTES", "100")
    post = client().post
    assert post("/gradio_api/upload", content=bytes(100)).text == "app 100"
    said = "The files exceed the maximum allowed size of 100 bytes; VAEEDIT_MAX_UPLOADS_BYTES changes that."
    reply = post("/gradio_api/upload", content=bytes(101))
    assert (reply.status_code, reply.text) == (413, said)
    with pytest.raises(
        Exception, match="exceed the maximum allowed size of 100 bytes"
    ):  # Gradio's parser expects it
        post("/gradio_api/upload", content=too_many([60, 60]))
    long = bytes((8 << 20) + 1)
    assert post("/gradio_api/queue/join", content=long).status_code == 413
    assert post("/gradio_api/queue/join", content=too_many([len(long)])).status_code == 413
    assert post("/gradio_api/run/predict", content=long).status_code == 413
    assert post("/gradio_api/queue/join", headers={"Content-Length": "x"}).status_code == 400
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    assert post("/gradio_api/component_server", content=b"--b--", headers=form).status_code == 400


WITH = {"host": "0.0.0.0", "token": "grüße", "base": "http://pictures.lan:8760"}
HTML = {"Accept": "text/html"}


def test_without_the_token_nothing_is_answered(client):
    one = client(**WITH)
    for method, path in OPEN:
        reply = one.request(method, path)
        assert reply.status_code == 401, path
        assert reply.text.startswith("The page needs its token")
    page = one.get("/", headers=HTML)
    assert page.status_code == 401
    assert '<form method="post" action="/token">' in page.text
    assert one.sessions == []


@pytest.mark.parametrize("given", ["wrong", "", "gruesse", b"gr\xff"])
def test_a_wrong_token(client, given, monkeypatch):
    monkeypatch.setattr("vaeedit.ui.guard.DELAY", 0)
    one = client(**WITH)
    for reply in (
        one.get("/", params={"token": given}, headers=HTML),
        one.post("/token", data={"token": given}, headers=HTML),
    ):
        assert reply.status_code == 401
        assert "This token is wrong." in reply.text
        assert "Set-Cookie" not in reply.headers


@pytest.mark.parametrize("way", ["address", "form"])
def test_the_token_once_then_a_cookie(client, way):
    one = client(**WITH)
    if way == "address":
        reply = one.get("/", params={"token": WITH["token"]})
    else:
        reply = one.post("/token", data={"token": WITH["token"]})
    assert reply.headers["Refresh"] == "0; url=/"
    cookie = reply.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert WITH["token"].encode().hex() not in cookie
    assert one.get("/").status_code == 200
    assert one.post("/gradio_api/upload").text == "app 0"
    one.cookies.clear()
    assert one.get("/", headers={"Cookie": b"vaeedit-8760=\xff"}).status_code == 401


def test_a_token_protects_this_machine_too(client):
    assert client(token="secret").get("/").status_code == 401


def test_a_question_mark_in_a_path_hides_nothing(client):
    for path in ("/%3F/gradio_api/info", "/%3fx", "/theme.css%3Fx"):
        assert client().get(path).status_code == 404
