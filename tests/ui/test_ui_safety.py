"""`vaeedit ui` as a process that is attacked: each attempt is refused, and nothing of it stays on the disk."""

import http.client
import json
import re
import socket
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest

httpx = pytest.importorskip("httpx", reason="gradio is missing: pip install 'vaeedit[ui]'")
pytest.importorskip("gradio", reason="gradio is missing: pip install 'vaeedit[ui]'")

PATIENCE = 60
"""Seconds after which something that does not happen is a failure."""
FORM = {"Content-Type": "multipart/form-data; boundary=B"}


@dataclass(frozen=True)
class Page:
    """A running server."""

    client: httpx.Client
    port: int
    temporary: Path
    root: Path
    config: dict

    @property
    def folder(self):
        """The folder of the server's files."""
        (found,) = self.temporary.glob("vaeedit-ui-*")
        return found

    @property
    def sittings(self):
        """The folders of the sittings."""
        return {path.name for path in self.folder.iterdir()} - {"cache"}

    def files(self):
        """All files of the server."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}

    def on_upload(self, element):
        """The number of the event in which a component has got files."""
        (part,) = [one["id"] for one in self.config["components"] if one["props"].get("elem_id") == element]
        (event,) = [
            one["id"] for one in self.config["dependencies"] if [part, "upload"] in map(list, one["targets"])
        ]
        return event

    def call(self, event, *data, session="session1"):
        """Whether an event succeeded, and its output as text."""
        asked = {"data": data, "fn_index": event, "session_hash": session}
        joined = self.client.post("/gradio_api/queue/join", json=asked)
        assert joined.status_code == 200, joined.text
        address = f"/gradio_api/queue/data?session_hash={session}"
        with self.client.stream("GET", address) as reply:
            for line in reply.iter_lines():
                message = json.loads(line.removeprefix("data:") or "{}")
                if message.get("msg") == "process_completed":
                    return message["success"], json.dumps(message["output"])
        raise AssertionError("the event did not end")

    def upload(self, name, data):
        """Where an upload is kept."""
        (path,) = self.client.post("/gradio_api/upload", files={"files": (name, data)}).json()
        return path

    def raw(self, head, body=b"", *, ends=True):
        """The status line and body of the reply to a request as it stands, or None without one."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            connection.sendall(head.replace("{host}", f"127.0.0.1:{self.port}").encode() + body)
            if not ends:
                return None
            reply = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        status, _, rest = reply.partition(b"\r\n")
        return status.decode(), rest.partition(b"\r\n\r\n")[2].decode()


def waited(done):
    """Waits until a condition holds."""
    end = monotonic() + PATIENCE
    while not done():
        assert monotonic() < end, "it does not happen"
        sleep(0.05)


@pytest.fixture(scope="module")
def page(page_server):
    """A client of the server."""
    with httpx.Client(base_url=page_server.url, timeout=PATIENCE) as client:
        config = json.loads(re.search(r"gradio_config = (\{.*?\});</script>", client.get("/").text)[1])
        yield Page(client, urlsplit(page_server.url).port, page_server.temporary, page_server.root, config)


FILE_ROUTES = [
    "/assets/",
    "/static/",
    "/gradio_api/file=",
    "/gradio_api/file/",
    "/download/",
    "/svelte/",
    "/",
]


def test_path_traversal_on_every_route_of_files(page):
    mine = page.folder
    (page.temporary.parent / "secret.txt").write_text("hidden words")
    there = page.temporary.parent
    for route in FILE_ROUTES:
        for path in [
            f"{there}/secret.txt",
            "/etc/passwd",
            "../../../../../../../../etc/passwd",
            "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
            "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
            "....//....//etc/passwd",
            "..\\..\\etc\\passwd",
            f"{mine}/cache/../../../secret.txt",
            f"{mine}/cache%00/../../secret.txt",
            "~/.ssh/id_rsa",
            "/proc/self/environ",
            f"{mine}",
            f"{mine}/cache",
            f"http://127.0.0.1:{page.port}/",
            f"http:%2f%2f127.0.0.1:{page.port}/",
            "//127.0.0.1/",
        ]:
            connection = http.client.HTTPConnection("127.0.0.1", page.port, PATIENCE)
            connection.request("GET", route + path)
            reply = connection.getresponse()
            body = reply.read()
            connection.close()
            assert reply.status in (400, 403, 404), (route, path)
            assert b"hidden words" not in body, (route, path)
            assert b"root:" not in body
            assert b"Traceback" not in body


def test_a_request_names_files_that_it_has_not_uploaded(page):
    (page.root / "private.png").write_bytes(picture(2, 2))
    before = page.files()
    event = page.on_upload("pictures-drop")
    for path in [
        str(page.root / "private.png"),
        "/etc/passwd",
        "../root/private.png",
        f"{page.temporary}/../root/private.png",
        f"http://127.0.0.1:{page.port}/",
        "http://example.com/picture.png",
        "https://192.0.2.1/picture.png",
    ]:
        for more in ({"meta": {"_type": "gradio.FileData"}}, {}):
            succeeded, output = page.call(event, [{"path": path, **more}])
            assert not succeeded, path
            assert "data:image" not in output
    assert page.files() == before


