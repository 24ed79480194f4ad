"""`vaeedit serve` as a process: pictures in and out over HTTP, each refusal, two requests at once."""

import http.client
import io
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from PIL import Image

from plugin_maker import OPERATION, WORK, put

FREE = ("--port", "0")


@pytest.fixture(scope="module")
def server(start_vaeedit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    process = start_vaeedit("serve", *FREE, cwd=folder)
    yield process.stdout.readline().decode().strip()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert err.decode().strip() == "Error: interrupted; nothing partial was left behind."
    assert not any(folder.iterdir())


@pytest.fixture(scope="module")
def picture(photo, tmp_path_factory):
    exif = Image.Exif()
    exif[0x0110] = "Camera 5"
    return photo(tmp_path_factory.mktemp("in") / "picture.jpg", (24, 32), exif=exif)


def post(address, body, **headers):
    with urlopen(Request(address, body, headers), timeout=300) as reply:
        return reply.read(), reply.headers


def refusal(address, body=None, **headers):
    with pytest.raises(HTTPError) as raised:
        post(address, body, **headers)
    with raised.value as reply:
        (error,) = json.loads(reply.read()).values()
    assert "Traceback" not in error
    return reply.code, error


def test_a_picture_comes_back_as_the_command_writes_it(server, picture, vaeedit, tmp_path):
    body, headers = post(f"{server}denoise?strength=0.5", picture.read_bytes())
    assert vaeedit("denoise", picture, "--strength", 0.5, "-o", "clean.jpg").code == 0
    assert body == (tmp_path / "clean.jpg").read_bytes()
    assert headers["Content-Type"] == "image/jpeg"
    assert "denoise" in json.loads(headers["Vaeedit-Notes"])
    with Image.open(io.BytesIO(body)) as image:
        assert image.getexif()[0x0110] == "Camera 5"


def test_a_line_another_format_and_a_warning(server, picture, vaeedit, pixels, tmp_path):
    with Image.open(picture) as image:
        image.convert("P").save(tmp_path / "palette.png")
    address = f"{server}run?line=denoise%20%7C%20super-resolve%20--scale%202&format=tif"
    body, headers = post(address, (tmp_path / "palette.png").read_bytes())
    (tmp_path / "served.tif").write_bytes(body)
    assert headers["Content-Type"] == "image/tiff"
    assert "palette" in json.loads(headers["Vaeedit-Warning"])
    assert vaeedit("chain", "denoise | super-resolve --scale 2", "palette.png", "-o", "large.tif").code == 0
    assert np.array_equal(pixels(tmp_path / "served.tif"), pixels(tmp_path / "large.tif"))


def test_two_at_once(server, picture):
    seeds = [f"{server}vary?seed={seed}" for seed in (1, 2)]
    alone = [post(address, picture.read_bytes())[0] for address in seeds]
    with ThreadPoolExecutor(2) as pool:
        both = [*pool.map(lambda address: post(address, picture.read_bytes())[0], seeds)]
    assert both == alone
    assert alone[0] != alone[1]


def test_operations_are_listed(server):
    with urlopen(server, timeout=60) as reply:
        operations = json.load(reply)["operations"]
    assert operations["denoise"]["options"]["strength"]["value"] == "a number from 0 to 2"
    assert not {"fuse", "relabel"} & {*operations}


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("denoise?strength=99", 400, "strength must be"),
        ("denoise?strength=1&strength=1", 400, "strength must be"),
        ("denoise?nonsense=1", 400, "has no option 'nonsense'"),
        ("denoise?seed=-1", 400, "seed must be"),
        ("denoise?format=xyz", 400, "format must be one of"),
        ("denoise?maps=a", 400, "maps is not an option"),
        ("denoise?vae=/etc/passwd", 400, "installed VAE; there are"),
        ("denoise?mask=/etc/passwd", 400, "one picture"),
        ("run?line=denoise%20--vae%20mine.safetensors", 400, "installed VAE; there are"),
        ("run?line=style%20--style%20/etc/passwd", 400, "one picture"),
        ("run?line=denoise%20%7C", 400, "is empty"),
        ("run?line=denoise&strength=1", 400, "not with strength"),
        ("fuse", 400, "needs the picture"),
        ("relabel?to=7", 400, "to takes any text"),
        ("nonsense", 404, "There is no operation called 'nonsense'"),
        ("../denoise", 404, "There is no operation"),
    ],
)
def test_what_a_request_may_not_ask_for(server, picture, path, code, words):
    status, error = refusal(f"{server}{path}", picture.read_bytes())
    assert status == code
    assert words in error


