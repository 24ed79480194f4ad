"""What a page and its server leave: sittings that end, files of servers that were killed, and no word to other machines."""

import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from vaeedit.errors import UsageError
from vaeedit.ui.folder import Cache, server_folder
from vaeedit.ui.sittings import Sittings


@pytest.fixture
def sittings(tmp_path):
    """Sittings whose ended keys are in `ended`."""
    ended = []
    made = Sittings(tmp_path, ended.append)
    made.ended = ended
    return made


def request(session):
    return SimpleNamespace(session_hash=session)


def test_a_sitting_ends_with_its_page(sittings, tmp_path):
    with sittings.watched("one"), sittings.watched("two"):
        first, second = (sittings.of(request(session)) for session in ("one", "two"))
        (first.new_folder() / "picture.png").write_bytes(b"x")
        sittings.sweep(idle=0)
        assert (len(sittings), sittings.ended) == (2, [])
    with sittings.watched("two"):
        sittings.sweep()
        assert sittings.ended == [first.key]
        assert [*tmp_path.iterdir()] == [second.folder]
        with pytest.raises(UsageError, match="This page has ended; reload it"):
            sittings.by_key(first.key)
    sittings.sweep()
    assert (len(sittings), [*tmp_path.iterdir()]) == (0, [])


def test_a_page_that_was_never_seen_ends_when_it_is_idle(sittings):
    sitting = sittings.of(request("one"))
    sittings.sweep()
    assert sittings.by_key(sitting.key) is sitting
    sittings.sweep(idle=-1)
    assert sittings.ended == [sitting.key]


def test_two_tabs_of_one_browser_share_nothing(sittings):
    one, two = (sittings.of(request(session)) for session in ("one", "two"))
    assert one.key != two.key
    assert one.folder != two.folder
    assert one.part("a", list) is not two.part("a", list)
    assert one.part("a", list) is sittings.of(request("one")).part("a", list)


KILLED = """
import os, sys, tempfile
from vaeedit.ui.folder import server_folder
tempfile.tempdir = sys.argv[1]
with server_folder() as folder:
    (folder / "a").mkdir()
    os._exit(9)
"""


def test_folders_of_killed_servers_go_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode == 9
    (tmp_path / "vaeedit-ui-of-somebody-else").mkdir()
    (killed,) = [path for path in tmp_path.iterdir() if path.name != "vaeedit-ui-of-somebody-else"]
    with server_folder() as folder, server_folder() as second:
        assert not killed.exists()
        assert folder.stat().st_mode & 0o77 == 0
        assert len({folder, second, *tmp_path.iterdir()}) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["vaeedit-ui-of-somebody-else"]


def test_uploads_are_stored_for_some_minutes(tmp_path):
    cache = Cache(tmp_path / "cache")
    for name in ("kept", "upload"):
        (cache.folder / name).mkdir()
        (cache.folder / name / "a.png").write_bytes(b"x")
        if name == "kept":
            cache.keep()
    (cache.folder / "tmpbroken").write_bytes(b"x")
    cache.sweep()
    assert len([*cache.folder.iterdir()]) == 3
    cache.sweep(stored=-1)
    assert [path.name for path in cache.folder.iterdir()] == ["kept"]


OFFLINE = """
import os, socket, sys
from pathlib import Path
from vaeedit.ui.offline import stay_offline
os.environ["GRADIO_SHARE"] = "True"
stay_offline(Path("cache"))
assert [name for name in os.environ if name.startswith("GRADIO_")] == ["GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR"]
socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
socket.create_connection(("localhost", int(sys.argv[1]))).close()
def refused(call, *arguments):
    try:
        call(*arguments)
    except PermissionError as error:
        assert "uses no network" in str(error)
    else:
        raise AssertionError(arguments)
refused(socket.create_connection, ("192.0.2.1", 80), 1)
refused(socket.create_connection, ("example.com", 80), 1)
refused(socket.getaddrinfo, b"example.com", 80)
refused(socket.gethostbyname, "example.com")
refused(socket.socket().connect_ex, ("192.0.2.1", 80))
refused(socket.socket(type=socket.SOCK_DGRAM).sendto, b"x", ("192.0.2.1", 53))
refused(socket.socket(socket.AF_INET6).connect, ("2001:db8::1", 80))
"""


def test_a_server_reaches_this_machine_alone(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-c", OFFLINE, str(listening.getsockname()[1])]
        subprocess.run(command, check=True, cwd=tmp_path, timeout=60)


def test_another_host_needs_a_token():
    command = [sys.executable, "-m", "vaeedit", "ui", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert (
        "With --host 0.0.0.0 other machines can use the server; set a secret with VAEEDIT_TOKEN"
        in done.stderr
    )