def form(*files):
    """The body of a form with these files."""
    parts = [
        f'--B\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + data
        + b"\r\n"
        for name, data in files
    ]
    return b"".join([*parts, b"--B--\r\n"])


UPLOAD = (
    "POST /gradio_api/upload HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    "Content-Type: multipart/form-data; boundary=B\r\n"
)


def test_uploads_beyond_the_limits(page):
    before = page.files()
    one = page.client.post("/gradio_api/upload", content=form(("a.png", bytes(20_000_001))), headers=FORM)
    assert (one.status_code, one.text) == (413, "File size exceeded maximum allowed size of 20000000 bytes.")
    three = page.client.post(
        "/gradio_api/upload", content=form(*[("a.png", bytes(17_000_000))] * 3), headers=FORM
    )
    assert three.status_code == 413
    assert three.text.startswith(
        "The files exceed the maximum allowed size of 50,000,000 bytes; VAEEDIT_MAX_UPLOADS"
    )
    body = form(*[(f"{number}.png", bytes(17_000_000)) for number in range(3)])
    chunk = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    status, text = page.raw(f"{UPLOAD}Transfer-Encoding: chunked\r\n\r\n", chunk)
    assert "413" in status
    assert text == three.text
    assert page.files() == before


def test_an_upload_that_breaks_off_leaves_nothing(page):
    before = page.files()
    body = form(("a.png", bytes(90_000)))
    page.raw(f"{UPLOAD}Content-Length: {len(body)}\r\n\r\n", body[:50_000], ends=False)
    waited(lambda: page.files() == before)


def test_names_of_uploads_lead_nowhere(page):
    mine = page.folder
    for name in [
        "../../../evil.png",
        "/tmp/evil.png",
        "..\\..\\evil.png",
        "<script>alert(1)</script>.png",
        "a\0.png",
    ]:
        reply = page.client.post("/gradio_api/upload", content=form((name, b"x")), headers=FORM)
        (path,) = map(Path, reply.json())
        assert path.parent.parent == mine / "cache"
        assert not set("<>/\\\0") & set(path.name)
    assert page.client.post("/gradio_api/upload", content=form(("..", b"x")), headers=FORM).status_code == 400


def chunk(kind, data):
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(width, height):
    """A PNG of a size, with hardly any samples."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    samples = zlib.compress(bytes(min(height * (3 * width + 1), 1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", samples) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (
            "bomb.png",
            picture(100_000, 100_000),
            "bomb.png has 100000 x 100000 pixels, over the limit of 400,000,000",
        ),
        ("wide.png", picture(20_000, 20_000), "more than 256 bytes of samples for each"),
        ("short.png", picture(100, 100), "short.png is damaged"),
        ("text.png", b"hello", "text.png is not a picture in a known format"),
        ("page.png", b"<script>alert(1)</script>", "page.png is not a picture in a known format"),
        ("drawing.svg", b"<svg onload='alert(1)'/>", "drawing.svg is in the format SVG"),
        ("empty.png", b"", "empty.png is empty (0 bytes)."),
    ],
)
def test_files_that_are_no_pictures(page, name, data, said):
    before = {file for file in page.files() if not file.startswith("cache")}
    upload = {"path": page.upload(name, data), "meta": {"_type": "gradio.FileData"}}
    succeeded, output = page.call(page.on_upload("pictures-drop"), [upload])
    assert succeeded
    assert said in output
    assert "data:image" not in output
    assert {file for file in page.files() if not file.startswith("cache")} == before


def test_a_page_that_closes_takes_its_files_along(page):
    before = page.sittings
    with page.client.stream("GET", "/gradio_api/heartbeat/closing") as reply:
        lines = reply.iter_lines()
        next(lines)
        upload = {"path": page.upload("two.png", whole()), "meta": {"_type": "gradio.FileData"}}
        succeeded, output = page.call(page.on_upload("pictures-drop"), [upload], session="closing")
        assert succeeded
        assert "data:image" in output
        assert len(page.sittings) == len(before) + 1
    waited(lambda: page.sittings == before)


def whole():
    """A complete PNG of two pixels."""
    header = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(7))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("no-such-step: {}", "There is no operation called 'no-such-step'"),
        ("<script>alert(1)</script>: {}", "&lt;script&gt;alert(1)"),
        (
            "denoise: {vae: /etc/passwd}",
            "the VAE '/etc/passwd' is not installed, and is not below the folder of --root",
        ),
        ("denoise: {vae: ../weights.safetensors}", "the VAE '../weights.safetensors' is not installed"),
        ("denoise: {vae: someone/vae}", "the VAE 'someone/vae' is not installed"),
        ("denoise: {mask: /etc/passwd}", "the picture '/etc/passwd' is not uploaded"),
        ("denoise: {mask: ../private.png}", "the picture '../private.png' is not uploaded"),
        ("!!python/object/apply:os.system [id]", "python/object/apply:os.system' is not known"),
    ],
)
def test_pipelines_that_name_what_they_may_not(page, step, said):
    text = f"version: 1\nsteps:\n- {step}\n"
    upload = {"path": page.upload("pipeline.yaml", text.encode()), "meta": {"_type": "gradio.FileData"}}
    succeeded, output = page.call(page.on_upload("edit-open-file"), [upload])
    assert succeeded
    assert said in output.replace("&#x27;", "'")
    assert "<script" not in output
    assert str(page.temporary) not in output