def test_what_is_no_picture_and_no_page(server, picture):
    assert refusal(f"{server}denoise", b"hello")[0] == 400
    assert refusal(f"{server}denoise", b"") == (400, "The picture is empty (0 bytes).")
    assert refusal(f"{server}denoise", picture.read_bytes()[:400])[0] == 400
    assert refusal(f"{server}denoise")[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "["},
        {"Origin": "https://evil.example"},
    ],
)
def test_pages_of_the_web_are_refused(server, headers):
    assert refusal(server, **headers)[0] == 403


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 411),
        ({"Content-Length": str(1 << 50)}, 413),
        ({"Content-Length": "many"}, 400),
        ({"Content-Length": "9"}, 400),
    ],
)
def test_the_length_of_the_body(server, headers, code):
    connection = http.client.HTTPConnection(server.split("/")[2], timeout=60)
    connection.putrequest("POST", "/denoise")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(b"four" if headers else None)
    connection.sock.shutdown(1)
    reply = connection.getresponse()
    assert reply.status == code
    assert json.loads(reply.read())["error"]
    connection.close()


def test_ctrl_c_while_a_picture_is_edited(start_vaeedit, picture, photo, tmp_path):
    process = start_vaeedit("serve", *FREE, cwd=tmp_path)
    address = process.stdout.readline().decode().strip()
    post(f"{address}denoise", picture.read_bytes())  # everything is imported
    body = photo(tmp_path / "large.png", (600, 800)).read_bytes()
    connection = http.client.HTTPConnection(address.split("/")[2], timeout=60)
    connection.request("POST", "/vary", body)
    post(address, None)  # lists are answered while a picture is edited
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().strip() == "Error: interrupted; nothing partial was left behind."
    connection.close()


def test_the_token(start_vaeedit, tmp_path, vaeedit):
    process = start_vaeedit("serve", *FREE, "--host", "0.0.0.0", "--token", "secret", cwd=tmp_path)
    address = process.stdout.readline().decode().strip().replace("0.0.0.0", "127.0.0.1")
    try:
        assert refusal(address)[0] == 401
        assert refusal(address, Authorization="Bearer secret2")[0] == 401
        assert b"denoise" in post(address, None, Authorization="Bearer secret")[0]
        port = address.rstrip("/").rpartition(":")[2]
        vaeedit("serve", "--port", port).assert_refused(
            2, f"--port {port} cannot be used: address already in use."
        )
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_other_machines_need_a_token(vaeedit):
    vaeedit("serve", *FREE, "--host", "0.0.0.0").assert_refused(2, "VAEEDIT_TOKEN")


def test_a_plugin_that_fails(start_vaeedit, picture, tmp_path, monkeypatch):
    put(tmp_path, "acme-broken", OPERATION.format(name="broken", module="acme_broken"))
    (tmp_path / "acme_broken_work.py").write_text(WORK.format(body="raise RuntimeError('no')"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    process = start_vaeedit("serve", *FREE, cwd=tmp_path)
    try:
        address = process.stdout.readline().decode().strip()
        code, error = refusal(f"{address}broken", picture.read_bytes())
        assert code == 500
        assert error == "The operation broken of acme-broken 1.0 failed: RuntimeError: no"
        assert post(f"{address}denoise", picture.read_bytes())[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)
