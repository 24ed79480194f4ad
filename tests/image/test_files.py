import errno
import io
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from vaeedit.errors import ImageError
from vaeedit.image import Frame, image_files, write, write_whole


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


class _FullFile(io.FileIO):
    """Takes the first bytes, as a disk does that fills up."""

    def write(self, data: bytes) -> int:
        super().write(data[:3])
        raise OSError(errno.ENOSPC, "No space left on device")


class _InterruptedFile(io.FileIO):
    def write(self, data: bytes) -> int:
        super().write(data[:3])
        raise KeyboardInterrupt


# ---- write_whole


def test_the_content_appears_whole_and_alone(tmp_path):
    write_whole(tmp_path / "a.bin", b"content")
    assert _content(tmp_path) == {"a.bin": b"content"}


def test_an_older_file_is_replaced(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"older and longer")
    write_whole(tmp_path / "a.bin", b"new")
    assert _content(tmp_path) == {"a.bin": b"new"}


def test_until_the_rename_the_older_file_is_there(tmp_path, monkeypatch):
    target, seen = tmp_path / "a.bin", {}
    target.write_bytes(b"old")
    replace = os.replace

    def spy(source, destination):
        seen.update(old=target.read_bytes(), new=Path(source).read_bytes(), folder=Path(source).parent)
        replace(source, destination)

    monkeypatch.setattr(os, "replace", spy)
    write_whole(target, b"new")
    assert seen == {"old": b"old", "new": b"new", "folder": tmp_path}


@pytest.mark.parametrize("older", [None, b"older"])
@pytest.mark.parametrize(
    ("function", "stand_in"),
    [
        ("replace", _full),
        ("fsync", _full),
        ("fdopen", lambda handle, mode: _FullFile(handle, mode.replace("b", ""))),
    ],
    ids=["replace", "fsync", "write"],
)
def test_failure_leaves_the_folder_as_it_was(tmp_path, monkeypatch, function, stand_in, older):
    target = tmp_path / "a.bin"
    if older:
        target.write_bytes(older)
    before = _content(tmp_path)
    monkeypatch.setattr(os, function, stand_in)
    with pytest.raises(ImageError) as caught:
        write_whole(target, b"content")
    assert str(caught.value) == f"{target} cannot be written: no space left on device."
    assert _content(tmp_path) == before


@pytest.mark.parametrize("older", [None, b"older"])
def test_an_interrupt_leaves_the_folder_as_it_was(tmp_path, monkeypatch, older):
    target = tmp_path / "a.bin"
    if older:
        target.write_bytes(older)
    before = _content(tmp_path)
    monkeypatch.setattr(os, "fdopen", lambda handle, mode: _InterruptedFile(handle, "w"))
    with pytest.raises(KeyboardInterrupt):
        write_whole(target, b"content")
    assert _content(tmp_path) == before


def test_a_missing_folder_is_an_image_error_and_stays_missing(tmp_path):
    target = tmp_path / "none" / "a.bin"
    with pytest.raises(ImageError, match=r"a\.bin cannot be written: no such file or directory\.$"):
        write_whole(target, b"content")
    assert not target.parent.exists()


def test_a_folder_in_the_way_is_an_image_error(tmp_path):
    (tmp_path / "a.bin").mkdir()
    with pytest.raises(ImageError, match="cannot be written: is a directory"):
        write_whole(tmp_path / "a.bin", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_file_as_folder_is_an_image_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ImageError, match="cannot be written: not a directory"):
        write_whole(tmp_path / "file" / "a.bin", b"content")


def test_a_name_as_long_as_the_file_system_allows_is_written(tmp_path):
    name = "ü" * 125 + ".png"
    write_whole(tmp_path / name, b"content")
    assert _content(tmp_path) == {name: b"content"}


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_permissions_follow_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "a.bin", b"content")
        assert os.umask(mask) == mask  # left as it was
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o666 & ~mask


def test_a_full_disk_keeps_the_older_file(small_disk):
    disk = small_disk(64)
    target = disk / "a.bin"
    write_whole(target, b"older")
    with pytest.raises(ImageError, match="cannot be written: no space left on device"):
        write_whole(target, bytes(100_000))
    assert _content(disk) == {"a.bin": b"older"}


def test_a_picture_that_fails_to_be_written_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", _full)
    with pytest.raises(ImageError):
        write(Frame(np.zeros((4, 4, 3), np.uint8)), tmp_path / "a.png")
    assert _content(tmp_path) == {}


# ---- image_files


@pytest.fixture
def album(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", "inner/c.tiff", "inner/deep/d.webp", "e.avif/f.bmp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_a_folder_gives_its_own_pictures_sorted(album):
    assert image_files([album]) == [album / "a.png", album / "b.JPG"]


def test_recursion_goes_into_folders_and_takes_no_folder_for_a_picture(album):
    names = ["a.png", "b.JPG", "e.avif/f.bmp", "inner/c.tiff", "inner/deep/d.webp"]
    assert image_files([album], recursive=True) == [album / name for name in names]


def test_files_are_taken_at_their_word_and_in_the_order_given(album):
    given = [album / "notes.txt", album / "none.png", album / "inner"]
    assert image_files(given) == [*given[:2], album / "inner" / "c.tiff"]


def test_an_empty_folder_gives_nothing(tmp_path):
    assert image_files([tmp_path]) == []


def test_a_replaced_file_keeps_its_permissions_and_a_link_stays_a_link(tmp_path):
    private = tmp_path / "private.jpg"
    private.write_bytes(b"old")
    private.chmod(0o600)
    link = tmp_path / "link.jpg"
    link.symlink_to(private)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert private.read_bytes() == b"new"
    assert private.stat().st_mode & 0o777 == 0o600


def test_a_link_that_leads_nowhere_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "out").mkdir()
    link = tmp_path / "out" / "a.jpg"
    link.symlink_to(tmp_path / "elsewhere.jpg")
    write_whole(link, b"new")
    assert not (tmp_path / "elsewhere.jpg").exists()
    assert not link.is_symlink()
    assert link.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_replaced_file_keeps_its_owner(tmp_path, mode):
    target = tmp_path / "a.jpg"
    target.write_bytes(b"old")
    os.chown(target, 1234, 2345)
    target.chmod(mode)
    write_whole(target, b"new")
    status = target.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 2345, mode)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_nothing_is_written_in_the_place_of_a_pipe_or_a_device(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("pipe", "null"):
        with pytest.raises(ImageError, match="is not a regular file"):
            write_whole(tmp_path / name, b"new")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["null", "pipe"]
